"""The table of cases in the specification of scheduling, by number."""

from datetime import UTC, date, timedelta

from moorage.domains.availability import queries
from moorage.domains.availability.policy import bounds_of_days, by_local_day
from moorage.domains.availability.zones import pinned_zone
from tests.builders import WORKDAYS, make_override
from tests.domains.availability.conftest import utc

ALL_DAY = ("00:00", 1440)


async def test_case_1_a_week_of_office_hours_in_new_york(diary):
    new_york = await diary("America/New_York")
    await new_york.hours("09:00", 480, WORKDAYS)
    service = await new_york.service(30)
    for day in range(6, 11):
        found = await new_york.starts(service, f"2023-11-{day:02}T00:00", f"2023-11-{day + 1:02}T00:00")
        assert found[0] == utc(f"2023-11-{day:02}T14:00")
        assert found[-1] + timedelta(minutes=30) == utc(f"2023-11-{day:02}T22:00")
        assert len(found) == 16


async def test_case_2_the_days_on_which_new_york_changes_its_clocks(diary):
    new_york = await diary("America/New_York", ALL_DAY)
    service = await new_york.service()
    zone = pinned_zone("America/New_York")
    for day, expected in ((date(2026, 3, 8), 23), (date(2026, 11, 1), 25)):
        begins, ends = bounds_of_days(zone, day, day, 31)
        found = await queries.list_starts(new_york.db, service, begins, ends, utc("2026-01-01T00:00"))
        (listed,) = by_local_day(found, zone, day, day)
        assert len(listed.starts) == expected
    ones = [each for each in listed.starts if each.hour == 1]
    assert [each.isoformat() for each in ones] == ["2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00"]
    assert [each.astimezone(UTC) for each in ones] == [utc("2026-11-01T05:00"), utc("2026-11-01T06:00")]
    assert await new_york.busy("2026-11-01T05:00", "2026-11-01T06:00")
    assert await new_york.is_free(service, "2026-11-01T06:00", now="2026-10-01T00:00")
    assert await new_york.busy("2026-11-01T06:00", "2026-11-01T07:00")


async def test_case_3_of_an_hour_that_comes_twice_each_can_be_taken(diary):
    berlin = await diary("Europe/Berlin", ("02:00", 60))
    service = await berlin.service()
    window = ("2026-10-24T22:00", "2026-10-25T22:00")
    both = [utc("2026-10-25T00:00"), utc("2026-10-25T01:00")]
    assert await berlin.starts(service, *window, now="2026-10-01T00:00") == both
    assert await berlin.busy("2026-10-25T00:00", "2026-10-25T01:00")
    assert await berlin.starts(service, *window, now="2026-10-01T00:00") == both[1:]


async def test_case_4_a_day_that_begins_in_a_gap_begins_at_its_end(diary):
    cairo = await diary("Africa/Cairo", ALL_DAY)
    service = await cairo.service()
    zone = pinned_zone("Africa/Cairo")
    begins, ends = bounds_of_days(zone, date(2026, 4, 24), date(2026, 4, 24), 31)
    assert begins == utc("2026-04-23T22:00")
    assert ends - begins == timedelta(hours=23)
    found = await queries.list_starts(cairo.db, service, begins, ends, utc("2026-04-01T00:00"))
    assert found == [begins + timedelta(hours=hour) for hour in range(23)]
    days = by_local_day(found, zone, date(2026, 4, 23), date(2026, 4, 25))
    assert [len(each.starts) for each in days] == [0, 23, 0]
    working = await cairo.db.fetchval("SELECT working_time($1, $2, $3)", cairo.practitioner.id, begins, ends)
    assert [(each.lower, each.upper) for each in working] == [(begins, ends)]


