"""Every read of the ledger, with typed rows. Amounts are minor units of the row's currency; an amount on a
practitioner's account is positive where it is owed to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, select

from moorage.domains.ledger.tables import accounts, earnings, entries, transactions
from moorage.kernel.db import Connection, fetch_built

EarningStatus = Literal["pending", "available", "paid", "reversed"]


@dataclass(frozen=True, slots=True)
class EarningRow:
    """What one payment earned its practitioner, and what was taken back of it."""

    id: UUID
    booking_id: UUID
    currency: str
    gross_minor: int
    commission_bps: int
    commission_minor: int
    net_minor: int
    reversed_gross_minor: int
    reversed_commission_minor: int
    status: EarningStatus
    is_held: bool
    available_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A practitioner's earnings in one currency: all that was earned, less what was taken back, the balances, and what
    was paid out and did not come back.
    """

    currency: str
    gross_minor: int
    commission_minor: int
    net_minor: int
    pending_minor: int
    available_minor: int
    in_transit_minor: int
    paid_minor: int
    month_net_minor: int
    count: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line on a practitioner's account, with the balance after it."""

    id: UUID
    kind: str
    account: str
    amount_minor: int
    balance_after_minor: int
    currency: str
    reference_type: str
    reference_id: UUID
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a practitioner's list: each given field narrows. `order` holds (name, descending)."""

    status: str | None = None
    kind: str | None = None
    currency: str | None = None
    booking_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    order: tuple[tuple[str, bool], ...] = (("created_at", True),)
    limit: int = 20
    offset: int = 0


EARNING_ORDERINGS = ("created_at", "available_at", "gross_amount", "net_amount")
ENTRY_ORDERINGS = ("created_at", "amount")
_SUMMARY = """
SELECT coalesce(e.currency, b.currency) AS currency,
       coalesce(e.gross, 0)::bigint AS gross_minor, coalesce(e.commission, 0)::bigint AS commission_minor,
       coalesce(e.gross - e.commission, 0)::bigint AS net_minor,
       coalesce(b.pending, 0)::bigint AS pending_minor, coalesce(b.available, 0)::bigint AS available_minor,
       coalesce(b.in_transit, 0)::bigint AS in_transit_minor,
       (coalesce(s.sent, 0) - coalesce(b.in_transit, 0))::bigint AS paid_minor,
       coalesce(e.month_net, 0)::bigint AS month_net_minor,
       coalesce(e.count, 0)::bigint AS count
  FROM (SELECT currency, count(*), sum(gross_minor - reversed_gross_minor) AS gross,
               sum(commission_minor - reversed_commission_minor) AS commission,
               sum(net_minor - reversed_gross_minor + reversed_commission_minor)
                 FILTER (WHERE created_at >= $2) AS month_net
          FROM earnings WHERE practitioner_id = $1 AND NOT is_sale GROUP BY currency) AS e
  FULL JOIN (SELECT a.currency, -sum(l.balance_minor) FILTER (WHERE a.code LIKE 'earnings\\_pending:%') AS pending,
                    -sum(l.balance_minor) FILTER (WHERE a.code LIKE 'earnings\\_available:%') AS available,
                    -sum(l.balance_minor) FILTER (WHERE a.code LIKE 'payout\\_in\\_transit:%') AS in_transit
               FROM ledger_accounts a JOIN ledger_balances l ON l.account_no = a.no
              WHERE a.owner_id = $1 GROUP BY a.currency) AS b ON b.currency = e.currency
  LEFT JOIN (SELECT a.currency, sum(l.amount_minor) AS sent
               FROM ledger_accounts a JOIN ledger_entries l ON l.account_no = a.no
               JOIN ledger_transactions t ON t.id = l.transaction_id AND t.kind IN ('payout', 'payout_returned')
              WHERE a.code = 'earnings_available:' || $1::uuid GROUP BY a.currency) AS s ON s.currency = b.currency
 ORDER BY 1
"""


async def earnings_of(db: Connection, practitioner_id: UUID, wanted: Wanted) -> tuple[list[EarningRow], int]:
    """One page of what a practitioner earned, and how many rows there are."""
    names = [name for name in EarningRow.__slots__ if name != "is_held"]
    columns = [earnings.c[name] for name in names] + [earnings.c.held_at.is_not(None).label("is_held")]
    where = [earnings.c.practitioner_id == practitioner_id, ~earnings.c.is_sale]
    if wanted.booking_id is not None:
        where.append(earnings.c.booking_id == wanted.booking_id)
    if wanted.status is not None:
        where.append(earnings.c.status == wanted.status)
    where += _narrowed(earnings, earnings.c.created_at, wanted)
    order = {
        "created_at": earnings.c.created_at,
        "available_at": earnings.c.available_at,
        "gross_amount": earnings.c.gross_minor,
        "net_amount": earnings.c.net_minor,
    }
    count = await fetch_built(db, select(func.count()).select_from(earnings).where(*where))
    page = select(*columns).where(*where).order_by(*_ordered(order, wanted), earnings.c.id.desc())
    rows = await fetch_built(db, page.limit(wanted.limit).offset(wanted.offset))
    return [EarningRow(**row) for row in rows], count[0][0]


async def summary_of(db: Connection, practitioner_id: UUID, month_start: datetime) -> list[SummaryRow]:
    """A practitioner's totals by currency; `month_start` begins what counts as this month."""
    return [SummaryRow(**row) for row in await db.fetch(_SUMMARY, practitioner_id, month_start)]


async def entries_of(db: Connection, practitioner_id: UUID, wanted: Wanted) -> tuple[list[EntryRow], int]:
    """One page of the lines on a practitioner's accounts, and how many there are."""
    joined = entries.join(accounts, accounts.c.no == entries.c.account_no).join(
        transactions, transactions.c.id == entries.c.transaction_id
    )
    where = [accounts.c.owner_id == practitioner_id]
    if wanted.kind is not None:
        where.append(transactions.c.kind == wanted.kind)
    if wanted.status is not None:
        prefix = "payout" if wanted.status == "in_transit" else "earnings"
        where.append(accounts.c.code == f"{prefix}_{wanted.status}:{practitioner_id}")
    where += _narrowed(accounts, transactions.c.posted_at, wanted)
    columns = [
        transactions.c.id,
        transactions.c.kind,
        func.split_part(accounts.c.code, ":", 1).label("account"),
        (-entries.c.amount_minor).label("amount_minor"),
        (-entries.c.balance_after_minor).label("balance_after_minor"),
        transactions.c.currency,
        transactions.c.reference_type,
        transactions.c.reference_id,
        transactions.c.posted_at,
    ]
    order = {"created_at": transactions.c.posted_at, "amount": -entries.c.amount_minor}
    count = await fetch_built(db, select(func.count()).select_from(joined).where(*where))
    page = (
        select(*columns)
        .select_from(joined)
        .where(*where)
        .order_by(*_ordered(order, wanted), transactions.c.id.desc(), entries.c.line)
    )
    rows = await fetch_built(db, page.limit(wanted.limit).offset(wanted.offset))
    return [EntryRow(**row) for row in rows], count[0][0]


def _narrowed(table: Table, at: ColumnElement[datetime], wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.currency is not None:
        where.append(table.c.currency == wanted.currency)
    if wanted.since is not None:
        where.append(at >= wanted.since)
    if wanted.until is not None:
        where.append(at < wanted.until)
    return where


def _ordered(known: Mapping[str, ColumnElement[Any]], wanted: Wanted) -> list[ColumnElement[Any]]:
    return [known[name].desc() if descending else known[name].asc() for name, descending in wanted.order]
