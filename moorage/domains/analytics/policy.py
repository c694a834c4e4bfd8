"""Pure rules of reports: where intervals begin."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal

from moorage.kernel.errors import InvalidRangeError

Interval = Literal["day", "week", "month"]
MAX_INTERVALS: Final = 1_000


def edges_of(begins: datetime, ends: datetime, interval: Interval, zone: tzinfo) -> list[datetime]:
    """The instants (UTC, ascending) that cut [begins, ends) into days, weeks (from Monday) or months of `zone`'s
    calendar: the first is `begins`, the last `ends`; the outer intervals may be parts. Raises InvalidRangeError for an
    empty range and for one of more than MAX_INTERVALS.
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
        if len(edges) > MAX_INTERVALS:
            raise InvalidRangeError(f"A report has at most {MAX_INTERVALS} intervals.", pointer="?from")


def _next(day: date, interval: Interval) -> date:
    if interval == "day":
        return day + timedelta(days=1)
    if interval == "week":
        return day + timedelta(days=7 - day.weekday())
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
