"""Shapes of availability: a practitioner's schedule, and free starts by day."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from moorage.domains.availability import DayOfStarts, Override, Schedule, WeeklyRule, Window
from moorage.domains.availability.policy import MAX_OVERRIDES, MAX_WEEKLY_RULES, MAX_WINDOWS_A_DATE
from moorage.web.fields import LocalDate, LocalTime, StrictModel, ZoneName

Minutes = Annotated[int, Field(ge=1, le=1440, description="On the wall clock; it may run past midnight")]


class WindowBody(StrictModel):
    """A window of a local date."""

    start: LocalTime
    minutes: Minutes

    def window(self) -> Window:
        """As the domain has it."""
        return Window(self.start.hour * 60 + self.start.minute, self.minutes)


class WeeklyBody(WindowBody):
    """A window of every such weekday."""

    weekday: Annotated[int, Field(ge=0, le=6, description="0 is Monday, 6 Sunday")]
    valid_from: LocalDate | None = None
    valid_to: LocalDate | None = None

    def rule(self) -> WeeklyRule:
        """As the domain has it."""
        return WeeklyRule(self.weekday, self.window(), self.valid_from, self.valid_to)


class OverrideBody(StrictModel):
    """What replaces a local date's weekly hours; no windows is closed."""

    date: LocalDate
    windows: Annotated[tuple[WindowBody, ...], Field(max_length=MAX_WINDOWS_A_DATE, strict=False)] = ()

    def override(self) -> Override:
        """As the domain has it."""
        return Override(self.date, tuple(window.window() for window in self.windows))


class ScheduleBody(StrictModel):
    """The whole schedule; what is left out is empty."""

    timezone: ZoneName
    weekly: Annotated[tuple[WeeklyBody, ...], Field(max_length=MAX_WEEKLY_RULES, strict=False)] = ()
    overrides: Annotated[tuple[OverrideBody, ...], Field(max_length=MAX_OVERRIDES, strict=False)] = ()

    def schedule(self) -> Schedule:
        """As the domain has it."""
        return Schedule(
            self.timezone,
            tuple(row.rule() for row in self.weekly),
            tuple(row.override() for row in self.overrides),
        )


class WindowView(BaseModel):
    """A window of a local date."""

    start: Annotated[str, Field(examples=["09:00"])]
    minutes: int


class WeeklyView(WindowView):
    """A window of every such weekday, 0 is Monday."""

    weekday: int
    valid_from: date | None
    valid_to: date | None


class OverrideView(BaseModel):
    """What replaces a local date's weekly hours."""

    date: date
    windows: list[WindowView]


class ScheduleView(BaseModel):
    """A practitioner's schedule, in wall time of `timezone`."""

    timezone: str
    weekly: list[WeeklyView]
    overrides: list[OverrideView]

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """Present what the domain has."""
        return cls(
            timezone=schedule.timezone,
            weekly=[
                WeeklyView(
                    weekday=rule.weekday,
                    start=_clock(rule.window),
                    minutes=rule.window.minutes,
                    valid_from=rule.valid_from,
                    valid_to=rule.valid_to,
                )
                for rule in schedule.weekly
            ],
            overrides=[
                OverrideView(
                    date=override.day,
                    windows=[WindowView(start=_clock(each), minutes=each.minutes) for each in override.windows],
                )
                for override in schedule.overrides
            ],
        )


class DayView(BaseModel):
    """The free starts of one local date, in that zone's offset."""

    date: date
    starts: list[datetime]


class AvailabilityView(BaseModel):
    """Free starts by local date of `timezone`; dates without starts are there, empty."""

    timezone: str
    days: list[DayView]

    @classmethod
    def of(cls, timezone: str, days: list[DayOfStarts]) -> Self:
        """Present what the domain has."""
        return cls(timezone=timezone, days=[DayView(date=each.day, starts=list(each.starts)) for each in days])


def _clock(window: Window) -> str:
    return f"{window.start_minute // 60:02}:{window.start_minute % 60:02}"
