"""Every read of reports, with typed rows. Amounts are minor units of the report's currency. Each raises ForbiddenError
for whoever is no administrator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from moorage.kernel.db import Connection

TOP: Final = 10
"""How many customers a report names."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Payments counted and added up. `key`: of which interval (its number from 1), type or method; `collected`
    succeeded, whatever became of them; `orders` are those that begin one; `given_back` went back, wholly or in part.
    """

    key: str
    payments: int = 0
    collected: int = 0
    failed: int = 0
    canceled: int = 0
    orders: int = 0
    given_back: int = 0
    gross_minor: int = 0
    refunded_minor: int = 0
    lost_minor: int = 0

    @property
    def net_minor(self) -> int:
        """What was collected and is still here."""
        return self.gross_minor - self.refunded_minor - self.lost_minor


@dataclass(frozen=True, slots=True)
class RefundFigures:
    """Refunds for one reason."""

    reason: str
    refunds: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class DisputeFigures:
    """Disputes in one status, or in any where `status` is None; of how many payments they are."""

    status: str | None
    disputes: int
    payments: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class CustomerFigures:
    """What one payer has spent of all time, less what went back."""

    payer_id: UUID
    email: str | None
    name: str
    spent_minor: int
    payments: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentReport:
    """All of it. `intervals` has one element per interval, empty ones too; `currencies` are those of the period, the
    most frequent first.
    """

    currency: str
    currencies: list[str]
    total: Figures
    intervals: list[Figures]
    by_type: list[Figures]
    by_method: list[Figures]
    refunds: list[RefundFigures]
    disputes: list[DisputeFigures]
    top_customers: list[CustomerFigures]
    customers: int
    all_spent_minor: int


async def payment_report(
    db: Connection, edges: Sequence[datetime], days: Sequence[datetime], currency: str | None, *, otherwise: str
) -> PaymentReport:
    """The report of the payments made between the first and the last of `edges`, by the intervals that they cut; `days`
    are the edges of the days in the same stretch (`days_of`). Without `currency`: of the most frequent one, or of
    `otherwise` where there were none.
    """
    begins, ends = edges[0], edges[-1]
    rows = await db.fetch("SELECT * FROM report_payments($1, $2, $3)", currency, list(edges), list(days))
    found = {name: [_figures(row) for row in rows if row["dimension"] == name] for name in _DIMENSIONS}
    by_count = sorted(found["currency"], key=lambda each: (-each.payments, each.key))
    chosen = currency or (by_count[0].key if by_count else otherwise)
    refunds = await db.fetch("SELECT * FROM report_refunds($1, $2, $3)", chosen, begins, ends)
    disputes = await db.fetch("SELECT * FROM report_disputes($1, $2, $3)", chosen, begins, ends)
    spent, count, all_spent = await customers(db, chosen, limit=TOP, offset=0)
    by_number = {figures.key: figures for figures in found["interval"]}
    return PaymentReport(
        currency=chosen,
        currencies=[each.key for each in by_count],
        total=next(iter(found["total"]), Figures("")),
        intervals=[by_number.get(str(number), Figures(str(number))) for number in range(1, len(edges))],
        by_type=found["type"],
        by_method=found["method"],
        refunds=[RefundFigures(row["reason"], row["refunds"], int(row["amount_minor"])) for row in refunds],
        disputes=[
            DisputeFigures(row["status"], row["disputes"], row["payments"], int(row["amount_minor"] or 0))
            for row in disputes
        ],
        top_customers=spent,
        customers=count,
        all_spent_minor=all_spent,
    )


async def customers(
    db: Connection, currency: str, *, limit: int, offset: int
) -> tuple[list[CustomerFigures], int, int]:
    """Payers by what they have spent, most first: a page of them, how many there are, and what they spent together."""
    rows = await db.fetch("SELECT * FROM report_customers($1, $2, $3)", currency, limit, offset)
    found = [
        CustomerFigures(
            row["payer_id"],
            row["email"],
            row["name"],
            int(row["spent_minor"]),
            row["payments"],
            row["first_at"],
            row["last_at"],
        )
        for row in rows
        if row["payer_id"] is not None
    ]
    return found, rows[0]["customers"], int(rows[0]["all_spent_minor"])


_DIMENSIONS: Final = ("total", "interval", "type", "method", "currency")
_SUMS: Final = ("gross_minor", "refunded_minor", "lost_minor")


def _figures(row: asyncpg.Record) -> Figures:
    told: dict[str, Any] = {name: row[name] for name in Figures.__slots__}
    return Figures(**{**told, **{name: int(row[name]) for name in _SUMS}})


async def tally_begins(db: Connection) -> datetime | None:
    """When the first payment was made, as far as tallies go back."""
    begins: datetime | None = await db.fetchval("SELECT tally_begins()")
    return begins


async def tally_payments(db: Connection, days: Sequence[datetime], *, limit: int, timeout_s: float) -> int:
    """Take in what has changed, and add up at most `limit` more whole days of `days` (midnights, from the first
    payment's day to today's); answers how many are missing still.
    """
    missing: int = await db.fetchval("SELECT tally_payments($1, $2)", list(days), limit, timeout=timeout_s)
    return missing
