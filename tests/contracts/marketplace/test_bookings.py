"""Bookings by the marketplace contract: make, list, read, change."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from moorage.kernel.ids import uuid7
from tests.builders import make_hours, make_practitioner, make_service, make_session
from tests.support.bookings import BOOKINGS, start_at


async def test_a_booking_is_held_in_the_documented_shape(practice):
    made = await practice.book(start_at(10), special_requests="Quiet, please.")
    assert made["status"] == "pending"
    assert (made["start_time"], made["end_time"]) == (start_at(10), start_at(11))
    assert made["booking_date"] == start_at(10)[:10]
    assert (made["total_amount"], made["amount_due_now"], made["commission_amount"]) == ("80.00", "80.00", "4.00")
    assert (made["credits_applied"], made["currency"], made["timezone"]) == ("0.00", "USD", "UTC")
    assert (made["parent_booking"], made["children"], made["room"], made["refund"]) == (None, [], None, None)
    assert made["participants"] == [
        {"name": "Ada Marsh", "email": practice.client.email, "option": None, "price": "0.00", "attended": None,
         "notes": ""},
    ]  # fmt: skip
    assert made["cancellation"]["free_until_hours"] == 24
    assert made["cancellation"]["late_fee_percent"] == 100
    held_for = datetime.fromisoformat(made["hold_expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < held_for <= timedelta(minutes=15)
    payment = made["payment"]
    assert (payment["provider"], payment["status"], payment["amount"]) == ("sandbox", "pending", "80.00")
    assert payment["checkout_url"].startswith(practice.town.base_url)
    assert payment["client_secret"]


async def test_what_was_answered_is_what_is_read(practice):
    made = await practice.book(start_at(10), special_requests="Quiet, please.", participants=[{"name": "Bo"}])
    assert await practice.read(made["id"]) == made


async def test_paying_confirms_it(practice):
    booked = await practice.booked(start_at(10))
    assert (booked["status"], booked["amount_due_now"], booked["amount_paid"]) == ("confirmed", "0.00", "80.00")
    assert (booked["hold_expires_at"], booked["payment"]["status"]) == (None, "succeeded")
    assert booked["payment"]["client_secret"] is None
    assert booked["payment"]["checkout_url"] is None


async def test_a_local_time_is_read_in_the_zone_named_or_the_practitioners(practice, owner):
    berlin = await make_practitioner(owner, zone="Europe/Berlin")
    await make_hours(owner, berlin)
    service = str(await make_service(owner, berlin, horizon_days=730))
    local = start_at(10)[:16]
    made = await practice.book(local, service_id=service)
    assert (made["start_time"][:16], made["timezone"]) == (local, "Europe/Berlin")
    assert made["start_time"][-6:] in {"+01:00", "+02:00"}
    eastern = await practice.book(start_at(6, days=5)[:16], service_id=service, timezone="America/New_York")
    assert eastern["timezone"] == "America/New_York"
    refused = await practice.book("2027-03-28T02:30", status=422, service_id=service)
    assert (refused["code"], refused["fields"][0]["pointer"]) == ("nonexistent_local_time", "/start_time")
    refused = await practice.book("2027-10-31T02:30:00", status=422, service_id=service)
    assert refused["code"] == "ambiguous_local_time"


async def test_a_taken_time_is_409_and_the_end_has_to_be_the_end(practice):
    await practice.book(start_at(10), end_time=start_at(11))
    other = await practice.sign_up()
    assert (await practice.book(start_at(10), by=other, status=409))["code"] == "slot_unavailable"
    assert (await practice.book(start_at(12), end_time=start_at(14), status=422))["code"] == "invalid_range"
    assert (await practice.book(start_at(12), end_time=start_at(11), status=422))["code"] == "invalid_range"


async def test_ten_parallel_requests_for_one_start_are_one_201_and_nine_409(practice):
    people = [await practice.sign_up() for _ in range(10)]
    body = {"service_id": str(practice.service), "start_time": start_at(10)}
    answers = await asyncio.gather(*(one.client.post(BOOKINGS, json=body) for one in people))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_every_listed_start_books_and_every_unlisted_one_is_refused(practice):
    service = str(
        await make_service(practice.owner, practice.practitioner, slot_interval_minutes=30, buffer_after_minutes=15)
    )
    day = start_at(0)[:10]
    path = f"/api/v1/practitioners/{practice.practitioner.id}/availability/"

    async def listed():
        answer = await practice.client.client.get(
            path, params={"service_id": service, "from": day, "to": day, "timezone": "UTC"}
        )
        assert answer.status_code == 200, answer.text
        return {datetime.fromisoformat(start) for start in answer.json()["data"]["days"][0]["starts"]}

    for minutes in range(8 * 60, 18 * 60, 15):
        start = datetime.fromisoformat(start_at(0)) + timedelta(minutes=minutes)
        status = 201 if start in await listed() else 409
        await practice.book(start.isoformat(), service_id=service, by=await practice.sign_up(), status=status)
    assert await listed() == set()


async def test_options_price_each_participant(practice):
    service = str(
        await make_service(
            practice.owner, practice.practitioner, options={"Adult": 5000, "Child": 2500}, max_participants=3
        )
    )
    people = [{"name": "Ada", "option": "Adult"}, {"name": "Cy", "email": "cy@example.com", "option": "Child"}]
    made = await practice.book(start_at(10), service_id=service, participants=people)
    assert made["total_amount"] == "75.00"
    assert [(p["name"], p["option"], p["price"]) for p in made["participants"]] == [
        ("Ada", "Adult", "50.00"), ("Cy", "Child", "25.00"),
    ]  # fmt: skip
    assert (await practice.book(start_at(12), service_id=service, status=422))["code"] == "option_required"
    four = [{"option": "Adult"}] * 4
    assert (await practice.book(start_at(12), service_id=service, participants=four, status=422))["code"] == (
        "too_many_participants"
    )


async def test_a_deposit_is_due_now(practice):
    service = str(await make_service(practice.owner, practice.practitioner, price_minor=20_000, deposit_bps=2500))
    made = await practice.book(start_at(10), service_id=service)
    assert (made["total_amount"], made["amount_due_now"], made["payment"]["amount"]) == ("200.00", "50.00", "50.00")


async def test_what_costs_nothing_is_confirmed_without_a_payment(practice):
    service = str(await make_service(practice.owner, practice.practitioner, price_minor=0))
    made = await practice.book(start_at(10), service_id=service)
    assert (made["status"], made["payment"], made["total_amount"]) == ("confirmed", None, "0.00")


async def test_a_workshop_by_session_and_a_course_as_a_whole(practice):
    workshop = await make_service(practice.owner, practice.practitioner, service_type="workshop", max_participants=8)
    session = await make_session(practice.owner, workshop, datetime.fromisoformat(start_at(10)))
    made = await practice.book(service_id=str(workshop), session_id=str(session), participants=[{}, {}])
    assert (made["session_id"], made["total_amount"], len(made["participants"])) == (str(session), "160.00", 2)
    course = await make_service(practice.owner, practice.practitioner, service_type="course", max_participants=8)
    for days in (4, 5):
        await make_session(practice.owner, course, datetime.fromisoformat(start_at(12, days=days)))
    made = await practice.book(service_id=str(course))
    assert [child["start_time"] for child in made["children"]] == [start_at(12, days=4), start_at(12, days=5)]
    child = await practice.read(made["children"][0]["id"])
    assert (child["parent_booking"], child["total_amount"]) == (made["id"], "0.00")
    assert (await practice.book(start_at(12, days=4), service_id=str(course), status=422))["code"] == "invalid_start"


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"price": "1.00"}, 422, "unknown_field", "/price"),
        ({"role": "admin"}, 422, "unknown_field", "/role"),
        ({"service_id": "x"}, 422, "invalid_id", "/service_id"),
        ({"service_id": 7}, 422, "invalid_type", "/service_id"),
        ({"start_time": "tomorrow"}, 422, "invalid_datetime", "/start_time"),
        ({"timezone": "Mars/Olympus"}, 422, "invalid_timezone", "/timezone"),
        ({"participants": [{"name": 3}]}, 422, "invalid_type", "/participants/0/name"),
        ({"participants": [{"age": 3}]}, 422, "unknown_field", "/participants/0/age"),
        ({"use_credits": True}, 422, "not_supported", "/use_credits"),
        ({"use_credits": "yes"}, 422, "invalid_type", "/use_credits"),
        ({"package_purchase_id": str(uuid7())}, 422, "not_supported", "/package_purchase_id"),
        ({"payment_provider": "abacus"}, 422, "unknown_provider", "/payment_provider"),
        ({"service_id": str(uuid7())}, 404, "not_found", None),
        ({"special_requests": "4242 4242 4242 4242"}, 422, "card_data_not_allowed", "/special_requests"),
    ],
)
async def test_what_is_not_documented_is_refused_by_name(practice, change, status, code, pointer):
    refused = await practice.book(start_at(10), status=status, **change)
    assert refused["code"] == code
    if pointer:
        assert refused["fields"][0]["pointer"] == pointer


async def test_one_needs_an_account_that_is_signed_in_and_not_ones_own_service(practice):
    body = {"service_id": str(practice.service), "start_time": start_at(10)}
    assert (await practice.anybody.post(BOOKINGS, json=body)).status_code == 401
    assert (await practice.book(start_at(10), by=practice.host, status=422))["code"] == "own_service"
    await practice.superuser.execute(
        "UPDATE refresh_families SET revoked_at = now() WHERE id = $1", practice.client.family_id
    )
    assert (await practice.book(start_at(10), status=401))["code"] == "invalid_token"


async def test_the_same_key_is_the_same_booking(practice):
    body = {"service_id": str(practice.service), "start_time": start_at(10)}
    headers = {"Idempotency-Key": "once"}
    answers = [await practice.client.client.post(BOOKINGS, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert await practice.superuser.fetchval("SELECT count(*) FROM bookings") == 1


async def test_another_persons_booking_does_not_exist(practice):
    made = await practice.book(start_at(10))
    stranger = await practice.sign_up()
    other_host = await practice.sign_up()
    await make_practitioner(practice.owner, user_id=other_host.user_id)
    for one in (stranger, other_host):
        for method, path in (
            ("GET", ""), ("PUT", ""), ("GET", "cancel/"), ("POST", "cancel/"), ("POST", "confirm/"),
            ("POST", "complete/"), ("POST", "no-show/"), ("POST", "extend-hold/"),
            ("GET", "calendar.ics"), ("POST", "reschedule/"),
        ):  # fmt: skip
            body = {"start_time": start_at(12)} if path == "reschedule/" else {}
            arguments = {"json": body} if method != "GET" else {}
            answer = await one.client.request(method, f"{BOOKINGS}{made['id']}/{path}", **arguments)
            assert answer.status_code == 404, (method, path, answer.text)
    answer = await stranger.client.get(BOOKINGS)
    assert answer.json()["data"]["count"] == 0


async def test_practitioner_and_admin_see_it_without_the_payers_secrets(practice):
    made = await practice.book(start_at(10))
    admin = await practice.sign_up(role="admin")
    sold, overseen = [await practice.read(made["id"], by=one) for one in (practice.host, admin)]
    for seen in (sold, overseen):
        assert (seen["id"], seen["payment"]["id"]) == (made["id"], made["payment"]["id"])
        assert (seen["payment"]["client_secret"], seen["payment"]["checkout_url"]) == (None, None)


async def test_lists_filter_order_and_page(practice):
    service = str(await make_service(practice.owner, practice.practitioner, title="Long walk", price_minor=100))
    first, second = await practice.book(start_at(10)), await practice.booked(start_at(12), service_id=service)
    third = await practice.book(start_at(9, days=5), by=await practice.sign_up())

    async def ids(query="", by=None, path=""):
        answer = await (by or practice.client).client.get(f"{BOOKINGS}{path}{query}")
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["data"]["results"]]

    assert await ids() == [second["id"], first["id"]]
    assert await ids("?ordering=start_time") == [first["id"], second["id"]]
    assert await ids("?ordering=-total_amount,start_time") == [first["id"], second["id"]]
    assert await ids("?status=confirmed") == [second["id"]]
    assert await ids("?status=confirmed,pending&page_size=1&page=2") == [first["id"]]
    assert await ids(f"?service={service}") == [second["id"]]
    assert await ids(f"?practitioner={practice.practitioner.id}") == [second["id"], first["id"]]
    assert await ids("?search=long%20w") == [second["id"]]
    assert await ids("?search=100%25") == []
    bounds = {"from": start_at(11), "to": start_at(13)}
    answer = await practice.client.client.get(BOOKINGS, params=bounds)
    assert [one["id"] for one in answer.json()["data"]["results"]] == [second["id"]]
    assert set(await ids(by=practice.host)) == {first["id"], second["id"], third["id"]}
    assert await ids("?role=client", by=practice.host) == []
    assert len(await ids("?role=practitioner", by=practice.host)) == 3
    for query, code in (("?status=lost", "unknown_status"), ("?ordering=price", "invalid_ordering"),
                        ("?page_size=0", "invalid_limit"), ("?page_size=101", "invalid_limit")):  # fmt: skip
        answer = await practice.client.client.get(BOOKINGS + query)
        assert (answer.status_code, answer.json()["errors"]["code"]) == (422, code)


async def test_upcoming_and_history(practice):
    later, sooner = await practice.book(start_at(10, days=4)), await practice.booked(start_at(12))
    over = await practice.booked(start_at(14))
    await practice.shift(over, timedelta(days=10))
    gone = await practice.book(start_at(15))
    await practice.act(gone, "cancel")

    async def ids(path):
        answer = await practice.client.client.get(BOOKINGS + path)
        return [one["id"] for one in answer.json()["data"]["results"]]

    assert await ids("upcoming/") == [sooner["id"], later["id"]]
    assert await ids("history/") == [gone["id"], over["id"]]


async def test_each_side_changes_what_is_theirs(practice):
    made = await practice.book(start_at(10), participants=[{"name": "Bo"}])
    url = f"{BOOKINGS}{made['id']}/"

    async def put(body, by=None, status=200):
        answer = await (by or practice.client).client.put(url, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()["data"] if status == 200 else answer.json()["errors"]["code"]

    changed = await put({"special_requests": "Tea.", "participants": [{"name": "Bob", "email": "bob@example.com"}]})
    assert changed["special_requests"] == "Tea."
    assert changed["participants"][0]["name"] == "Bob"
    changed = await put({"participants": [{"attended": True, "notes": "On time."}]}, by=practice.host)
    assert (changed["participants"][0]["attended"], changed["participants"][0]["name"]) == (True, "Bob")
    assert await put({"participants": [{"attended": True}]}, status=403) == "forbidden"
    assert await put({"participants": [{}, {}]}, status=422) == "participants_fixed"
    assert await put({"start_time": start_at(12)}, status=422) == "unknown_field"
    assert await put({"status": "confirmed"}, status=422) == "unknown_field"
    assert await put({"participants": [{"attended": "yes"}]}, by=practice.host, status=422) == "invalid_type"
    await practice.act(made, "cancel")
    assert await put({"special_requests": "Late."}, status=409) == "invalid_state"


async def test_the_rows_themselves_are_hidden_from_others(practice):
    made = await practice.book(start_at(10))
    stranger = await practice.sign_up()
    from moorage.kernel.db import ANONYMOUS, Actor  # noqa: PLC0415

    for actor, seen in ((Actor(practice.client.user_id), 1), (Actor(practice.host.user_id), 1),
                        (Actor(stranger.user_id), 0), (ANONYMOUS, 0)):  # fmt: skip
        async with practice.house.database.reading(actor) as db:
            assert await db.fetchval("SELECT count(*) FROM bookings WHERE id = $1", UUID(made["id"])) == seen
            assert await db.fetchval("SELECT count(*) FROM booking_participants") == seen
