"""Lists and sums of payments, refunds and disputes. Row-level security decides what is there for whoever asks: for an
administrator all, for everybody else their own; filters narrow it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, func, or_, select

from moorage.domains.payments.queries import PaymentRow, RefundRow
from moorage.domains.payments.refund_tables import disputes, refunds
from moorage.domains.payments.states import BY_HAND, DisputeStatus, PaymentStatus
from moorage.domains.payments.tables import payments
from moorage.kernel.db import Connection, fetch_built

CARD: Final = "card"
"""Any card: a method that is kept with the brand and the last four digits, like `visa 4242`."""

Order = Sequence[tuple[str, bool]]
"""(a key of ORDERINGS, whether it descends), the first before the others."""

ORDERINGS: Final = {"created_at": "created_at", "amount": "amount_minor", "status": "status"}
NEWEST_FIRST: Final = (("created_at", True),)
_SUMS: Final = """
SELECT payment_method, status, currency, payment_count, total_amount FROM payment_summary
 WHERE (SELECT asking_admin()) ORDER BY payment_method, status, currency
"""


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments: each given field narrows. `payer_id` None: anybody's. `method` is a payment's method or provider,
    or `card`; `by` its provider, or its method where it was recorded by hand; made in [`from_`, `to`).
    """

    payer_id: UUID | None = None
    purpose_id: UUID | None = None
    statuses: Sequence[PaymentStatus] | None = None
    purpose: str | None = None
    provider: str | None = None
    method: str | None = None
    by: str | None = None
    from_: datetime | None = None
    to: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """Which refunds: each given field narrows."""

    payment_id: UUID | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute. `held_minor`: what of it the payment had not given back yet."""

    id: UUID
    payment_id: UUID
    provider: str
    provider_ref: str
    amount_minor: int
    held_minor: int
    currency: str
    status: DisputeStatus
    reason: str
    evidence_due_at: datetime | None
    closed_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentSum:
    """One row of the view payment_summary, in its own words; `total_amount` in whole units."""

    payment_method: str
    status: PaymentStatus
    currency: str
    payment_count: int
    total_amount: Decimal


async def payments_listed(
    db: Connection, wanted: PaymentFilter, order: Order = NEWEST_FIRST, *, limit: int, offset: int
) -> tuple[list[PaymentRow], int]:
    """One page of payments, and how many there are."""
    rows, count = await _page(db, payments, PaymentRow, _payments(wanted), order, limit=limit, offset=offset)
    return [PaymentRow(**row) for row in rows], count


async def payments_summed(db: Connection) -> list[PaymentSum]:
    """Every row of payment_summary, for an administrator; nothing for anybody else."""
    return [PaymentSum(**row) for row in await db.fetch(_SUMS)]


async def refunds_listed(
    db: Connection, wanted: RefundFilter, *, limit: int, offset: int
) -> tuple[list[RefundRow], int]:
    """One page of refunds, the newest first, and how many there are."""
    where = [] if wanted.payment_id is None else [refunds.c.payment_id == wanted.payment_id]
    where += [] if wanted.status is None else [refunds.c.status == wanted.status]
    rows, count = await _page(db, refunds, RefundRow, where, limit=limit, offset=offset)
    return [RefundRow(**row) for row in rows], count


async def disputes_listed(
    db: Connection, status: str | None, *, limit: int, offset: int
) -> tuple[list[DisputeRow], int]:
    """One page of disputes, the newest first, and how many there are."""
    where = [] if status is None else [disputes.c.status == status]
    rows, count = await _page(db, disputes, DisputeRow, where, limit=limit, offset=offset)
    return [DisputeRow(**row) for row in rows], count


async def dispute(db: Connection, dispute_id: UUID) -> DisputeRow | None:
    """One dispute, as far as whoever is asking sees it."""
    columns = [disputes.c[name] for name in DisputeRow.__slots__]
    rows = await fetch_built(db, select(*columns).where(disputes.c.id == dispute_id))
    return DisputeRow(**rows[0]) if rows else None


def _payments(wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    at = payments.c
    where: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (at.payer_id, wanted.payer_id),
            (at.purpose_id, wanted.purpose_id),
            (at.purpose, wanted.purpose),
            (at.provider, wanted.provider),
        )
        if value is not None
    ]
    if wanted.statuses is not None:
        where.append(at.status.in_(wanted.statuses))
    if wanted.by is not None:
        where.append(or_(at.provider == wanted.by, and_(at.provider == BY_HAND, at.payment_method == wanted.by)))
    if wanted.method == CARD:
        where.append(or_(at.payment_method == CARD, at.payment_method.like("% ____")))
    elif wanted.method is not None:
        where.append(func.coalesce(at.payment_method, at.provider) == wanted.method)
    if wanted.from_ is not None:
        where.append(at.created_at >= wanted.from_)
    if wanted.to is not None:
        where.append(at.created_at < wanted.to)
    return where


async def _page(
    db: Connection,
    table: Table,
    row_type: Any,
    where: list[ColumnElement[bool]],
    order: Order = NEWEST_FIRST,
    *,
    limit: int,
    offset: int,
) -> tuple[list[Any], int]:
    count = await fetch_built(db, select(func.count()).select_from(table).where(*where))
    columns = [table.c[name] for name in row_type.__slots__]
    by = [(table.c[ORDERINGS[name]], descending) for name, descending in order]
    asked = select(*columns).where(*where)
    asked = asked.order_by(*(column.desc() if descends else column for column, descends in by), table.c.id.desc())
    return await fetch_built(db, asked.limit(limit).offset(offset)), count[0][0]
