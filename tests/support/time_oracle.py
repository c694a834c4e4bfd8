"""A brute-force oracle of free time: it walks minutes and knows nothing of ranges, offsets tables or SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise

from moorage.domains.availability import Override, WeeklyRule

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """A service's rules, in minutes and days."""

    duration: int = 60
    every: int = 60
    compact: bool = False
    before: int = 0
    after: int = 0
    notice: int = 0
    horizon: int = 730
    daily_limit: int | None = None


@dataclass(slots=True)
class Oracle:
    """One practitioner's time. Busy stretches, bookings and instants lie on whole minutes."""

    zone: tzinfo
    weekly: Sequence[WeeklyRule]
    overrides: Sequence[Override] = ()
    busy: Sequence[tuple[datetime, datetime]] = ()
    booked: Sequence[datetime] = ()  # starts of the service's own bookings, for its daily limit
    _windows: dict[date, list[tuple[int, int]]] = field(default_factory=dict)

    def works(self, wall: datetime) -> bool:
        """Whether a clock that shows `wall` (naive) is within working hours."""
        minute, day = wall.hour * 60 + wall.minute, wall.date()
        if any(begins <= minute < ends for begins, ends in self._windows_of(day)):
            return True
        if any(override.day == day for override in self.overrides):
            return False  # nothing spills over into a date with an override
        return any(begins <= minute + 1440 < ends for begins, ends in self._windows_of(day - DAY))

    def _windows_of(self, day: date) -> list[tuple[int, int]]:
        if day not in self._windows:
            override = next((each for each in self.overrides if each.day == day), None)
            windows = (
                override.windows
                if override
                else [
                    rule.window
                    for rule in self.weekly
                    if rule.weekday == day.weekday() and (rule.valid_from or day) <= day <= (rule.valid_to or day)
                ]
            )
            self._windows[day] = [(each.start_minute, each.start_minute + each.minutes) for each in windows]
        return self._windows[day]

    def working_minutes(self, begins: datetime, ends: datetime) -> list[datetime]:
        """Every UTC minute from `begins` up to `ends` that is worked."""
        return [at for at in _minutes(begins, ends) if self.works(at.astimezone(self.zone).replace(tzinfo=None))]

    def starts(self, rules: Rules, begins: datetime, ends: datetime, now: datetime) -> list[datetime]:
        """Every minute in [begins, ends) at which an appointment may start."""
        back = begins - 4 * DAY if rules.compact else begins
        until = ends + rules.duration * MINUTE
        walls = {at: at.astimezone(self.zone).replace(tzinfo=None) for at in _minutes(back, until)}
        free = {at for at, wall in walls.items() if self.works(wall)} - self._taken(rules, back, until)
        lasting = _runs(free, walls)
        counts = _compact_counts(free, walls) if rules.compact else {}
        return [
            at
            for at in _minutes(begins, ends)
            if lasting[at] >= rules.duration
            and (counts[at] if rules.compact else _minute_of_grid(walls[at], rules.every)) % rules.every == 0
            and at >= now + rules.notice * MINUTE
            and walls[at].date() <= now.astimezone(self.zone).date() + rules.horizon * DAY
            and not self._is_full(walls[at].date(), rules.daily_limit)
        ]

    def _taken(self, rules: Rules, begins: datetime, ends: datetime) -> set[datetime]:
        """Minutes in which no appointment may lie: what is busy, less the service's own buffers around it."""
        taken: set[datetime] = set()
        for busy_from, busy_to in self.busy:
            first, last = busy_from - rules.after * MINUTE, busy_to + rules.before * MINUTE
            taken.update(_minutes(max(first, begins), min(last, ends)))
        return taken

    def _is_full(self, day: date, limit: int | None) -> bool:
        return limit is not None and limit <= sum(at.astimezone(self.zone).date() == day for at in self.booked)


def _runs(free: set[datetime], walls: dict[datetime, datetime]) -> dict[datetime, int]:
    """For each minute how many free minutes follow without a break, itself included."""
    runs: dict[datetime, int] = {}
    following = 0
    for at in reversed(walls):
        following = following + 1 if at in free else 0
        runs[at] = following
    return runs


def _minute_of_grid(wall: datetime, every: int) -> int:
    return wall.minute if every <= 60 else wall.hour * 60 + wall.minute


def _compact_counts(free: set[datetime], walls: dict[datetime, datetime]) -> dict[datetime, int]:
    """For each minute how many minutes lie between it and where the compact grid counts from: the beginning of its
    free stretch, or the local midnight in it whose whole previous local day is free as well."""
    days = [at for before, at in pairwise(walls) if walls[before].date() < walls[at].date()]
    whole = {following: all(at in free for at in _minutes(day, following)) for day, following in pairwise(days)}
    counts: dict[datetime, int] = {}
    for at in walls:
        goes_on = at - MINUTE in free and not whole.get(at, False)
        counts[at] = counts.get(at - MINUTE, 0) + 1 if goes_on else 0
    return counts


def _minutes(begins: datetime, ends: datetime) -> list[datetime]:
    return [begins + number * MINUTE for number in range(int((ends - begins) / MINUTE))]
