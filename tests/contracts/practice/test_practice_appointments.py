"""The practice contract: services and appointments."""

from datetime import datetime

import pytest

from tests.builders import make_service
from tests.support.bookings import start_at
from tests.support.practice import appointed


@pytest.fixture
def practice(desk):
    """One practice among those of other tests."""
    return desk


async def test_a_client_books_a_time_and_state_and_notes_come_back(practice):
    made = await appointed(practice, duration_minutes=60, state_id=36, notes="First baby")
    assert set(made) == {
        "id",
        "user_id",
        "service_id",
        "appointment_time",
        "duration_minutes",
        "state_id",
        "notes",
        "status",
        "created_at",
        "updated_at",
    }
    assert (made["state_id"], made["notes"], made["status"]) == (36, "First baby", "scheduled")
    assert datetime.fromisoformat(made["appointment_time"]) == datetime.fromisoformat(start_at(10))
    assert (await practice.client.client.get("/appointments/")).json() == [made]
    assert await practice.read(made["id"]), "it is a booking of the core"


async def test_a_time_that_is_taken_is_refused_and_so_is_another_length(practice):
    await appointed(practice)
    other = await practice.sign_up()
    assert (await appointed(practice, other, 409))["code"] == "slot_unavailable"
    refused = await appointed(practice, other, 422, appointment_time=start_at(12), duration_minutes=90)
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("invalid_range", "/duration_minutes")
    assert (await appointed(practice, other, 422, appointment_time="2026-12-15T10:30:00"))["code"] == "offset_required"
    course = await make_service(practice.owner, practice.practitioner, service_type="course")
    assert (await appointed(practice, other, 404, service_id=str(course)))["code"] == "not_found"


async def test_an_administrator_books_for_anyone_and_a_client_only_for_oneself(practice):
    admin, other = await practice.sign_up(role="owner"), await practice.sign_up()
    made = await appointed(practice, admin, user_id=str(other.user_id), state_id=1)
    assert made["user_id"] == str(other.user_id)
    assert [one["id"] for one in (await other.client.get("/appointments/")).json()] == [made["id"]]
    assert (await appointed(practice, status=403, user_id=str(other.user_id)))["code"] == "forbidden"
    nobody = "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70"
    assert (await appointed(practice, admin, 404, user_id=nobody))["code"] == "not_found"
    own = await appointed(practice, appointment_time=start_at(12), user_id=str(practice.client.user_id))
    assert own["user_id"] == str(practice.client.user_id)


async def test_the_same_key_books_once(practice):
    body = {"service_id": str(practice.service), "appointment_time": start_at(11), "state_id": 3}
    headers = {"Idempotency-Key": "one"}
    answers = [await practice.client.client.post("/appointments/", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotent-replayed"] == "true"


async def test_where_prices_differ_by_option_one_person_is_booked_at_the_first(practice):
    service = await make_service(
        practice.owner, practice.practitioner, options={"adult": 5_000, "child": 2_500}, minimum_minor=6_000
    )
    shown = {one["id"]: one["price"] for one in (await practice.anybody.get("/services/")).json()}
    assert shown[str(service)] == "60.00"
    made = await appointed(practice, service_id=str(service))
    booking = await practice.read(made["id"])
    assert (booking["total_amount"], booking["participants"][0]["option"]) == ("60.00", "adult")
    assert booking["participants"][0]["name"]
