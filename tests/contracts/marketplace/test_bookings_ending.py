"""Bookings by the marketplace contract: cancelled, moved, delivered, missed, and in a calendar."""

from datetime import datetime, timedelta

import pytest
from icalendar import Calendar

from tests.builders import make_location, make_service, make_session
from tests.support.bookings import BOOKINGS, start_at


async def preview(practice, booking, by=None):
    answer = await (by or practice.client).client.get(f"{BOOKINGS}{booking['id']}/cancel/")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["refund"]


async def test_cancelling_early_is_free_and_the_refund_is_shown(practice):
    booked = await practice.booked(start_at(10))
    assert await preview(practice, booked) == {"amount": "80.00", "status": "preview", "fee": "0.00"}
    cancelled = await practice.act(booked, "cancel", reason="Rain.")
    assert cancelled["status"] == "cancelled"
    assert cancelled["refund"] == {"amount": "80.00", "status": "succeeded", "fee": "0.00"}
    assert (cancelled["cancellation"]["cancelled_by"], cancelled["cancellation"]["reason"]) == ("client", "Rain.")
    assert cancelled["payment"]["status"] == "refunded"
    await practice.book(start_at(10))


async def test_cancelling_late_keeps_the_fee_unless_the_practitioner_does_it(practice):
    service = str(await make_service(practice.owner, practice.practitioner, late_fee_bps=2500, free_until_hours=200))
    late, hosts = [await practice.booked(start_at(hour), service_id=service) for hour in (10, 12)]
    assert await preview(practice, late) == {"amount": "60.00", "status": "preview", "fee": "20.00"}
    assert (await practice.act(late, "cancel"))["refund"] == {"amount": "60.00", "status": "succeeded", "fee": "20.00"}
    cancelled = await practice.act(hosts, "cancel", by=practice.host)
    assert cancelled["refund"]["amount"] == "80.00"
    assert cancelled["cancellation"]["cancelled_by"] == "practitioner"


async def test_an_unpaid_one_has_nothing_to_give_back_and_twice_is_refused(practice):
    held = await practice.book(start_at(10))
    assert (await practice.act(held, "cancel"))["refund"] == {"amount": "0.00", "status": "none", "fee": "0.00"}
    assert (await practice.act(held, "cancel", status=409))["code"] == "invalid_state"
    answer = await practice.client.client.get(f"{BOOKINGS}{held['id']}/cancel/")
    assert (answer.status_code, answer.json()["errors"]["code"]) == (409, "invalid_state")


async def test_cancelling_takes_no_body_or_a_reason_alone(practice):
    held = await practice.book(start_at(10))
    assert (await practice.act(held, "cancel", status=422, refund="all"))["code"] == "unknown_field"
    answer = await practice.client.client.post(f"{BOOKINGS}{held['id']}/cancel/")
    assert answer.status_code == 200


async def test_a_booking_moves_by_the_rules_of_booking(practice):
    booked = await practice.booked(start_at(10))
    other = await practice.book(start_at(12), by=await practice.sign_up())
    assert (await practice.act(booked, "reschedule", status=409, start_time=start_at(12)))["code"] == "slot_unavailable"
    moved = await practice.act(booked, "reschedule", start_time=start_at(14))
    assert (moved["start_time"], moved["status"], moved["total_amount"]) == (start_at(14), "confirmed", "80.00")
    local = await practice.act(booked, "reschedule", by=practice.host, start_time=start_at(15)[:16])
    assert local["start_time"] == start_at(15)
    assert (await practice.act(booked, "reschedule", status=422))["code"] == "invalid_start"
    assert (await practice.act(booked, "reschedule", status=422, start_time=start_at(9), price="1"))[
        "code"
    ] == "unknown_field"
    assert other["status"] == "pending"


async def test_a_workshops_place_moves_to_another_date(practice):
    service = await make_service(practice.owner, practice.practitioner, service_type="workshop", max_participants=5)
    dates = [await make_session(practice.owner, service, datetime.fromisoformat(start_at(hour))) for hour in (10, 13)]
    held = await practice.book(service_id=str(service), session_id=str(dates[0]))
    moved = await practice.act(held, "reschedule", session_id=str(dates[1]))
    assert (moved["session_id"], moved["start_time"]) == (str(dates[1]), start_at(13))


async def test_the_practitioner_confirms_what_is_paid_in_person(practice):
    held = await practice.book(start_at(10))
    assert (await practice.act(held, "confirm", status=403))["code"] == "forbidden"
    confirmed = await practice.act(held, "confirm", by=practice.host)
    assert (confirmed["status"], confirmed["amount_paid"]) == ("confirmed", "0.00")
    assert (await practice.read(held["id"]))["payment"]["status"] == "canceled"


