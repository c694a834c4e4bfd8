"""Availability: every start it offers can be booked, every start it does not offer cannot, and no two claims overlap.

Intent (weekly hours, date overrides) is local wall time; what is occupied is UTC. One SQL core lists starts, checks a
start and refuses the rest; an exclusion constraint makes an overlap impossible whatever any code does.
"""

from moorage.domains.availability.errors import (
    InvalidRecurrenceError,
    InvalidScheduleError,
    InvalidTimezoneError,
    SessionConflictError,
    TimeTakenError,
    TooManySessionsError,
    UnboundedRecurrenceError,
)
from moorage.domains.availability.local_time import (
    AmbiguousLocalTimeError,
    NonexistentLocalTimeError,
    resolve_local,
)
from moorage.domains.availability.operations import CreatedSessions
from moorage.domains.availability.policy import DayOfStarts, Override, Schedule, WeeklyRule, Window
from moorage.domains.availability.queries import Block, FreePractitioner, ServiceTiming, Session
from moorage.domains.availability.recurrence import expand

__all__ = [
    "AmbiguousLocalTimeError",
    "Block",
    "CreatedSessions",
    "DayOfStarts",
    "FreePractitioner",
    "InvalidRecurrenceError",
    "InvalidScheduleError",
    "InvalidTimezoneError",
    "NonexistentLocalTimeError",
    "Override",
    "Schedule",
    "ServiceTiming",
    "Session",
    "SessionConflictError",
    "TimeTakenError",
    "TooManySessionsError",
    "UnboundedRecurrenceError",
    "WeeklyRule",
    "Window",
    "expand",
    "resolve_local",
]
