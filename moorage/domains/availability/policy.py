"""Pure rules of schedules and days: limits, and how instants fall on a person's local dates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from moorage.domains.availability.errors import InvalidScheduleError, InvalidTimezoneError
from moorage.domains.availability.zones import pinned_zone
from moorage.kernel.errors import InvalidRangeError

MAX_WEEKLY_RULES: Final = 200
MAX_OVERRIDES: Final = 1_000
MAX_WINDOWS_A_DATE: Final = 50
MINUTES_A_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """Local wall time from `start_minute` of a day (0 to 1439) for `minutes` on the wall clock (1 to 1440): it may
    run past midnight.
    """

    start_minute: int
    minutes: int


@dataclass(frozen=True, slots=True)
class WeeklyRule:
    """A window on every `weekday` (0 is Monday, 6 Sunday), from `valid_from` to `valid_to`, both included."""

    weekday: int
    window: Window
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """What replaces a local date's weekly rules; no windows is closed."""

    day: date
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A practitioner's intent: wall times of `timezone`. Windows may touch and overlap; they are read merged."""

    timezone: str
    weekly: tuple[WeeklyRule, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class DayOfStarts:
    """The free starts of one local date, ascending, in that zone's offset."""

    day: date
    starts: tuple[datetime, ...]


def check_schedule(schedule: Schedule) -> None:
    """Raises InvalidTimezoneError or InvalidScheduleError, with a pointer to the row at fault."""
    zone_of(schedule.timezone, pointer="/timezone")
    if len(schedule.weekly) > MAX_WEEKLY_RULES:
        raise InvalidScheduleError(f"A week takes at most {MAX_WEEKLY_RULES} rules.", pointer="/weekly")
    for position, rule in enumerate(schedule.weekly):
        _check_rule(rule, f"/weekly/{position}")
    if len(schedule.overrides) > MAX_OVERRIDES:
        raise InvalidScheduleError(f"There can be at most {MAX_OVERRIDES} overrides.", pointer="/overrides")
    seen: set[date] = set()
    for position, override in enumerate(schedule.overrides):
        pointer = f"/overrides/{position}"
        if override.day in seen:
            raise InvalidScheduleError(f"{override.day} is overridden twice.", pointer=f"{pointer}/date")
        seen.add(override.day)
        if len(override.windows) > MAX_WINDOWS_A_DATE:
            raise InvalidScheduleError(
                f"A date takes at most {MAX_WINDOWS_A_DATE} windows.", pointer=f"{pointer}/windows"
            )
        for place, window in enumerate(override.windows):
            _check_window(window, f"{pointer}/windows/{place}")


def zone_of(name: str, *, pointer: str = "?timezone") -> tzinfo:
    """The zone by that IANA name, from the pinned data. Raises InvalidTimezoneError."""
    try:
        return pinned_zone(name)
    except KeyError:
        raise InvalidTimezoneError(pointer=pointer) from None


def bounds_of_days(zone: tzinfo, first: date, last: date, max_days: int) -> tuple[datetime, datetime]:
    """The UTC instants at which local `first` begins and local `last` ends. Raises InvalidRangeError when `last` comes
    before `first` or they are more than `max_days` days.
    """
    if not 0 <= (last - first).days < max_days:
        raise InvalidRangeError(f"`to` is not before `from`, and at most {max_days} days are listed.", pointer="?to")
    return _first_instant(zone, first), _first_instant(zone, last + timedelta(days=1))


def by_local_day(starts: Iterable[datetime], zone: tzinfo, first: date, last: date) -> list[DayOfStarts]:
    """`starts` (aware, ascending) under each local date from `first` to `last`; dates without starts are there too."""
    days: dict[date, list[datetime]] = {first + timedelta(days=number): [] for number in range((last - first).days + 1)}
    for start in starts:
        local = start.astimezone(zone)
        if local.date() in days:
            days[local.date()].append(local)
    return [DayOfStarts(day, tuple(found)) for day, found in days.items()]


def _first_instant(zone: tzinfo, day: date) -> datetime:
    """When the local date begins: its first 00:00, or the end of the gap that swallowed it."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone, fold=0).astimezone(UTC)
    if midnight.astimezone(zone).date() == day and midnight.astimezone(zone).time() == time():
        return midnight
    # A missing 00:00 is read with the offset before the gap (PEP 495), which lands at the gap's end or behind it.
    early, late = -MINUTES_A_DAY, 0
    while late - early > 1:
        middle = (early + late) // 2
        if (midnight + timedelta(minutes=middle)).astimezone(zone).date() >= day:
            late = middle
        else:
            early = middle
    return midnight + timedelta(minutes=late)


def _check_rule(rule: WeeklyRule, pointer: str) -> None:
    if not 0 <= rule.weekday <= 6:
        raise InvalidScheduleError("weekday is 0 (Monday) to 6 (Sunday).", pointer=f"{pointer}/weekday")
    if rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from:
        raise InvalidScheduleError("valid_to comes before valid_from.", pointer=f"{pointer}/valid_to")
    _check_window(rule.window, pointer)


def _check_window(window: Window, pointer: str) -> None:
    if not 0 <= window.start_minute < MINUTES_A_DAY:
        raise InvalidScheduleError("A window starts between 00:00 and 23:59.", pointer=f"{pointer}/start")
    if not 1 <= window.minutes <= MINUTES_A_DAY:
        raise InvalidScheduleError("A window is 1 to 1440 minutes long.", pointer=f"{pointer}/minutes")