async def test_the_practitioner_completes_and_the_client_may_not(practice):
    booked = await practice.booked(start_at(10))
    assert (await practice.act(booked, "complete", status=403))["code"] == "forbidden"
    early = await practice.act(booked, "complete", by=practice.host, status=409)
    assert early["code"] == "invalid_state"
    await practice.shift(booked, timedelta(days=5))
    done = await practice.act(booked, "complete", by=practice.host)
    assert (done["status"], done["attended"]) == ("completed", True)
    assert done["participants"][0]["attended"] is True
    assert (await practice.act(booked, "cancel", status=409))["code"] == "invalid_state"
    assert (await practice.act(await practice.book(start_at(12)), "complete", by=practice.host, status=409))[
        "code"
    ] == ("invalid_state")


async def test_a_course_is_completed_once_its_last_date_has_begun(practice):
    course = await make_service(practice.owner, practice.practitioner, service_type="course", max_participants=8)
    for days in (4, 9):
        await make_session(practice.owner, course, datetime.fromisoformat(start_at(12, days=days)))
    booked = await practice.booked(service_id=str(course))
    first, last = (date for date in (await practice.read(booked["id"]))["children"])
    for past in (booked, first):
        await practice.shift(past, timedelta(days=7))
        assert (await practice.act(booked, "complete", by=practice.host, status=409))["code"] == "invalid_state"
    await practice.shift(last, timedelta(days=14))
    assert (await practice.act(booked, "complete", by=practice.host))["status"] == "completed"


async def test_a_no_show_keeps_what_the_policy_says(practice):
    service = str(await make_service(practice.owner, practice.practitioner, late_fee_bps=5000))
    booked = await practice.booked(start_at(10), service_id=service)
    assert (await practice.act(booked, "no-show", by=practice.host, status=409))["code"] == "invalid_state"
    await practice.shift(booked, timedelta(days=5))
    missed = await practice.act(booked, "no-show", by=practice.host)
    assert (missed["status"], missed["attended"]) == ("completed", False)
    assert missed["refund"]["amount"] == "40.00"


async def test_a_hold_is_extended_once(practice):
    held = await practice.book(start_at(10))
    longer = await practice.act(held, "extend-hold")
    assert longer["hold_expires_at"] > held["hold_expires_at"]
    assert (await practice.act(held, "extend-hold", status=409))["code"] == "invalid_state"


async def calendar(practice, booking):
    answer = await practice.client.client.get(f"{BOOKINGS}{booking['id']}/calendar.ics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.content), answer.text


async def test_the_calendar_file_keeps_its_uid_and_counts_changes(practice):
    booked = await practice.book(start_at(10))
    (event,) = (await calendar(practice, booked))[0].walk("VEVENT")
    assert (event["STATUS"], event["SEQUENCE"], str(event["UID"])) == ("TENTATIVE", 0, f"{booked['id']}@127.0.0.1")
    await practice.pay(booked)
    await practice.act(booked, "reschedule", start_time=start_at(14))
    (moved,) = (await calendar(practice, booked))[0].walk("VEVENT")
    assert (moved["STATUS"], moved["SEQUENCE"], moved["UID"]) == ("CONFIRMED", 1, event["UID"])
    assert moved.decoded("DTSTART") == datetime.fromisoformat(start_at(14))
    await practice.act(booked, "cancel")
    file, _ = await calendar(practice, booked)
    (gone,) = file.walk("VEVENT")
    assert (gone["STATUS"], gone["SEQUENCE"], file["METHOD"]) == ("CANCELLED", 2, "CANCEL")


async def test_what_people_wrote_is_escaped_in_the_calendar(practice):
    location = await make_location(practice.owner, practice.practitioner, address="Quay 1; top, left")
    title = "Tea\r\nATTENDEE:mailto:eve@example.com; or, \\ two"
    service = str(await make_service(practice.owner, practice.practitioner, title=title, location_id=location))
    booked = await practice.book(start_at(10), service_id=service)
    file, text = await calendar(practice, booked)
    (event,) = file.walk("VEVENT")
    assert "ATTENDEE" not in event
    assert str(event["SUMMARY"]).startswith("Tea")
    assert "Quay 1\\; top\\, left" in text.replace("\r\n ", "")


async def test_a_course_has_an_event_for_each_date(practice):
    course = await make_service(practice.owner, practice.practitioner, service_type="course", max_participants=8)
    for days in (4, 5, 6):
        await make_session(practice.owner, course, datetime.fromisoformat(start_at(12, days=days)))
    booked = await practice.book(service_id=str(course))
    file, _ = await calendar(practice, booked)
    assert len(file.walk("VEVENT")) == 3
    assert len({str(event["UID"]) for event in file.walk("VEVENT")}) == 3


@pytest.mark.parametrize("method", ["pm_card_declined", "pm_card_insufficient_funds"])
async def test_a_declined_card_leaves_the_hold_and_another_may_be_tried(practice, method):
    from moorage.domains.payments.gateway import ProviderDeclinedError  # noqa: PLC0415

    held = await practice.book(start_at(10))
    with pytest.raises(ProviderDeclinedError):
        await practice.pay(held, method)
    assert (await practice.read(held["id"]))["status"] == "pending"
    await practice.pay(held)
    assert (await practice.read(held["id"]))["status"] == "confirmed"
