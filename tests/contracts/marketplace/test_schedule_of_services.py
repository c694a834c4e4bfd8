"""Dates of workshops and courses by the marketplace contract, over HTTP."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.builders import make_practitioner, make_service, make_session

LONDON = ZoneInfo("Europe/London")
NEXT_YEAR = datetime.now(UTC).year + 1


@pytest.fixture
async def workshop(seller, owner):
    _, practitioner = seller
    return await make_service(
        owner,
        practitioner,
        service_type="workshop",
        duration_minutes=90,
        max_participants=8,
        buffer_after_minutes=15,
        horizon_days=730,
    )


def url(service_id):
    return f"/api/v1/services/{service_id}/schedule/"


async def test_a_single_date_is_added_and_listed(api, seller, workshop):
    person, _ = seller
    body = {"start_time": f"{NEXT_YEAR}-01-12T18:30:00+00:00", "capacity": 12}
    answer = await person.client.post(url(workshop), json=body)
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()["data"]
    assert datetime.fromisoformat(made["start_time"]) == datetime(NEXT_YEAR, 1, 12, 18, 30, tzinfo=UTC)
    assert datetime.fromisoformat(made["end_time"]) == datetime(NEXT_YEAR, 1, 12, 20, tzinfo=UTC)
    assert (made["capacity"], made["available_spots"]) == (12, 12)
    listed = (await api.get(url(workshop))).json()["data"]
    assert (listed["count"], listed["results"]) == (1, [made])


async def test_a_recurrence_keeps_its_wall_time_over_a_clock_change(seller, workshop):
    person, _ = seller
    body = {"start_time": f"{NEXT_YEAR}-03-01T18:30:00", "rrule": "FREQ=WEEKLY;COUNT=8"}
    made = (await person.client.post(url(workshop), json=body)).json()["data"]
    starts = [datetime.fromisoformat(one["start_time"]) for one in made]
    assert len(starts) == 8
    assert {start.astimezone(LONDON).strftime("%H:%M") for start in starts} == {"18:30"}
    assert {start.utcoffset() for start in starts} == {timedelta(0), timedelta(hours=1)}
    assert made[0]["available_spots"] == 8


@pytest.mark.parametrize(
    ("until", "count"),
    [("01-26", 3), ("01-26T18:30:00", 3), ("01-26T18:29:00", 2), ("01-26T18:30:00Z", 3), ("01-25", 2)],
)
async def test_a_recurrence_ends_with_its_until(seller, workshop, until, count):
    person, _ = seller
    body = {
        "start_time": f"{NEXT_YEAR}-01-12T18:30:00",
        "rrule": "RRULE:FREQ=WEEKLY",
        "until": f"{NEXT_YEAR}-{until}",
    }
    assert len((await person.client.post(url(workshop), json=body)).json()["data"]) == count


async def test_a_course_is_given_as_its_list(seller, owner):
    person, practitioner = seller
    course = await make_service(owner, practitioner, service_type="course", max_participants=6)
    starts = [f"{NEXT_YEAR}-02-0{day}T10:00:00" for day in (1, 3, 5)]
    answer = await person.client.post(url(course), json={"sessions": starts})
    assert answer.status_code == 201, answer.text
    assert [one["start_time"][:19] for one in answer.json()["data"]] == starts


async def test_conflicts_are_all_reported_and_nothing_is_written(api, seller, workshop, owner):
    person, practitioner = seller
    other = await make_service(owner, practitioner, service_type="workshop")
    for day in (12, 26):
        await make_session(owner, other, datetime(NEXT_YEAR, 1, day, 19, tzinfo=UTC))
    body = {"start_time": f"{NEXT_YEAR}-01-12T18:30:00", "rrule": "FREQ=WEEKLY;COUNT=4"}
    answer = await person.client.post(url(workshop), json=body)
    assert (answer.status_code, answer.json()["errors"]["code"]) == (409, "session_conflict")
    taken = [datetime.fromisoformat(start) for start in answer.json()["errors"]["conflicts"]]
    assert taken == [datetime(NEXT_YEAR, 1, day, 18, 30, tzinfo=UTC) for day in (12, 26)]
    assert (await api.get(url(workshop))).json()["data"]["count"] == 0
    answer = await person.client.post(url(workshop), json=body | {"skip_conflicts": True})
    assert answer.status_code == 201
    assert [one["start_time"][8:10] for one in answer.json()["data"]] == ["19", "02"]
    assert [start[8:10] for start in answer.json()["errors"]["conflicts"]] == ["12", "26"]
    again = await person.client.post(url(workshop), json=body)
    assert len(again.json()["errors"]["conflicts"]) == 4


async def test_buffers_keep_dates_apart(seller, workshop):
    person, _ = seller
    day = f"{NEXT_YEAR}-01-12T"
    # 90 minutes and 15 after: the next may begin at 11:45.
    refused = await person.client.post(url(workshop), json={"sessions": [f"{day}10:00:00Z", f"{day}11:44:00Z"]})
    assert refused.status_code == 409
    taken = await person.client.post(url(workshop), json={"sessions": [f"{day}10:00:00Z", f"{day}11:45:00Z"]})
    assert taken.status_code == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"start_time": "{year}-01-12T10:00:00Z", "sessions": ["{year}-01-12T10:00:00Z"]}, "invalid"),
        ({"sessions": []}, "too_short"),
        ({"sessions": ["{year}-01-12T10:00:00Z"], "rrule": "FREQ=DAILY;COUNT=2"}, "invalid"),
        ({"start_time": "{year}-01-12T10:00:00Z", "until": "{year}-02-01"}, "invalid"),
        ({"start_time": "{year}-01-12T10:00:00Z", "rrule": "FREQ=DAILY"}, "unbounded_recurrence"),
        ({"start_time": "{year}-01-12T10:00:00Z", "rrule": "FREQ=SECONDLY;COUNT=3"}, "invalid_recurrence"),
        ({"start_time": "{year}-01-12T10:00:00Z", "rrule": "every tuesday"}, "invalid_recurrence"),
        ({"start_time": "{year}-01-12T10:00:00Z", "rrule": "FREQ=DAILY;COUNT=1000"}, "too_many_sessions"),
        ({"start_time": "2020-01-12T10:00:00Z"}, "start_in_past"),
        ({"start_time": "{gap}"}, "nonexistent_local_time"),
        ({"start_time": "{fold}"}, "ambiguous_local_time"),
        ({"start_time": "tomorrow"}, "invalid_datetime"),
        ({"start_time": "{year}-01-12T10:00:00Z", "capacity": 0}, "out_of_range"),
        ({"start_time": "{year}-01-12T10:00:00Z", "price": "1.00"}, "unknown_field"),
    ],
)
async def test_dates_that_make_no_sense_are_refused(api, seller, workshop, body, code):
    person, _ = seller
    said = {"year": NEXT_YEAR, "gap": f"{_last_sunday(3)}T01:30:00", "fold": f"{_last_sunday(10)}T01:30:00"}
    filled = {name: _filled(value, said) for name, value in body.items()}
    answer = await person.client.post(url(workshop), json=filled)
    assert (answer.status_code, answer.json()["errors"]["code"]) == (422, code), answer.text
    assert (await api.get(url(workshop))).json()["data"]["count"] == 0


async def test_dates_are_added_by_the_services_own_practitioner(api, seller, workshop, sign_up, owner):
    body = {"start_time": f"{NEXT_YEAR}-01-12T18:30:00Z"}
    other = await sign_up()
    await make_practitioner(owner, user_id=other.user_id)
    assert (await api.post(url(workshop), json=body)).status_code == 401
    assert (await (await sign_up()).client.post(url(workshop), json=body)).status_code == 403
    assert (await other.client.post(url(workshop), json=body)).status_code == 404
    assert (await (await sign_up(admin=True)).client.post(url(workshop), json=body)).status_code == 201


async def test_a_service_of_type_session_has_no_dates(seller, owner):
    person, practitioner = seller
    service_id = await make_service(owner, practitioner)
    answer = await person.client.post(url(service_id), json={"start_time": f"{NEXT_YEAR}-01-12T18:30:00Z"})
    assert answer.status_code == 422
    assert (await person.client.get(url(service_id))).json()["data"]["count"] == 0


async def test_withdrawing_a_workshop_gives_its_empty_dates_back(api, seller, workshop, superuser):
    person, practitioner = seller
    body = {"start_time": f"{NEXT_YEAR}-01-12T18:30:00Z", "rrule": "FREQ=DAILY;COUNT=3"}
    await person.client.post(url(workshop), json=body)
    answer = await person.client.delete(f"/api/v1/services/{workshop}/")
    assert (answer.status_code, answer.json()["data"]) == (200, None)
    claims = "SELECT count(*) FROM claims WHERE resource_no = $1 AND active"
    assert await superuser.fetchval(claims, practitioner.resource_no) == 0
    assert (await api.get(url(workshop))).status_code == 404


def _last_sunday(month):
    last = datetime(NEXT_YEAR, month, 31, tzinfo=UTC)
    return (last - timedelta(days=(last.weekday() + 1) % 7)).date()


def _filled(value, said):
    if isinstance(value, list):
        return [_filled(one, said) for one in value]
    return value.format(**said) if isinstance(value, str) else value
