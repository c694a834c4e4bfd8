"""The exact rules of scheduling, and what a service's settings do to its starts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from moorage.kernel.ids import uuid7
from tests.builders import make_override
from tests.domains.availability.conftest import utc


async def test_rule_1_ranges_that_touch_do_not_overlap(diary):
    someone = await diary("UTC", ("09:00", 180))
    assert await someone.busy("2026-06-01T10:00", "2026-06-01T11:00")
    assert await someone.busy("2026-06-01T11:00", "2026-06-01T12:00")
    assert not await someone.busy("2026-06-01T10:59", "2026-06-01T11:01")
    assert await someone.clock(await someone.service(), "2026-06-01") == ["09:00"]


async def test_rule_2_buffers_need_no_working_hours_and_do_not_share(diary):
    someone = await diary("UTC", ("09:00", 240))
    service = await someone.service(60, slot_interval_minutes=15, buffer_before_minutes=30, buffer_after_minutes=15)
    assert (await someone.clock(service, "2026-06-01"))[0] == "09:00"
    # A booking 10:00-11:00 of another service whose own buffers are 15 before and 30 after.
    assert await someone.busy("2026-06-01T09:45", "2026-06-01T11:30")
    found = await someone.clock(service, "2026-06-01")
    assert found == ["12:00"]  # before 09:45 an hour and its buffer do not fit; 11:30 and 30 before make 12:00


async def test_rule_3_a_start_exactly_at_the_end_of_the_notice_is_allowed(diary):
    someone = await diary("UTC", ("09:00", 180))
    service = await someone.service(60, min_notice_minutes=120)
    assert await someone.clock(service, "2026-06-01", now="2026-06-01T08:00") == ["10:00", "11:00"]
    assert await someone.is_free(service, "2026-06-01T10:00", now="2026-06-01T08:00")
    later = utc("2026-06-01T08:00") + timedelta(microseconds=1)
    assert not await someone.db.fetchval("SELECT is_free_start($1, $2, $3)", service, utc("2026-06-01T10:00"), later)


async def test_a_start_that_has_begun_is_not_offered_without_any_notice(diary):
    someone = await diary("UTC", ("09:00", 180))
    service = await someone.service()
    assert await someone.clock(service, "2026-06-01", now="2026-06-01T10:00") == ["10:00", "11:00"]
    assert await someone.clock(service, "2026-06-01", now="2026-06-01T10:01") == ["11:00"]


async def test_rule_4_missing_wall_times_are_not_offered(diary):
    berlin = await diary("Europe/Berlin", ("01:00", 180))
    service = await berlin.service(30)
    # 2026-03-29: 01:00-04:00 on the wall is two hours long, 02:00-03:00 is missing.
    found = await berlin.starts(service, "2026-03-28T22:00", "2026-03-29T10:00", now="2026-03-01T00:00")
    assert found == [utc(f"2026-03-29T{text}") for text in ("00:00", "00:30", "01:00", "01:30")]


async def test_rule_4_durations_are_elapsed_time(diary):
    berlin = await diary("Europe/Berlin", ("00:00", 1440))
    service = await berlin.service(180, slot_interval_minutes=60)
    assert await berlin.busy("2026-10-25T03:00", "2026-10-26T00:00")
    # Three hours before 03:00Z: the last start is 02:00 local, whose wall says 04:00 three hours later.
    found = await berlin.starts(service, "2026-10-24T23:00", "2026-10-25T03:00", now="2026-10-01T00:00")
    assert found == [utc("2026-10-24T23:00"), utc("2026-10-25T00:00")]


@pytest.mark.parametrize(
    ("windows", "merged"),
    [
        ([("06:00", 240), ("08:00", 120)], [("06:00", "10:00")]),
        ([("06:00", 120), ("08:00", 120)], [("06:00", "10:00")]),
        ([("06:00", 119), ("08:00", 120)], [("06:00", "07:59"), ("08:00", "10:00")]),
    ],
)
async def test_rule_5_touching_and_overlapping_rules_merge(diary, windows, merged):
    someone = await diary("UTC", *windows)
    found = await someone.db.fetchval(
        "SELECT working_time($1, $2, $3)", someone.practitioner.id, utc("2026-06-01T00:00"), utc("2026-06-02T00:00")
    )
    assert [(f"{each.lower:%H:%M}", f"{each.upper:%H:%M}") for each in found] == merged


async def test_rule_5_a_minute_before_midnight_is_not_midnight(diary, db):
    to_midnight = await diary("UTC", ("22:00", 120), ("00:00", 60))
    to_23_59 = await diary("UTC", ("22:00", 119), ("00:00", 60))
    for someone, expected in ((to_midnight, True), (to_23_59, False)):
        service = await someone.service(90, slot_interval_minutes=30)
        assert await someone.is_free(service, "2026-06-01T23:30", now="2026-05-30T00:00") is expected


async def test_a_rule_counts_only_while_it_is_valid(diary):
    someone = await diary("UTC")
    await someone.hours("09:00", 60, valid_from=date(2026, 6, 2), valid_to=date(2026, 6, 3))
    service = await someone.service()
    listed = [await someone.clock(service, f"2026-06-0{day}") for day in range(1, 6)]
    assert listed == [[], ["09:00"], ["09:00"], [], []]


async def test_an_override_spills_over_midnight_too_unless_the_next_date_has_one(diary, db):
    someone = await diary("UTC", ("09:00", 60))
    await make_override(db, someone.practitioner, date(2026, 6, 1), [("23:00", 120)])
    service = await someone.service()
    assert await someone.clock(service, "2026-06-01") == ["23:00"]
    assert await someone.clock(service, "2026-06-02") == ["00:00", "09:00"]
    await make_override(db, someone.practitioner, date(2026, 6, 2))
    assert await someone.clock(service, "2026-06-02") == []


async def test_a_reschedule_ignores_the_booking_s_own_claim(diary):
    someone = await diary("UTC", ("09:00", 120))
    service = await someone.service()
    own = uuid7()
    assert await someone.busy("2026-06-01T09:00", "2026-06-01T10:00", kind="booking", booking_id=own)
    assert not await someone.is_free(service, "2026-06-01T09:00")
    assert await someone.is_free(service, "2026-06-01T09:00", ignore=own)


async def test_a_hold_is_free_from_the_instant_it_expires_though_no_cleaner_ran(diary):
    someone = await diary("UTC", ("09:00", 120))
    service = await someone.service()
    past = datetime.now(UTC) - timedelta(seconds=1)
    assert await someone.busy("2026-06-01T09:00", "2026-06-01T10:00", kind="hold", expires_at=past)
    assert await someone.is_free(service, "2026-06-01T09:00")
    ahead = datetime.now(UTC) + timedelta(minutes=15)
    assert await someone.busy("2026-06-01T10:00", "2026-06-01T11:00", kind="hold", expires_at=ahead)
    assert await someone.clock(service, "2026-06-01") == ["09:00"]


async def test_outside_calendars_are_read_as_busy_and_may_overlap(diary, db):
    someone = await diary("UTC", ("09:00", 240))
    service = await someone.service()
    stretches = [(utc("2026-06-01T09:30"), utc("2026-06-01T10:30")), (utc("2026-06-01T10:00"), utc("2026-06-01T11:00"))]
    from moorage.domains.availability import operations  # noqa: PLC0415

    await operations.replace_outside_busy(db, someone.practitioner.resource_no, "calendar", stretches)
    assert await someone.clock(service, "2026-06-01") == ["11:00", "12:00"]
    await operations.replace_outside_busy(db, someone.practitioner.resource_no, "calendar", [])
    assert await someone.clock(service, "2026-06-01") == ["09:00", "10:00", "11:00", "12:00"]


async def test_the_horizon_ends_with_a_local_date(diary):
    auckland = await diary("Pacific/Auckland", ("09:00", 60))
    service = await auckland.service(60, horizon_days=2)
    # 2026-06-01 13:00Z is the 2nd in Auckland: offered through the 4th there.
    found = await auckland.starts(service, "2026-06-01T00:00", "2026-06-30T00:00", now="2026-06-01T13:00")
    assert found == [utc("2026-06-01T21:00"), utc("2026-06-02T21:00"), utc("2026-06-03T21:00")]
    assert not await auckland.is_free(service, "2026-06-04T21:00", now="2026-06-01T13:00")


async def test_an_inactive_service_and_an_unverified_practitioner_have_no_starts(diary, db):
    someone = await diary("UTC", ("09:00", 60))
    service = await someone.service()
    assert await someone.is_free(service, "2026-06-01T09:00", now="2026-05-30T00:00")
    await db.execute("UPDATE services SET is_active = false WHERE id = $1", service)
    assert not await someone.is_free(service, "2026-06-01T09:00", now="2026-05-30T00:00")
    await db.execute("UPDATE services SET is_active = true WHERE id = $1", service)
    await db.execute("UPDATE practitioners SET verification_status = 'rejected'")
    assert not await someone.is_free(service, "2026-06-01T09:00", now="2026-05-30T00:00")


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (15, ["09:00", "09:15", "09:30", "09:45", "10:00"]),
        (25, ["09:00", "09:25", "09:50", "10:00"]),
        (45, ["09:00", "09:45", "10:00"]),
        (90, ["09:00"]),
        (7, [f"09:{minute:02}" for minute in range(0, 60, 7)] + ["10:00"]),
    ],
)
async def test_a_grid_counts_from_the_hour_or_beyond_an_hour_from_midnight(diary, every, expected):
    someone = await diary("UTC", ("09:00", 75))
    assert await someone.clock(await someone.service(15, slot_interval_minutes=every), "2026-06-01") == expected


async def test_unbroken_time_gives_the_same_compact_starts_whatever_window_is_asked(diary):
    berlin = await diary("Europe/Berlin", ("00:00", 1440))
    service = await berlin.service(50, slot_interval_minutes=50, slot_alignment="compact")
    begins, ends = utc("2026-10-23T00:00"), utc("2026-10-28T00:00")
    whole = await berlin.starts(service, "2026-10-23T00:00", "2026-10-28T00:00", now="2026-10-01T00:00")
    assert utc("2026-10-23T22:00") in whole  # local midnight starts the count again
    for hours in range(0, 120, 7):
        at = begins + timedelta(hours=hours)
        piece = await berlin.db.fetch(
            "SELECT s FROM list_starts($1, $2, $3, $4) s",
            service,
            at,
            min(ends, at + timedelta(hours=7)),
            utc("2026-10-01T00:00"),
        )
        assert [row["s"] for row in piece] == [each for each in whole if at <= each < at + timedelta(hours=7)]
