"""The verbs of payments that its own SQL functions carry out: the inbox, and the rows of calls to providers.

All take a connection and commit nothing; those that are one statement may be given a bare connection.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from moorage.domains.payments.gateway_values import ProviderEvent
from moorage.domains.payments.states import PaymentMode
from moorage.kernel.db import Connection


@dataclass(frozen=True, slots=True)
class ClaimedOperation:
    """A call that is ours to make now, with what it needs of its payment and refund. Amounts in minor units.
    `was` is the operation's status before: anything but 'planned' means that an earlier call may have been made.
    """

    id: UUID
    was: str
    kind: str
    request: Mapping[str, Any]
    attempts: int
    refund_id: UUID | None
    refund_minor: int | None
    payment_id: UUID
    provider: str
    provider_ref: str | None
    status: str
    amount_minor: int
    currency: str
    purpose: str
    purpose_id: UUID | None
    is_stopping: bool
    capture_method: Literal["automatic", "manual"]
    mode: PaymentMode
    lines: Sequence[Mapping[str, Any]] | None
    description: str | None
    return_url: str | None
    cancel_url: str | None
    payer_email: str | None
    customer: str | None
    expires_at: datetime | None
    tax_minor: int


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A verified event on its way into the inbox: our row's id, the provider's id and name of it, its raw bytes."""

    id: UUID
    provider: str
    event_id: str
    event_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ClaimedEvent:
    """A stored event that is ours to process now; `attempts` counts this one."""

    id: UUID
    provider: str
    event_type: str
    body: bytes
    attempts: int


async def claim_operation(db: Connection, operation_id: UUID, lease: timedelta) -> ClaimedOperation | None:
    """Take a call for making, before `lease` is over; None when it is not due or somebody else has it."""
    row = await db.fetchrow("SELECT * FROM claim_operation($1, $2)", operation_id, lease)
    return None if row is None else ClaimedOperation(**row)


async def close_operation(
    db: Connection,
    operation_id: UUID,
    status: str,
    *,
    answer: Mapping[str, Any] | None = None,
    error: str | None = None,
    wait: timedelta = timedelta(0),
) -> None:
    """Write how a call ended: 'answered', 'abandoned', or 'unknown', to be asked about after `wait`."""
    await db.execute("SELECT close_operation($1, $2, $3, $4, $5)", operation_id, status, answer, error, wait)


async def due_operations(db: Connection, limit: int, planned_after: timedelta) -> list[UUID]:
    """Calls that nobody is busy with though they are due; planned ones once they have waited `planned_after`."""
    return [row[0] for row in await db.fetch("SELECT due_operations($1, $2)", limit, planned_after)]


async def note_refund_reference(db: Connection, refund_id: UUID, reference: str) -> None:
    """Keep the provider's id of a refund that it has taken and not finished."""
    await db.execute("SELECT note_refund_reference($1, $2)", refund_id, reference)


async def store_events(db: Connection, events: Sequence[NewEvent]) -> list[bool]:
    """Put verified events into the inbox with one statement; for each whether it was new."""
    stored: list[bool] = await db.fetchval(
        "SELECT store_events($1, $2, $3, $4, $5)",
        [event.id for event in events],
        [event.provider for event in events],
        [event.event_id for event in events],
        [event.event_type for event in events],
        [event.body for event in events],
    )
    return stored


async def count_rejection(db: Connection, provider: str, reason: str) -> None:
    """Count a delivery that was refused: all that is kept of it."""
    await db.execute("SELECT count_rejection($1, $2)", provider, reason)


async def claim_events(db: Connection, limit: int, lease: timedelta) -> list[ClaimedEvent]:
    """Take up to `limit` due events; who dies with them leaves them due again after `lease`."""
    return [ClaimedEvent(**row) for row in await db.fetch("SELECT * FROM claim_events($1, $2)", limit, lease)]


async def close_event(db: Connection, row_id: UUID, status: str, outcome: str) -> None:
    """Close an event as 'processed', 'ignored' or 'parked', with what came of it."""
    await db.execute("SELECT close_event($1, $2, $3)", row_id, status, outcome)


async def postpone_event(db: Connection, row_id: UUID, outcome: str, wait: timedelta) -> None:
    """Have an event wait for another try."""
    await db.execute("SELECT postpone_event($1, $2, $3)", row_id, outcome, wait)


async def replay_event(db: Connection, row_id: UUID) -> bool:
    """Have a stored event processed once more from the start; False when there is none."""
    found: bool = await db.fetchval("SELECT replay_event($1)", row_id)
    return found


async def record_dispute(db: Connection, row_id: UUID, payment_id: UUID, event: ProviderEvent) -> str:
    """What a provider says of a dispute: 'moved', 'repeated' or 'impossible'. Raises NotFoundError,
    InvalidStateError when the payment has not succeeded here (yet).
    """
    outcome: str = await db.fetchval(
        "SELECT record_dispute($1, $2, $3, $4, $5, $6, $7, $8)",
        row_id,
        payment_id,
        event.dispute_reference,
        event.amount_minor,
        event.dispute_status,
        event.dispute_reason,
        event.evidence_due_at,
        {"event": event.event_id, "fees": [asdict(fee) for fee in event.fees]},
    )
    return outcome


async def move_cursor(db: Connection, provider: str, until: datetime) -> None:
    """Remember until when a provider's own list of events was read."""
    await db.execute("SELECT move_cursor($1, $2)", provider, until)
