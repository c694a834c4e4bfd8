"""Availability and schedules by the marketplace contract, over HTTP."""

from datetime import UTC, date, datetime, timedelta

import pytest

from moorage.kernel.ids import uuid7
from tests.builders import make_hours, make_practitioner, make_service, make_session

SCHEDULE = {
    "timezone": "Europe/Berlin",
    "weekly": [
        {"weekday": 0, "start": "09:00", "minutes": 480},
        {"weekday": 4, "start": "22:00", "minutes": 240},
    ],
    "overrides": [
        {"date": "2030-12-24", "windows": []},
        {"date": "2030-12-31", "windows": [{"start": "10:00", "minutes": 120}]},
    ],
}


@pytest.fixture
async def seller(sign_up, owner):
    """A verified practitioner who is signed in."""
    person = await sign_up()
    return person, await make_practitioner(owner, user_id=person.user_id, zone="America/New_York")


def schedule_of(practitioner) -> str:
    return f"/api/v1/practitioners/{practitioner.id}/schedule/"


def starts_of(practitioner) -> str:
    return f"/api/v1/practitioners/{practitioner.id}/availability/"


async def test_a_schedule_is_replaced_and_read_by_anybody(api, seller):
    person, practitioner = seller
    answer = await person.client.post(schedule_of(practitioner), json=SCHEDULE)
    assert answer.status_code == 200, answer.text
    given = [{**row, "valid_from": None, "valid_to": None} for row in SCHEDULE["weekly"]]
    assert answer.json()["data"] == {**SCHEDULE, "weekly": given}
    read = await api.get(schedule_of(practitioner))
    assert read.json()["data"] == answer.json()["data"]
    profile = await api.get(f"/api/v1/practitioners/{practitioner.id}/")
    assert profile.json()["data"]["timezone"] == "Europe/Berlin"
    await person.client.post(schedule_of(practitioner), json={"timezone": "UTC"})
    assert (await api.get(schedule_of(practitioner))).json()["data"] == {
        "timezone": "UTC",
        "weekly": [],
        "overrides": [],
    }


async def test_who_may_replace_a_schedule(api, seller, sign_up, owner):
    _, practitioner = seller
    stranger, admin, other = await sign_up(), await sign_up(admin=True), await sign_up()
    await make_practitioner(owner, user_id=other.user_id)
    path = schedule_of(practitioner)
    assert (await api.post(path, json=SCHEDULE)).status_code == 401
    assert (await stranger.client.post(path, json=SCHEDULE)).status_code == 403
    assert (await other.client.post(path, json=SCHEDULE)).status_code == 404
    assert (await admin.client.post(path, json=SCHEDULE)).status_code == 200
    nobody = f"/api/v1/practitioners/{uuid7()}/schedule/"
    assert (await admin.client.post(nobody, json=SCHEDULE)).status_code == 404
    assert (await api.get(nobody)).status_code == 404


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"timezone": "Mars/Olympus"}, "invalid_timezone", "/timezone"),
        ({"weekly": [{"weekday": 7, "start": "09:00", "minutes": 60}]}, None, "/weekly/0/weekday"),
        ({"weekly": [{"weekday": 1, "start": "24:00", "minutes": 60}]}, "invalid_time", "/weekly/0/start"),
        ({"weekly": [{"weekday": 1, "start": "09:00", "minutes": 1441}]}, None, "/weekly/0/minutes"),
        ({"weekly": [{"weekday": 1, "start": "09:00", "minutes": 0}]}, None, "/weekly/0/minutes"),
        ({"weekly": [{"weekday": "1", "start": "09:00", "minutes": 60}]}, None, "/weekly/0/weekday"),
        ({"overrides": [{"date": "2030-02-30", "windows": []}]}, "invalid_date", "/overrides/0/date"),
        ({"overrides": [{"date": "2030-02-01"}, {"date": "2030-02-01"}]}, "invalid_schedule", "/overrides/1/date"),
        ({"colour": "red"}, None, "/colour"),
    ],
)
async def test_an_absurd_schedule_is_refused_and_changes_nothing(api, seller, change, code, pointer):
    person, practitioner = seller
    await person.client.post(schedule_of(practitioner), json=SCHEDULE)
    before = (await api.get(schedule_of(practitioner))).json()["data"]
    answer = await person.client.post(schedule_of(practitioner), json=SCHEDULE | change)
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    fields = errors["fields"]
    assert fields[0]["pointer"] == pointer
    assert code in {None, errors["code"], fields[0]["code"]}
    assert (await api.get(schedule_of(practitioner))).json()["data"] == before


