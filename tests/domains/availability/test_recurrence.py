"""Recurrences by RFC 5545, expanded in wall time."""

from datetime import UTC, date, datetime, timedelta

import pytest

from moorage.domains.availability import (
    AmbiguousLocalTimeError,
    InvalidRecurrenceError,
    NonexistentLocalTimeError,
    TooManySessionsError,
    UnboundedRecurrenceError,
    expand,
    resolve_local,
)
from moorage.domains.availability.zones import pinned_zone
from tests.domains.availability.conftest import utc

UTC_ZONE = pinned_zone("UTC")
BERLIN = pinned_zone("Europe/Berlin")


def local_dates(instants, zone=UTC_ZONE) -> list[tuple[int, int]]:
    return [(each.astimezone(zone).month, each.astimezone(zone).day) for each in instants]


def test_case_17_a_month_without_a_31st_is_skipped():
    found = expand(utc("2018-01-31T10:00"), "FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20181231T235959Z", UTC_ZONE)
    assert local_dates(found) == [(1, 31), (3, 31), (5, 31), (7, 31), (8, 31), (10, 31), (12, 31)]
    assert expand(utc("2018-01-31T10:00"), "RRULE:FREQ=MONTHLY;COUNT=7", UTC_ZONE) == found


def test_29_february_is_skipped_in_common_years():
    found = expand(utc("2024-02-29T10:00"), "FREQ=YEARLY;COUNT=1", UTC_ZONE)
    assert found == [utc("2024-02-29T10:00")]
    with pytest.raises(TooManySessionsError):  # the second would be in 2028
        expand(utc("2024-02-29T10:00"), "FREQ=YEARLY;COUNT=2", UTC_ZONE)
    monthly = expand(utc("2025-01-29T10:00"), "FREQ=MONTHLY;COUNT=3", UTC_ZONE)
    assert local_dates(monthly) == [(1, 29), (3, 29), (4, 29)]


def test_the_wall_time_holds_across_a_clock_change():
    found = expand(utc("2026-10-18T16:00"), "FREQ=WEEKLY;COUNT=3", BERLIN)
    assert found == [utc("2026-10-18T16:00"), utc("2026-10-25T17:00"), utc("2026-11-01T17:00")]
    assert {each.astimezone(BERLIN).hour for each in found} == {18}


def test_a_wall_time_in_a_gap_is_read_with_the_offset_before_it_and_a_double_one_is_its_first():
    spring = expand(utc("2026-03-28T01:30"), "FREQ=DAILY;COUNT=3", BERLIN)  # 02:30
    assert spring == [utc("2026-03-28T01:30"), utc("2026-03-29T01:30"), utc("2026-03-30T00:30")]
    autumn = expand(utc("2026-10-24T00:30"), "FREQ=DAILY;COUNT=3", BERLIN)  # 02:30
    assert autumn == [utc("2026-10-24T00:30"), utc("2026-10-25T00:30"), utc("2026-10-26T01:30")]


def test_until_is_included_and_the_earlier_end_wins():
    first = utc("2026-06-01T10:00")
    assert len(expand(first, "FREQ=DAILY;UNTIL=20260605T100000Z", UTC_ZONE)) == 5
    assert len(expand(first, "FREQ=DAILY;UNTIL=20260605", UTC_ZONE)) == 5
    assert len(expand(first, "FREQ=DAILY", UTC_ZONE, until=utc("2026-06-03T10:00"))) == 3
    assert len(expand(first, "FREQ=DAILY;COUNT=9", UTC_ZONE, until=utc("2026-06-03T09:59"))) == 2


def test_days_of_the_week_count_from_the_first_start_on():
    found = expand(utc("2026-06-03T10:00"), "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", UTC_ZONE)
    assert [each.date() for each in found] == [
        date(2026, 6, 3), date(2026, 6, 8), date(2026, 6, 10), date(2026, 6, 15),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rule",
    [
        "", "FREQ", "FREQ=", "FREQ=HOURLY;COUNT=2", "FREQ=SECONDLY;COUNT=2", "COUNT=2", "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-1", "FREQ=DAILY;COUNT=2;UNTIL=20260605", "FREQ=DAILY;COUNT=2;COUNT=3",
        "FREQ=DAILY;COUNT=2;BYHOUR=3", "FREQ=DAILY;COUNT=2;X=1", "FREQ=DAILY;UNTIL=tomorrow", "FREQ=DAILY;COUNT=1e3",
        "FREQ=WEEKLY;COUNT=2;BYDAY=XX", "FREQ=MONTHLY;COUNT=2;BYMONTHDAY=99", "FREQ=DAILY;COUNT=2;INTERVAL=0",
        "FREQ=DAILY;COUNT=2\nRRULE:FREQ=DAILY;COUNT=2", "FREQ=YEARLY;COUNT=2;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;COUNT=2;INTERVAL=-1", "FREQ=WEEKLY;COUNT=2;BYDAY=", "FREQ=YEARLY;COUNT=2;BYWEEKNO=99",
        "FREQ=DAILY;COUNT=²",
    ],
)  # fmt: skip
def test_what_is_no_rule_of_dates_is_refused(rule):
    with pytest.raises(InvalidRecurrenceError):
        expand(utc("2026-06-01T10:00"), rule, UTC_ZONE)


def test_a_rule_without_an_end_is_refused():
    with pytest.raises(UnboundedRecurrenceError):
        expand(utc("2026-06-01T10:00"), "FREQ=DAILY", UTC_ZONE)


def test_more_dates_than_can_be_made_are_refused():
    with pytest.raises(TooManySessionsError):
        expand(utc("2026-06-01T10:00"), "FREQ=DAILY;COUNT=367", UTC_ZONE)
    with pytest.raises(TooManySessionsError):
        expand(utc("2026-06-01T10:00"), "FREQ=DAILY;UNTIL=99991231T000000Z", UTC_ZONE)
    assert len(expand(utc("2026-06-01T10:00"), "FREQ=DAILY;COUNT=366", UTC_ZONE)) == 366


def test_rule_6_a_local_time_in_a_gap_or_a_fold_is_refused_and_others_are_resolved():
    with pytest.raises(NonexistentLocalTimeError):
        resolve_local(datetime(2026, 3, 29, 2, 30), "Europe/Berlin")  # noqa: DTZ001
    with pytest.raises(AmbiguousLocalTimeError):
        resolve_local(datetime(2026, 10, 25, 2, 30), "Europe/Berlin")  # noqa: DTZ001
    assert resolve_local(datetime(2026, 3, 29, 3, 0), "Europe/Berlin") == utc("2026-03-29T01:00")  # noqa: DTZ001
    assert resolve_local(datetime(2026, 10, 25, 3, 0), "Europe/Berlin") == utc("2026-10-25T02:00")  # noqa: DTZ001
    with pytest.raises(NonexistentLocalTimeError):
        resolve_local(datetime(2026, 4, 24, 0, 0), "Africa/Cairo")  # noqa: DTZ001
    assert resolve_local(datetime(2026, 6, 1, 0, 0), "UTC").tzinfo == UTC  # noqa: DTZ001
    assert resolve_local(datetime(2026, 6, 1), "Asia/Tokyo") - utc("2026-05-31T15:00") == timedelta(0)  # noqa: DTZ001
