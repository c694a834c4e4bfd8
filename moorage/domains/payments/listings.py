"""Lists and sums of payments for whoever is asking; row-level security decides what they see, and filters narrow it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from moorage.domains.payments.queries import PaymentRow
from moorage.domains.payments.tables import payments
from moorage.kernel.db import Connection, fetch_built

BY_HAND: Final = "manual"
"""The provider of payments that a person records."""

_ROW: Final = tuple(payments.c[name] for name in PaymentRow.__slots__)
_SUMS: Final = """
SELECT payment_method, status, currency, payment_count, total_amount FROM payment_summary
 WHERE (SELECT asking_admin()) ORDER BY payment_method, status, currency
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which payments: each given field narrows. `method` is a provider's name or a method of payments by hand;
    `created_to` is not included.
    """

    payer_id: UUID | None = None
    statuses: Sequence[str] | None = None
    method: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """One row of the view payment_summary, in its own words; `total_amount` in minor units."""

    payment_method: str
    status: str
    currency: str
    payment_count: int
    total_amount: int


async def list_payments(db: Connection, wanted: Wanted, *, limit: int, offset: int) -> tuple[list[PaymentRow], int]:
    """One page, the newest first, and how many there are."""
    where = _conditions(wanted)
    count = await fetch_built(db, select(func.count()).select_from(payments).where(*where))
    page = select(*_ROW).where(*where).order_by(payments.c.created_at.desc(), payments.c.id.desc())
    return [PaymentRow(**row) for row in await fetch_built(db, page.limit(limit).offset(offset))], count[0][0]


async def summary(db: Connection) -> list[Sum]:
    """Every row of payment_summary, for an administrator; nothing for anybody else."""
    return [Sum(**{**dict(row), "total_amount": int(row["total_amount"])}) for row in await db.fetch(_SUMS)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.payer_id is not None:
        where.append(payments.c.payer_id == wanted.payer_id)
    if wanted.statuses is not None:
        where.append(payments.c.status.in_(wanted.statuses))
    if wanted.method is not None:
        by_hand = and_(payments.c.provider == BY_HAND, payments.c.payment_method == wanted.method)
        where.append(or_(payments.c.provider == wanted.method, by_hand))
    if wanted.created_from is not None:
        where.append(payments.c.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        where.append(payments.c.created_at < wanted.created_to)
    return where
