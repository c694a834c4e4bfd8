"""Verbs of availability. They take a connection and never commit; who may is checked where the rows are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Range

from moorage.domains.availability.errors import SessionConflictError, TimeTakenError, TooManySessionsError
from moorage.domains.availability.policy import Schedule, check_schedule
from moorage.domains.availability.queries import Session
from moorage.domains.availability.recurrence import MAX_SESSIONS
from moorage.kernel.db import Connection
from moorage.kernel.ids import Ids


@dataclass(frozen=True, slots=True)
class CreatedSessions:
    """The sessions that were created, and the starts that were taken already and skipped."""

    sessions: tuple[Session, ...]
    skipped: tuple[datetime, ...] = ()


_REPLACE_SCHEDULE = "SELECT replace_schedule($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"

_CREATE_SESSIONS = """
SELECT id, starts_at, ends_at, capacity, is_conflict FROM create_sessions($1, $2, $3, $4, $5, $6)
"""

_BLOCK = "SELECT block_time($1, $2, $3)"

_UNBLOCK = "SELECT unblock_time($1)"

_REPLACE_BUSY = "SELECT replace_outside_busy($1, $2, $3)"

_ROLL = "SELECT roll_free_days($1, $2)"


async def replace_schedule(db: Connection, practitioner_id: UUID, schedule: Schedule) -> None:
    """Replace zone, weekly hours and overrides whole; the search summary follows. Bookings stay as they are.
    Raises InvalidScheduleError, InvalidTimezoneError, NotFoundError, ForbiddenError (neither theirs nor an admin).
    """
    check_schedule(schedule)
    weekly = schedule.weekly
    windows = [(override.day, window) for override in schedule.overrides for window in override.windows]
    await db.execute(
        _REPLACE_SCHEDULE,
        practitioner_id,
        schedule.timezone,
        [rule.weekday for rule in weekly],
        [rule.window.start_minute for rule in weekly],
        [rule.window.minutes for rule in weekly],
        [rule.valid_from for rule in weekly],
        [rule.valid_to for rule in weekly],
        [override.day for override in schedule.overrides],
        [day for day, _ in windows],
        [window.start_minute for _, window in windows],
        [window.minutes for _, window in windows],
    )


async def create_sessions(
    db: Connection,
    service_id: UUID,
    starts: Sequence[datetime],
    ids: Ids,
    *,
    capacity: int | None = None,
    skip_conflicts: bool = False,
) -> CreatedSessions:
    """Create a session of a workshop or course at each of `starts` (aware), with the practitioner's claim on its time.
    `capacity` None: the service's. Conflicts are all reported with nothing written, or skipped and listed.
    Raises SessionConflictError with `conflicts` (RFC 3339, UTC), TooManySessionsError, NotFoundError, ForbiddenError.
    """
    if len(starts) > MAX_SESSIONS:
        raise TooManySessionsError(f"At most {MAX_SESSIONS} dates can be made at once.")
    rows = await db.fetch(
        _CREATE_SESSIONS,
        service_id,
        list(starts),
        [ids() for _ in starts],
        [ids() for _ in starts],
        capacity,
        skip_conflicts,
    )
    taken = tuple(row["starts_at"] for row in rows if row["is_conflict"])
    if taken and not skip_conflicts:
        raise SessionConflictError(conflicts=[start.isoformat() for start in taken])
    created = tuple(
        Session(row["id"], service_id, row["starts_at"], row["ends_at"], row["capacity"], row["capacity"])
        for row in rows
        if not row["is_conflict"]
    )
    return CreatedSessions(created, taken)


async def block_time(
    db: Connection, block_id: UUID, practitioner_id: UUID, starts_at: datetime, ends_at: datetime
) -> None:
    """The practitioner keeps [starts_at, ends_at) for themselves. Raises TimeTakenError, ForbiddenError."""
    if not await db.fetchval(_BLOCK, block_id, practitioner_id, Range(starts_at, ends_at)):
        raise TimeTakenError


async def unblock_time(db: Connection, block_id: UUID) -> None:
    """Give a blocked stretch back. Raises NotFoundError, ForbiddenError."""
    await db.execute(_UNBLOCK, block_id)


async def replace_outside_busy(
    db: Connection, resource_no: int, source: str, busy: Sequence[tuple[datetime, datetime]]
) -> None:
    """What the outside calendar `source` says occupies a practitioner's time, whole: read as busy from now on."""
    await db.execute(_REPLACE_BUSY, resource_no, source, [Range(begins, ends) for begins, ends in busy])


async def roll_free_days(db: Connection, after: int, limit: int = 200) -> int | None:
    """Extend the search summary of the next `limit` practitioners above resource `after`, as far as it has to reach;
    the last resource looked at, None when there are no more. Run daily, a batch to a transaction.
    """
    last: int | None = await db.fetchval(_ROLL, after, limit)
    return last