async def test_case_5_the_grid_counts_from_the_local_hour(diary):
    kolkata = await diary("Asia/Kolkata", ("07:30", 120))
    service = await kolkata.service()
    (only,) = await kolkata.starts(service, "2026-05-31T18:30", "2026-06-01T18:30", now="2026-05-01T00:00")
    assert only.astimezone(pinned_zone("Asia/Kolkata")).isoformat() == "2026-06-01T08:00:00+05:30"


def test_case_6_one_instant_lies_on_different_dates_for_different_people():
    start = utc("2026-06-30T22:00")
    for zone_name, day, text in (
        ("Asia/Tokyo", date(2026, 7, 1), "2026-07-01T07:00:00+09:00"),
        ("America/Los_Angeles", date(2026, 6, 30), "2026-06-30T15:00:00-07:00"),
    ):
        days = by_local_day([start], pinned_zone(zone_name), date(2026, 6, 30), date(2026, 7, 1))
        assert [(each.day, [at.isoformat() for at in each.starts]) for each in days if each.starts] == [(day, [text])]


async def test_case_7_the_buffers_of_two_bookings_do_not_share(diary):
    kolkata = await diary("Asia/Kolkata", ("09:30", 510))
    service = await kolkata.service(120, buffer_before_minutes=120, buffer_after_minutes=120, slot_interval_minutes=60)
    assert await kolkata.busy("2026-06-01T02:00", "2026-06-01T08:00")  # 04:00Z-06:00Z with its buffers
    assert await kolkata.clock(service, "2026-06-01") == ["10:30"]


async def test_case_8_what_touches_does_not_overlap(diary):
    someone = await diary("UTC", ("08:00", 600))
    service = await someone.service(180, slot_interval_minutes=30)
    assert await someone.busy("2026-06-01T09:30", "2026-06-01T12:30")
    assert await someone.clock(service, "2026-06-01") == ["12:30", "13:00", "13:30", "14:00", "14:30", "15:00"]


async def test_case_9_a_compact_grid_counts_from_the_end_of_what_is_busy(diary):
    someone = await diary("UTC", ("08:00", 270))
    assert await someone.busy("2026-06-01T10:00", "2026-06-01T10:10")
    on_the_hour = await someone.service(60)
    compact = await someone.service(60, slot_alignment="compact")
    assert await someone.clock(on_the_hour, "2026-06-01") == ["08:00", "09:00", "11:00"]
    assert await someone.clock(compact, "2026-06-01") == ["08:00", "09:00", "10:10", "11:10"]


async def test_case_10_the_last_start_ends_by_closing_time(diary):
    someone = await diary("UTC", ("00:00", 23 * 60 + 45))
    found = await someone.clock(await someone.service(20), "2026-06-01")
    assert len(found) == 71
    assert found[-1] == "23:20"


async def test_case_11_an_override_closes_its_date_and_no_other(diary, db):
    someone = await diary("Europe/Paris", ("09:00", 180))
    service = await someone.service()
    before = {day: await someone.clock(service, day) for day in ("2026-06-01", "2026-06-02", "2026-06-03")}
    await make_override(db, someone.practitioner, date(2026, 6, 2))
    assert await someone.clock(service, "2026-06-02") == []
    for neighbour in ("2026-06-01", "2026-06-03"):
        assert await someone.clock(service, neighbour) == before[neighbour] == ["07:00", "08:00", "09:00"]


async def test_case_12_hours_that_spill_over_end_at_midnight_before_an_override(diary, db):
    someone = await diary("UTC", ("22:00", 240))
    await make_override(db, someone.practitioner, date(2026, 6, 2), [("10:00", 120)])
    service = await someone.service()
    assert await someone.clock(service, "2026-06-01") == ["00:00", "01:00", "22:00", "23:00"]
    assert await someone.clock(service, "2026-06-02") == ["10:00", "11:00"]
    assert await someone.clock(service, "2026-06-03") == ["22:00", "23:00"]  # nothing spills from the overridden date
    assert await someone.clock(service, "2026-06-04") == ["00:00", "01:00", "22:00", "23:00"]