async def test_free_starts_come_by_local_day_in_the_zone_that_is_asked_for(api, owner):
    practitioner = await make_practitioner(owner, zone="UTC")
    await make_hours(owner, practitioner, start="22:00", minutes=120)
    service = await make_service(owner, practitioner)
    first = datetime.now(UTC).date() + timedelta(days=3)
    query = {"service_id": str(service), "from": str(first), "to": str(first + timedelta(days=1))}
    answer = await api.get(starts_of(practitioner), params=query | {"timezone": "Asia/Tokyo"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == {
        "timezone": "Asia/Tokyo",
        "days": [
            {"date": str(day), "starts": [f"{day}T07:00:00+09:00", f"{day}T08:00:00+09:00"]}
            for day in (first, first + timedelta(days=1))
        ],
    }
    own = (await api.get(starts_of(practitioner), params=query)).json()["data"]
    assert own["timezone"] == "UTC"
    assert own["days"][0]["starts"] == [f"{first}T22:00:00Z", f"{first}T23:00:00Z"]


async def test_days_without_starts_are_listed_empty(api, owner):
    practitioner = await make_practitioner(owner)
    service = await make_service(owner, practitioner)
    query = {"service_id": str(service), "from": "2030-01-01", "to": "2030-01-31"}
    days = (await api.get(starts_of(practitioner), params=query)).json()["data"]["days"]
    assert [each["starts"] for each in days] == [[]] * 31
    assert [date.fromisoformat(each["date"]).day for each in days] == list(range(1, 32))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": "2030-02-01"}, "invalid_range"),
        ({"to": "2029-12-31"}, "invalid_range"),
        ({"timezone": "Nowhere/Here"}, "invalid_timezone"),
        ({"from": "2030-13-01"}, "invalid_date"),
        ({"from": None}, None),
        ({"service_id": None}, None),
        ({"service_id": "7"}, "invalid_id"),
        ({"from": "1970-01-01", "to": "1970-01-31"}, "fine"),
        ({"from": "2199-12-01", "to": "2199-12-31"}, "fine"),
    ],
)
async def test_what_cannot_be_asked_is_refused(api, owner, change, code):
    practitioner = await make_practitioner(owner)
    service = await make_service(owner, practitioner)
    query = {"service_id": str(service), "from": "2030-01-01", "to": "2030-01-31"} | change
    answer = await api.get(
        starts_of(practitioner), params={name: value for name, value in query.items() if value is not None}
    )
    if code == "fine":
        assert answer.status_code == 200, answer.text
        return
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert code in {None, errors["code"], errors["fields"][0]["code"]}


async def test_another_s_service_and_what_is_not_there_are_not_found(api, owner):
    practitioner, other = await make_practitioner(owner), await make_practitioner(owner)
    hidden = await make_practitioner(owner, verification_status="pending", verified_at=None)
    theirs, withdrawn = await make_service(owner, other), await make_service(owner, practitioner, is_active=False)
    query = {"from": "2030-01-01", "to": "2030-01-02"}
    for whose, service in (
        (practitioner, theirs), (practitioner, withdrawn), (practitioner, uuid7()),
        (hidden, await make_service(owner, hidden)),
    ):  # fmt: skip
        answer = await api.get(starts_of(whose), params=query | {"service_id": str(service)})
        assert answer.status_code == 404, answer.text
    assert (await api.get(schedule_of(hidden))).status_code == 404


async def test_the_dates_of_a_workshop_with_places_left_are_its_starts(api, owner):
    practitioner = await make_practitioner(owner)
    workshop = await make_service(owner, practitioner, service_type="workshop", max_participants=2)
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=3)
    await make_session(owner, workshop, noon)
    await make_session(owner, workshop, noon + timedelta(hours=3), places_taken=2)
    query = {"service_id": str(workshop), "from": str(noon.date()), "to": str(noon.date())}
    (day,) = (await api.get(starts_of(practitioner), params=query)).json()["data"]["days"]
    assert day["starts"] == [f"{noon:%Y-%m-%dT%H:%M:%S}Z"]


async def test_a_search_by_free_time_lists_who_has_it_with_the_other_filters(api, seller, owner):
    person, practitioner = seller
    await make_hours(owner, practitioner, start="09:00", minutes=120)  # of New York
    service = await make_service(owner, practitioner)
    idle = await make_practitioner(owner)
    day = datetime.now(UTC).date() + timedelta(days=5)
    query = {"service_id": str(service), "from": str(day), "to": str(day)}
    (listed,) = (await api.get(starts_of(practitioner), params=query)).json()["data"]["days"]
    first = datetime.fromisoformat(listed["starts"][0])

    async def found(begins: datetime, hours: float, minutes: int, **others: str) -> list[str]:
        window = {
            "available_from": begins.isoformat(),
            "available_to": (begins + timedelta(hours=hours)).isoformat(),
            "duration_minutes": str(minutes),
        }
        answer = await api.get("/api/v1/practitioners/", params=window | others)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["data"]["results"]]

    assert await found(first, 2, 120) == [str(practitioner.id)]
    assert await found(first, 2, 121) == []
    assert await found(first - timedelta(hours=1), 2, 60) == [str(practitioner.id)]
    assert await found(first - timedelta(hours=1), 2, 61) == []
    assert await found(first, 24 * 7, 90) == [str(practitioner.id)]
    assert await found(first, 2, 60, city="Atlantis") == []
    assert await found(first, 2, 60, is_virtual="false") == [str(practitioner.id)]
    override = {"timezone": "America/New_York", "weekly": [], "overrides": []}
    await person.client.post(schedule_of(practitioner), json=override)
    assert await found(first, 24, 30) == []
    assert str(idle.id) not in await found(first, 24, 30)
