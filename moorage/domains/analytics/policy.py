"""Pure rules of reports: where intervals begin."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal

from moorage.kernel.errors import InvalidRangeError

Interval = Literal["day", "week", "month"]
MAX_INTERVALS: Final = 1_000
MAX_DAYS: Final = 100_000
"""Of which a report is made."""


def edges_of(
    begins: datetime, ends: datetime, interval: Interval, zone: tzinfo, *, most: int = MAX_INTERVALS
) -> list[datetime]:
    """The instants (UTC, ascending) that cut [begins, ends) into days, weeks (from Monday) or months of `zone`'s
    calendar: the first is `begins`, the last `ends`; the outer intervals may be parts. Raises InvalidRangeError for an
    empty range and for one of more than `most` intervals.
    """
    if begins >= ends:
        raise InvalidRangeError("`from` comes before `to`.", pointer="?to")
    edges, day = [begins.astimezone(UTC)], begins.astimezone(zone).date()
    while True:
        day = _next(day, interval)
        edge = datetime.combine(day, time.min, zone).astimezone(UTC)
        if edge >= ends:
            return [*edges, ends.astimezone(UTC)]
        edges.append(edge)
        if len(edges) > most:
            raise InvalidRangeError(f"A report has at most {most} intervals.", pointer="?from")


def days_of(begins: datetime, ends: datetime, zone: tzinfo) -> list[datetime]:
    """The edges of the days that a stretch is made of, its outer ones in part."""
    return edges_of(begins, ends, "day", zone, most=MAX_DAYS)


def midnight_of(at: datetime, zone: tzinfo) -> datetime:
    """When the day of `zone`'s calendar began in which `at` lies."""
    return datetime.combine(at.astimezone(zone).date(), time.min, zone).astimezone(UTC)


def _next(day: date, interval: Interval) -> date:
    if interval == "day":
        return day + timedelta(days=1)
    if interval == "week":
        return day + timedelta(days=7 - day.weekday())
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
