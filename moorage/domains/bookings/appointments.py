"""A booking as stretches of time, for a calendar."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from moorage.domains.bookings.queries import Status
from moorage.kernel.db import Connection


@dataclass(frozen=True, slots=True)
class Appointment:
    """One stretch of time for a calendar; `sequence` counts its changes (RFC 5545, section 3.8.7.4)."""

    id: UUID
    status: Status
    starts_at: datetime
    ends_at: datetime
    title: str
    practitioner_name: str
    location: str
    sequence: int
    changed_at: datetime


async def appointments(db: Connection, booking_id: UUID, *, by: UUID) -> list[Appointment]:
    """A booking's appointments: one, or every date of a course. Empty when `by` may not see it."""
    rows = await db.fetch("SELECT * FROM appointments_of($1, $2)", booking_id, by)
    return [Appointment(*row) for row in rows]
