"""Every read of payments, with typed rows. Amounts are minor units of the row's currency."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from moorage.domains.payments.gateway_values import ProviderEvent
from moorage.domains.payments.inbox_tables import provider_cursors, webhook_events, webhook_rejections
from moorage.domains.payments.provider_tables import provider_operations
from moorage.domains.payments.refund_tables import refunds
from moorage.domains.payments.states import EventStatus, PaymentStatus, RefundStatus
from moorage.domains.payments.tables import payments
from moorage.kernel.db import Connection, fetch_built


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as its payer may see it. `amount_minor` is what is to be collected, after a capture in part what was
    collected; `authorized_minor` what was reserved. `provider_ids`: the provider's further ids of it, by their names.
    """

    id: UUID
    no: int
    purpose: str
    purpose_id: UUID | None
    payer_id: UUID | None
    payer_email: str | None
    status: PaymentStatus
    provider: str
    provider_ref: str | None
    provider_ids: Mapping[str, str]
    payment_method: str | None
    capture_method: str
    mode: str
    amount_minor: int
    authorized_minor: int | None
    refunded_minor: int
    refund_pending_minor: int
    disputed_minor: int
    tax_minor: int
    fee_minor: int | None
    fee_currency: str | None
    currency: str
    failure_code: str | None
    client_secret: str | None
    checkout_url: str | None
    description: str | None
    lines: Sequence[Mapping[str, Any]] | None
    return_url: str | None
    cancel_url: str | None
    metadata: Mapping[str, Any]
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    succeeded_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund, `tax_minor` of it being tax. `origin` is `external` for one made in the provider's own dashboard."""

    id: UUID
    payment_id: UUID
    amount_minor: int
    tax_minor: int
    currency: str
    status: RefundStatus
    reason: str
    notes: str | None
    provider_ref: str | None
    failure_code: str | None
    origin: str
    requested_by: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OperationRow:
    """How far a call to a provider came."""

    id: UUID
    kind: str
    status: str
    error: str | None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """How many deliveries of a provider were refused on a day (of UTC), and why; nothing else is kept of them."""

    provider: str
    day: date
    reason: str
    deliveries: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """A provider's stored event, without its body."""

    id: UUID
    provider: str
    event_id: str
    event_type: str
    status: EventStatus
    outcome: str | None
    attempts: int
    received_at: datetime
    processed_at: datetime | None


_ROW = tuple(payments.c[name] for name in PaymentRow.__slots__)
_REFUND = tuple(refunds.c[name] for name in RefundRow.__slots__)
# By which of its further ids an event may name a payment.
_NAMES = ("payment_intent", "payment", "order", "checkout_session", "charge", "capture", "authorization", "sale")


async def payment(db: Connection, payment_id: UUID) -> PaymentRow | None:
    """The payment, as far as whoever is asking sees it."""
    rows = await fetch_built(db, select(*_ROW).where(payments.c.id == payment_id))
    return PaymentRow(**rows[0]) if rows else None


async def refund(db: Connection, refund_id: UUID) -> RefundRow | None:
    """The refund, as far as whoever is asking sees it."""
    rows = await fetch_built(db, select(*_REFUND).where(refunds.c.id == refund_id))
    return RefundRow(**rows[0]) if rows else None


async def operation(db: Connection, operation_id: UUID) -> OperationRow | None:
    """A call to a provider, by its id."""
    columns = [provider_operations.c[name] for name in OperationRow.__slots__]
    rows = await fetch_built(db, select(*columns).where(provider_operations.c.id == operation_id))
    return OperationRow(**rows[0]) if rows else None


async def payment_of_payer(db: Connection, payment_id: UUID, payer_id: UUID) -> PaymentRow | None:
    """The payment, if it is this payer's."""
    rows = await fetch_built(db, select(*_ROW).where(payments.c.id == payment_id, payments.c.payer_id == payer_id))
    return PaymentRow(**rows[0]) if rows else None


