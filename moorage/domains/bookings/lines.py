"""Bookings as lines of a list: what was booked when, by whom, and how it ended; no money, nobody who takes part."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from moorage.domains.bookings.queries import Asker
from moorage.kernel.db import Connection

Standing = Literal["scheduled", "completed", "cancelled", "no_show"]


@dataclass(frozen=True, slots=True)
class Line:
    """A booking. `session_id` is the date of a workshop; `standing`: held and confirmed are both scheduled."""

    id: UUID
    client_id: UUID
    service_id: UUID
    session_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    state_no: int | None
    special_requests: str
    standing: Standing
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of appointments with somebody, or of workshops and courses. None does not filter; `from_` and `to`
    bound the start, half-open.
    """

    of_trainings: bool
    standing: Standing | None = None
    from_: datetime | None = None
    to: datetime | None = None


_STANDING: Final = """
CASE WHEN b.status IN ('pending', 'confirmed') THEN 'scheduled'
     WHEN b.status = 'completed' AND NOT b.attended THEN 'no_show' ELSE b.status END
"""
_LINE: Final = f"""
SELECT b.id, b.client_id, b.service_id, b.session_id, b.starts_at, b.ends_at, b.state_no, b.special_requests,
       {_STANDING} AS standing, b.created_at, b.updated_at
"""
_SEEN: Final = "FROM bookings b WHERE b.parent_id IS NULL AND (b.client_id = $1 OR b.practitioner_id = $2 OR $3)"
_WANTED: Final = f"""
{_SEEN} AND $4 = (b.session_id IS NOT NULL OR EXISTS (SELECT FROM bookings c WHERE c.parent_id = b.id))
   AND ($5::text IS NULL OR {_STANDING} = $5)
   AND ($6::timestamptz IS NULL OR b.starts_at >= $6) AND ($7::timestamptz IS NULL OR b.starts_at < $7)
"""

_LIVE: Final = """
SELECT id FROM bookings
 WHERE client_id = $1 AND service_id = $2 AND parent_id IS NULL
   AND (status = 'confirmed' OR status = 'pending' AND hold_expires_at > now())
 ORDER BY created_at DESC, id DESC LIMIT 1
"""


async def line(db: Connection, booking_id: UUID, asker: Asker) -> Line | None:
    """One booking that the asker may see."""
    row = await db.fetchrow(f"{_LINE} {_SEEN} AND b.id = $4", *_who(asker), booking_id)
    return None if row is None else Line(**dict(row))


async def lines(db: Connection, asker: Asker, wanted: Wanted, *, limit: int, offset: int) -> tuple[list[Line], int]:
    """One page of the bookings that the asker may see, the latest start first, and how many there are."""
    chosen = (*_who(asker), wanted.of_trainings, wanted.standing, wanted.from_, wanted.to)
    total: int = await db.fetchval(f"SELECT count(*) {_WANTED}", *chosen)
    rows = await db.fetch(
        f"{_LINE} {_WANTED} ORDER BY b.starts_at DESC, b.id DESC LIMIT $8 OFFSET $9", *chosen, limit, offset
    )
    return [Line(**dict(row)) for row in rows], total


async def live_booking(db: Connection, client_id: UUID, service_id: UUID) -> UUID | None:
    """A client's latest booking of a service that is held or confirmed, as far as the asker sees it."""
    found: UUID | None = await db.fetchval(_LIVE, client_id, service_id)
    return found


def _who(asker: Asker) -> tuple[UUID, UUID | None, bool]:
    return asker.user_id, asker.practitioner_id, asker.is_admin
