"""Every read of payouts, with typed rows. Amounts are minor units of the row's currency. Who asks decides what is
there, by row-level security.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select

from moorage.domains.payouts.tables import payouts
from moorage.kernel.db import Connection, fetch_built

PayoutStatus = Literal["requested", "in_transit", "paid", "failed"]
PayoutMethod = Literal["provider", "manual"]


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One payout. `method` is 'provider' or 'manual'; `week` of an automatic one; `returned_minor` came back."""

    id: UUID
    practitioner_id: UUID
    amount_minor: int
    returned_minor: int
    currency: str
    status: PayoutStatus
    method: PayoutMethod
    provider: str
    provider_ref: str | None
    failure_code: str | None
    note: str | None
    week: date | None
    paid_at: datetime | None
    failed_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which payouts: each given field narrows. `order` holds (name, descending)."""

    practitioner_id: UUID | None = None
    status: str | None = None
    method: str | None = None
    currency: str | None = None
    order: tuple[tuple[str, bool], ...] = (("created_at", True),)
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class PayeeRow:
    """A practitioner's account at a provider."""

    practitioner_id: UUID
    provider: str
    provider_ref: str | None
    can_be_paid: bool
    details_submitted: bool
    missing: tuple[str, ...]


ORDERINGS = ("created_at", "amount")
_COLUMNS = [payouts.c[name] for name in PayoutRow.__slots__]


async def payout(db: Connection, payout_id: UUID) -> PayoutRow | None:
    """One payout, where the asker may see it."""
    rows = await fetch_built(db, select(*_COLUMNS).where(payouts.c.id == payout_id))
    return PayoutRow(**rows[0]) if rows else None


async def list_payouts(db: Connection, wanted: Wanted) -> tuple[list[PayoutRow], int]:
    """One page, and how many there are."""
    given = {
        payouts.c.practitioner_id: wanted.practitioner_id,
        payouts.c.status: wanted.status,
        payouts.c.method: wanted.method,
        payouts.c.currency: wanted.currency,
    }
    where = [column == value for column, value in given.items() if value is not None]
    known = {"created_at": payouts.c.created_at, "amount": payouts.c.amount_minor}
    order = [known[name].desc() if descending else known[name].asc() for name, descending in wanted.order]
    count = await fetch_built(db, select(func.count()).select_from(payouts).where(*where))
    page = select(*_COLUMNS).where(*where).order_by(*order, payouts.c.id.desc())
    rows = await fetch_built(db, page.limit(wanted.limit).offset(wanted.offset))
    return [PayoutRow(**row) for row in rows], count[0][0]


async def payout_at(db: Connection, provider: str, reference: str) -> UUID | None:
    """The payout that a provider calls by this name."""
    found: UUID | None = await db.fetchval(
        "SELECT id FROM payouts WHERE provider = $1 AND provider_ref = $2", provider, reference
    )
    return found


async def long_in_transit(db: Connection, age: timedelta, limit: int) -> list[tuple[UUID, str]]:
    """Payouts that have been on their way for `age` or longer, the oldest first: (id, provider)."""
    rows = await db.fetch(
        "SELECT id, provider FROM payouts WHERE status = 'in_transit' AND created_at <= now() - $1::interval"
        " ORDER BY created_at LIMIT $2",
        age,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


async def payee_at(db: Connection, provider: str, reference: str) -> PayeeRow | None:
    """Whose account at a provider this is."""
    row = await db.fetchrow(
        "SELECT practitioner_id, provider, provider_ref, can_be_paid, details_submitted, missing FROM payees"
        " WHERE provider = $1 AND provider_ref = $2",
        provider,
        reference,
    )
    return None if row is None else PayeeRow(**{**row, "missing": tuple(row["missing"])})


async def due_weekly(db: Connection, week: date, minimum: int, limit: int) -> list[tuple[UUID, str]]:
    """Whose automatic payouts of `week` are still to be made: (practitioner, currency)."""
    rows = await db.fetch("SELECT practitioner_id, currency FROM due_weekly_payouts($1, $2, $3)", week, minimum, limit)
    return [(row[0], row[1]) for row in rows]


async def only_currency(db: Connection, practitioner_id: UUID) -> str:
    """The currency that is meant where none is named. Raises InsufficientBalanceError (nothing is available),
    CurrencyRequiredError (there are several).
    """
    found: str = await db.fetchval("SELECT only_currency($1)", practitioner_id)
    return found
