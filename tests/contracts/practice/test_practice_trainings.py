"""The practice contract: trainings and who takes part."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import make_service, make_session


@pytest.fixture
def practice(desk):
    """One practice among those of other tests."""
    return desk


async def trained(practice, *, kind="workshop", dates=1, capacity=1, hour=9):
    """A training with its dates, some days ahead, in the practice's hours."""
    service = await make_service(practice.owner, practice.practitioner, service_type=kind, max_participants=capacity)
    first = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=3)
    sessions = [await make_session(practice.owner, service, first + timedelta(days=day)) for day in range(dates)]
    return str(service), [str(session) for session in sessions]


async def enrolled(who, training, status=201, **body):
    answer = await who.client.post("/training_enrollments/", json={"training_id": training, **body})
    assert answer.status_code == status, answer.text
    return answer.json()


async def places(practice):
    return {one["id"]: one["places_left"] for one in (await practice.anybody.get("/trainings/")).json()}


async def test_trainings_are_shown_with_dates_and_places_left(practice):
    workshop, dates = await trained(practice, dates=2, capacity=5)
    course, _ = await trained(practice, kind="course", dates=3, capacity=4, hour=12)
    await enrolled(practice.client, workshop)
    shown = {one["id"]: one for one in (await practice.anybody.get("/trainings")).json()}
    assert [date["id"] for date in shown[workshop]["dates"]] == dates
    assert [date["places_left"] for date in shown[workshop]["dates"]] == [4, 5]
    assert (shown[workshop]["places_left"], shown[workshop]["takes_all_dates"]) == (9, False)
    assert (shown[course]["places_left"], shown[course]["takes_all_dates"]) == (4, True)
    assert str(practice.service) not in shown, "consulting is no training"


async def test_a_course_is_taken_whole_until_it_is_full_and_once_by_each(practice):
    course, _ = await trained(practice, kind="course", dates=2, capacity=1)
    made = await enrolled(practice.client, course, notes="Keen")
    assert (made["training_id"], made["date_id"], made["notes"], made["status"]) == (course, None, "Keen", "scheduled")
    assert (await enrolled(practice.client, course, 409))["code"] == "already_enrolled"
    other = await practice.sign_up()
    assert (await enrolled(other, course, 409))["code"] == "no_places_left"
    assert (await places(practice))[course] == 0
    assert [one["id"] for one in (await practice.client.client.get("/training_enrollments/")).json()] == [made["id"]]
    assert (await other.client.get("/training_enrollments/")).json() == []


async def test_a_workshop_gives_its_next_date_with_a_place_or_the_one_that_is_named(practice):
    workshop, dates = await trained(practice, dates=3)
    people = [await practice.sign_up() for _ in range(4)]
    assert (await enrolled(people[0], dates[1]))["date_id"] == dates[1]
    assert (await enrolled(people[1], workshop))["date_id"] == dates[0]
    assert (await enrolled(people[2], workshop))["date_id"] == dates[2]
    assert (await enrolled(people[3], workshop, 409))["code"] == "no_places_left"
    assert (await enrolled(people[1], workshop, 409))["code"] == "already_enrolled"
    nothing = "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70"
    for unknown in (nothing, str(practice.service)):
        assert (await enrolled(people[3], unknown, 404))["code"] == "not_found"


async def test_two_at_once_leave_one_enrolment_of_a_person(practice):
    workshop, _ = await trained(practice, dates=3, capacity=5)
    answers = await asyncio.gather(
        *(practice.client.client.post("/training_enrollments/", json={"training_id": workshop}) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert (await places(practice))[workshop] == 14


async def test_an_owner_enrols_anyone_and_sees_all(practice):
    workshop, _ = await trained(practice, capacity=5)
    owner = await practice.sign_up(role="owner")
    made = await enrolled(owner, workshop, user_id=str(practice.client.user_id))
    assert made["user_id"] == str(practice.client.user_id)
    assert (await enrolled(practice.client, workshop, 403, user_id=str(owner.user_id)))["code"] == "forbidden"
    assert made["id"] in [one["id"] for one in (await owner.client.get("/training_enrollments/")).json()]
    assert made["id"] not in [one["id"] for one in (await owner.client.get("/appointments/")).json()]
