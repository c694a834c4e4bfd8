"""Bookings of the catering contract: an event on the business's clock, priced per guest, with a deposit."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.builders import make_service
from tests.support.bookings import Practice

DAY = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()
WANTED = {"date": DAY, "time": "08:00", "guests": 10, "menu": "adult", "location": "4 Quay Street, Bristol"}


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"business_timezone": "America/New_York"})


@pytest.fixture
async def kitchen(practice: Practice) -> Practice:
    await practice.price_per_guest(max_participants=50)
    return practice


async def book(kitchen: Practice, status: int = 201, **body):
    answer = await kitchen.client.client.post("/api/bookings", json={**WANTED, **body})
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_an_event_is_booked_on_the_clock_of_the_business(kitchen: Practice):
    booking = await book(kitchen, notes="The dog is friendly.")
    assert booking["status"] == "pending"
    assert (booking["total"], booking["deposit_due"], booking["balance_due"]) == (20_000, 5_000, 15_000)
    assert (booking["date"], booking["time"], booking["guests"]) == (DAY, "08:00", 10)
    assert (booking["menu"], booking["location"]) == ("adult", WANTED["location"])
    at = await kitchen.superuser.fetchval("SELECT starts_at FROM bookings WHERE id = $1", booking["id"])
    assert at.astimezone(ZoneInfo("America/New_York")).isoformat()[:16] == f"{DAY}T08:00"
    read = await kitchen.client.client.get(f"/api/bookings/{booking['id']}")
    assert read.json() == booking


async def test_a_booking_is_its_owners_and_the_administrators(kitchen: Practice):
    booking = await book(kitchen)
    stranger, admin = await kitchen.sign_up(), await kitchen.sign_up(role="admin")
    url = f"/api/bookings/{booking['id']}"
    assert (await stranger.client.get(url)).status_code == 404
    assert (await stranger.client.put(url, json={"guests": 2})).status_code == 404
    assert (await stranger.client.get("/api/bookings")).json() == {"items": [], "total": 0, "limit": 20, "offset": 0}
    assert (await admin.client.get("/api/bookings?limit=1")).json() == {
        "items": [booking],
        "total": 1,
        "limit": 1,
        "offset": 0,
    }
    assert (await kitchen.anybody.get(url)).status_code == 401


async def test_a_change_of_guests_changes_what_is_owed_and_a_new_time_moves_it(kitchen: Practice):
    booking = await book(kitchen)
    url = f"/api/bookings/{booking['id']}"
    body = {"guests": 9, "menu": "child", "time": "09:00", "location": "12 Mill Lane"}
    answer = await kitchen.client.client.put(url, json=body)
    changed = answer.json()
    assert answer.status_code == 200, answer.text
    assert (changed["total"], changed["deposit_due"], changed["owed"]) == (9_000, 2_250, 9_000)
    assert (changed["date"], changed["time"], changed["location"]) == (DAY, "09:00", "12 Mill Lane")
    assert changed["total"] == changed["paid"] - changed["refunded"] + changed["owed"]
    refused = await kitchen.client.client.put(url, json={"guests": 12, "time": "03:00"})
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_unavailable")
    assert (await kitchen.client.client.get(url)).json() == changed


async def test_what_cannot_be_booked_is_refused_by_name(kitchen: Practice):
    assert (await book(kitchen, 422, menu="crowd"))["code"] == "unknown_option"
    assert (await book(kitchen, 422, guests=51))["code"] == "too_many_participants"
    assert (await book(kitchen, 422, guests="10"))["code"] == "invalid_type"
    assert (await book(kitchen, 422, date="2030-02-30"))["code"] == "invalid_date"
    assert (await book(kitchen, 422, total=1))["code"] == "unknown_field"
    assert (await book(kitchen, 409, time="02:30"))["code"] == "slot_unavailable"
    refused = await kitchen.client.client.get("/api/bookings?limit=101")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_limit")
    assert refused.headers["content-type"] == "application/problem+json"


async def test_where_several_services_are_priced_by_option_one_has_to_be_named(kitchen: Practice):
    other = await make_service(kitchen.owner, kitchen.practitioner, options={"adult": 3_000}, max_participants=5)
    assert (await book(kitchen, 422))["code"] == "service_required"
    assert (await book(kitchen, service_id=str(other), guests=2))["total"] == 6_000
