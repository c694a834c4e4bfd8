"""What can be refused of availability."""

from moorage.kernel.errors import InvalidError, MoorageError


class InvalidTimezoneError(InvalidError):
    """That is not an IANA time zone, like Europe/London."""

    code = "invalid_timezone"


class InvalidScheduleError(InvalidError):
    """Weekly hours and overrides are windows of 1 to 1440 minutes, and each date is overridden once."""

    code = "invalid_schedule"


class InvalidRecurrenceError(InvalidError):
    """The recurrence is not a rule of RFC 5545 that this takes: DAILY, WEEKLY, MONTHLY or YEARLY, by days."""

    code = "invalid_recurrence"


class UnboundedRecurrenceError(InvalidError):
    """The recurrence never ends: give COUNT or UNTIL in the rule, or `until`."""

    code = "unbounded_recurrence"


class TooManySessionsError(InvalidError):
    """That is more dates than can be made at once, or one too far ahead."""

    code = "too_many_sessions"


class SessionConflictError(MoorageError):
    """Some of the dates are taken; nothing was written. Leave them out, or ask for conflicts to be skipped."""

    code = "session_conflict"
    kind = "conflict"


class TimeTakenError(MoorageError):
    """Something occupies that time already."""

    code = "time_taken"
    kind = "conflict"