async def payments_under_way(db: Connection, purpose_id: UUID) -> list[tuple[UUID, str]]:
    """(id, status) of the payments for one thing that have collected nothing yet, and of those that failed: also where
    their payer may try another method.
    """
    rows = await db.fetch(
        """
        SELECT id, CASE WHEN failure_code IS NULL THEN status ELSE 'failed' END AS status FROM payments
         WHERE purpose_id = $1 AND status IN ('pending', 'requires_action', 'processing', 'failed')
         ORDER BY created_at, id
        """,
        purpose_id,
    )
    return [(row["id"], row["status"]) for row in rows]


async def operation_under_way(db: Connection, payment_id: UUID, kind: str) -> UUID | None:
    """The payment's call of that kind which has not been answered, if there is one."""
    found: UUID | None = await db.fetchval(
        """
        SELECT id FROM provider_operations
         WHERE payment_id = $1 AND kind = $2 AND status IN ('planned', 'called', 'unknown') ORDER BY created_at LIMIT 1
        """,
        payment_id,
        kind,
    )
    return found


async def operation_status(db: Connection, operation_id: UUID) -> str | None:
    """How far a call came: planned, called, answered, unknown or abandoned."""
    rows = await fetch_built(db, select(provider_operations.c.status).where(provider_operations.c.id == operation_id))
    return rows[0][0] if rows else None


async def payment_of_event(db: Connection, provider: str, event: ProviderEvent) -> tuple[UUID, str] | None:
    """Our payment that an event is about, and its currency: by our id as the provider carries it, else by the
    provider's ids.
    """
    names = [event.reference, *(value for name, value in event.ids.items() if name in _NAMES)]
    row = await db.fetchrow(
        "SELECT id, currency FROM payments WHERE id = find_payment($1, $2, $3)",
        provider,
        event.payment_id,
        [name for name in names if name is not None],
    )
    return None if row is None else (row["id"], row["currency"])


async def refund_amount(db: Connection, refund_id: UUID, payment_id: UUID) -> int | None:
    """The amount of our refund of that payment; None when there is none."""
    rows = await fetch_built(
        db, select(refunds.c.amount_minor).where(refunds.c.id == refund_id, refunds.c.payment_id == payment_id)
    )
    return rows[0][0] if rows else None


async def is_release(db: Connection, payment_id: UUID, amount_minor: int) -> bool:
    """Whether exactly this much of a payment was reserved and never collected."""
    given_up = or_(
        payments.c.status == "canceled", payments.c.authorized_minor - payments.c.amount_minor == amount_minor
    )
    return bool(await fetch_built(db, select(payments.c.id).where(payments.c.id == payment_id, given_up)))


async def polled_until(db: Connection, provider: str) -> datetime | None:
    """Until when the provider's own list of events was read."""
    rows = await fetch_built(db, select(provider_cursors.c.polled_until).where(provider_cursors.c.provider == provider))
    return rows[0][0] if rows else None


async def refused_deliveries(db: Connection, *, limit: int, offset: int) -> tuple[list[RefusedRow], int]:
    """One page of the deliveries that nobody believed, the latest days first, and how many counts there are."""
    counted = webhook_rejections.c
    columns = [counted[name] for name in RefusedRow.__slots__]
    count = await fetch_built(db, select(func.count()).select_from(webhook_rejections))
    page = select(*columns).order_by(counted.day.desc(), counted.provider, counted.reason)
    return [RefusedRow(**row) for row in await fetch_built(db, page.limit(limit).offset(offset))], count[0][0]


async def stored_events(
    db: Connection, status: str | None, provider: str | None, *, limit: int, offset: int
) -> tuple[list[EventRow], int]:
    """One page of what providers told us, the newest first, and how many there are."""
    columns = [webhook_events.c[name] for name in EventRow.__slots__]
    where: list[ColumnElement[bool]] = []
    if status is not None:
        where.append(webhook_events.c.status == status)
    if provider is not None:
        where.append(webhook_events.c.provider == provider)
    count = await fetch_built(db, select(func.count(webhook_events.c.id)).where(*where))
    page = select(*columns).where(*where).order_by(webhook_events.c.id.desc())  # as they came in
    return [EventRow(**row) for row in await fetch_built(db, page.limit(limit).offset(offset))], count[0][0]
