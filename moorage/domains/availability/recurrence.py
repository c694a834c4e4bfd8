"""Recurring dates by RFC 5545: a rule expanded in local wall time, which holds across clock changes.

What the RFC says and this does: an invalid date (31 April, 29 February) is skipped (3.3.10); a wall time that a clock
change skips is read with the offset before the gap, one that comes twice is its first (3.3.5). Dates alone are ruled:
the time of day is the first start's.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice
from typing import Final

from dateutil.rrule import rrule, rrulestr

from moorage.domains.availability.errors import (
    InvalidRecurrenceError,
    TooManySessionsError,
    UnboundedRecurrenceError,
)

MAX_SESSIONS: Final = 366
REACH: Final = timedelta(days=3 * 366)
"""How far after the first start a recurrence may go."""

_BY_PARTS: Final = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY", "BYSETPOS")
_PARTS: Final = frozenset(("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", *_BY_PARTS))
_FREQUENCIES: Final = frozenset(("DAILY", "WEEKLY", "MONTHLY", "YEARLY"))


def expand(
    first: datetime, rule: str, zone: tzinfo, *, until: datetime | None = None, max_sessions: int = MAX_SESSIONS
) -> list[datetime]:
    """The UTC instants of a recurrence, ascending. `first`: aware, its wall time in `zone` holds for all; it is itself
    a date only where the rule says so. `rule`: RRULE's value ("FREQ=WEEKLY;COUNT=8"), with or without "RRULE:".
    `until`: aware, included. Raises InvalidRecurrenceError, UnboundedRecurrenceError, TooManySessionsError.
    """
    parts = _parts_of(rule)
    start = first.astimezone(zone).replace(tzinfo=None)
    count = _number_of(parts, "COUNT")
    _number_of(parts, "INTERVAL")
    end = _end_of(parts, start, zone, until)
    if end is None and count is None:
        raise UnboundedRecurrenceError(pointer="/rrule")
    reach = start + REACH
    # COUNT is taken by hand so that UNTIL can stop a rule that never comes true (30 February).
    repeated = _parsed(parts, start).replace(until=min(end or reach, reach))
    found = list(islice(repeated, min(count or max_sessions + 1, max_sessions + 1)))
    if not found:
        raise InvalidRecurrenceError("The recurrence has no date at all.", pointer="/rrule")
    if len(found) > max_sessions or (end or reach) > reach or (end is None and len(found) < (count or 0)):
        raise TooManySessionsError(
            f"At most {max_sessions} dates can be made at once, within {REACH.days} days.", pointer="/rrule"
        )
    return [instant_of(each, zone) for each in found]


def instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """The UTC instant of a naive wall time as RFC 5545 reads it (PEP 495's fold 0 is the same reading)."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _parts_of(rule: str) -> dict[str, str]:
    """RRULE's value taken apart and checked for what this takes."""
    text = rule.strip().upper().removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for item in text.rstrip(";").split(";"):
        name, equals, value = item.partition("=")
        if not equals or not value or name in parts or name not in _PARTS:
            raise InvalidRecurrenceError(f"{item[:40]!r} is not a part that a rule of dates has.", pointer="/rrule")
        parts[name] = value
    if parts.get("FREQ") not in _FREQUENCIES:
        raise InvalidRecurrenceError("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY.", pointer="/rrule")
    if "COUNT" in parts and "UNTIL" in parts:
        raise InvalidRecurrenceError("A rule has COUNT or UNTIL, not both.", pointer="/rrule")
    return parts


def _number_of(parts: dict[str, str], name: str) -> int | None:
    text = parts.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 4 or int(text) < 1:
        raise InvalidRecurrenceError(f"{name} is a number from 1 to 9999.", pointer="/rrule")
    return int(text)


def _end_of(parts: dict[str, str], start: datetime, zone: tzinfo, until: datetime | None) -> datetime | None:
    """The last wall time that may be: the rule's UNTIL and the caller's, whichever is earlier. A date alone includes
    its whole day's start.
    """
    ends: list[datetime] = []
    if "UNTIL" in parts:
        ends.append(_parse_until(parts["UNTIL"], start, zone))
    if until is not None:
        ends.append(until.astimezone(zone).replace(tzinfo=None))
    return min(ends, default=None)


def _parse_until(text: str, start: datetime, zone: tzinfo) -> datetime:
    try:
        if len(text) == 8:
            day: date = datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a local date has no zone
            return datetime.combine(day, start.time())
        if text.endswith("Z"):
            instant = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return instant.astimezone(zone).replace(tzinfo=None)
        return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local by the RFC
    except (ValueError, OverflowError):
        raise InvalidRecurrenceError("UNTIL is YYYYMMDD or YYYYMMDDTHHMMSSZ.", pointer="/rrule") from None


def _parsed(parts: dict[str, str], start: datetime) -> rrule:
    text = ";".join(f"{name}={value}" for name, value in parts.items() if name not in {"COUNT", "UNTIL"})
    try:
        parsed = rrulestr(text, dtstart=start)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InvalidRecurrenceError(pointer="/rrule") from error
    if not isinstance(parsed, rrule):
        raise InvalidRecurrenceError(pointer="/rrule")
    return parsed
