"""The verbs of bookings. Each takes a connection, is one call of a SQL function, and commits nothing of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from moorage.kernel.db import Connection


@dataclass(frozen=True, slots=True)
class Terms:
    """What the business decides for a hold: `commission_bps` below every tier; `above_units` and `tier_bps` are the
    tiers, thresholds in whole units of the currency, ascending.
    """

    hold_minutes: int
    commission_bps: int
    above_units: Sequence[int]
    tier_bps: Sequence[int]


@dataclass(frozen=True, slots=True)
class People:
    """Who takes part, one element per participant; None as a whole stands for the client alone. Without `names` and
    `emails` the client is the first, and the others go unnamed.
    """

    names: Sequence[str | None] | None
    emails: Sequence[str | None] | None
    options: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What a client chose. `starts_at` for a session, that or `session_id` for a workshop, neither for a course;
    `ends_at` is checked where given; `timezone` None takes the practitioner's.
    """

    booking_id: UUID
    client_id: UUID
    family_id: UUID | None
    service_id: UUID
    payment_id: UUID
    operation_id: UUID
    provider: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    session_id: UUID | None = None
    timezone: str | None = None
    people: People | None = None
    special_requests: str = ""
    address: str | None = None


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What changes of an order; None stays. `option` is that of everybody who comes."""

    places: int | None = None
    option: str | None = None
    address: str | None = None
    special_requests: str | None = None


@dataclass(frozen=True, slots=True)
class Refunding:
    """What ending a booking gives back (minor units), and the planned calls to providers that do so."""

    refund_minor: int
    operations: list[UUID]


HOLD: Final = (
    "SELECT * FROM hold_booking($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17::int,$18::int,$19,$20,$21)"
)
"""One statement, its own transaction."""


async def hold(db: Connection, request: HoldRequest, terms: Terms, now: datetime) -> asyncpg.Record:
    """Hold what was chosen and open its payment: a row of SQL's `held_booking`, whose `repeated` says that the booking
    existed already. One round trip; on a bare connection its own transaction. Raises InvalidTokenError,
    NotFoundError, ServiceUnavailableError, OwnServiceError, InvalidStartError, TooManyParticipantsError,
    OptionRequiredError, UnknownOptionError, InvalidRangeError, SlotUnavailableError.
    """
    people = request.people
    row = await db.fetchrow(
        HOLD,
        request.booking_id,
        request.client_id,
        request.family_id,
        now,
        request.service_id,
        request.starts_at,
        request.ends_at,
        request.session_id,
        request.timezone,
        people and people.names,
        people and people.emails,
        people and people.options,
        request.special_requests,
        request.payment_id,
        request.operation_id,
        request.provider,
        terms.hold_minutes,
        terms.commission_bps,
        terms.above_units,
        terms.tier_bps,
        request.address,
    )
    assert row is not None  # noqa: S101 - a function that answers a row always does
    return row


async def confirm(db: Connection, booking_id: UUID, *, by: UUID, now: datetime) -> list[UUID]:
    """Confirm a hold without a payment here; answers the planned calls that stop collecting. Raises NotFoundError,
    ForbiddenError, InvalidStateError, HoldExpiredError.
    """
    operations: list[UUID] = await db.fetchval("SELECT confirm_booking($1, $2, $3)", booking_id, by, now)
    return operations


async def extend_hold(db: Connection, booking_id: UUID, *, by: UUID, minutes: int) -> datetime:
    """Keep a hold for another `minutes` from now, once. Raises NotFoundError, ForbiddenError, InvalidStateError,
    HoldExpiredError.
    """
    expires_at: datetime = await db.fetchval("SELECT extend_hold($1, $2, $3)", booking_id, by, minutes)
    return expires_at


async def cancel(db: Connection, booking_id: UUID, *, by: UUID, reason: str | None, now: datetime) -> Refunding:
    """Cancel by the policy kept on the booking. Raises NotFoundError, InvalidStateError."""
    row = await db.fetchrow("SELECT * FROM cancel_booking($1, $2, $3, $4)", booking_id, by, reason, now)
    assert row is not None  # noqa: S101 - as above
    return Refunding(*row)


async def reschedule(
    db: Connection, booking_id: UUID, *, by: UUID, starts_at: datetime | None, session_id: UUID | None, now: datetime
) -> None:
    """Move a booking to another time or session of its service, or leave all as it was. Raises NotFoundError,
    InvalidStateError, HoldExpiredError, InvalidStartError, SlotUnavailableError.
    """
    await db.execute("SELECT reschedule_booking($1, $2, $3, $4, $5)", booking_id, by, starts_at, session_id, now)


async def complete(db: Connection, booking_id: UUID, *, by: UUID, now: datetime, refund_window_hours: int) -> None:
    """Mark as delivered. Raises NotFoundError, ForbiddenError, InvalidStateError."""
    await db.execute("SELECT complete_booking($1, $2, $3, $4)", booking_id, by, now, refund_window_hours)


async def mark_no_show(
    db: Connection, booking_id: UUID, *, by: UUID, now: datetime, refund_window_hours: int
) -> Refunding:
    """Mark as missed by the client; the policy's fee is kept. Raises NotFoundError, ForbiddenError,
    InvalidStateError.
    """
    row = await db.fetchrow("SELECT * FROM mark_no_show($1, $2, $3, $4)", booking_id, by, now, refund_window_hours)
    assert row is not None  # noqa: S101 - as above
    return Refunding(*row)


async def change(
    db: Connection,
    booking_id: UUID,
    *,
    by: UUID,
    special_requests: str | None,
    participants: Sequence[Mapping[str, Any]] | None,
) -> None:
    """Change what is written on a booking; each participant's mapping holds only what changes (name, email, option,
    attended, notes). None leaves it. Raises NotFoundError, ForbiddenError, InvalidStateError,
    ParticipantsFixedError.
    """
    people = None if participants is None else [dict(person) for person in participants]
    await db.execute("SELECT change_booking($1, $2, $3, $4)", booking_id, by, special_requests, people)


async def change_order(db: Connection, booking_id: UUID, change: OrderChange, *, by: UUID, now: datetime) -> list[UUID]:
    """Change how many come, at which option and where to, and the price with it; answers planned calls to providers.
    Raises NotFoundError, HoldExpiredError, InvalidStateError, TooManyParticipantsError, OptionRequiredError,
    UnknownOptionError.
    """
    calls: list[UUID] = await db.fetchval(
        "SELECT change_order($1, $2, $3, $4, $5, $6, $7)",
        booking_id,
        by,
        change.places,
        change.option,
        change.address,
        change.special_requests,
        now,
    )
    return calls


async def check_not_enrolled(
    db: Connection, booking_id: UUID, *, client_id: UUID, service_id: UUID, session_id: UUID | None, now: datetime
) -> None:
    """Raise AlreadyEnrolledError when the client has a place in this training (this date of it) by another booking.
    Who enrols the same person at the same time waits until this transaction ends.
    """
    await db.execute(
        "SELECT check_not_enrolled($1, $2, $3, $4, $5)", booking_id, client_id, service_id, session_id, now
    )


async def note_state(db: Connection, booking_id: UUID, state_no: int) -> None:
    """Note the practice's own code of the state that the asking client lives in."""
    await db.execute("SELECT note_state($1, $2)", booking_id, state_no)


async def release_expired_holds(db: Connection, *, limit: int) -> int:
    """Release up to `limit` holds that have expired by the database's clock; never waits. Answers how many."""
    released: int = await db.fetchval("SELECT release_expired_holds(NULL, NULL, $1)", limit)
    return released
