"""Every read of invoicing, with typed rows. Amounts are minor units of the row's currency.

`open` becomes `overdue` once its due date has passed, and an open quote `expired`: both are read off the clock that the
caller passes, so that no job has to have run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Literal
from uuid import UUID

from moorage.domains.invoicing.links import InvoiceRef, Kind
from moorage.kernel.db import Connection

# As they are read: `overdue` and `expired` are told by the clock, the others are kept.
InvoiceStatus = Literal["draft", "open", "overdue", "paid", "void", "uncollectible"]
QuoteStatus = Literal["open", "expired", "accepted", "declined", "withdrawn"]


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice. `owed_minor` is what can be collected for it now, `refunded_minor` what was given back of what it
    was paid with. `hosted_url` is where it can be paid at the provider `hosted_by`, by that payment; None: here alone.
    """

    kind: ClassVar[Kind] = "i"

    id: UUID
    number: str | None
    status: InvoiceStatus
    customer_id: UUID | None
    customer_email: str | None
    customer_name: str
    customer_address: str
    booking_id: UUID | None
    quote_id: UUID | None
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    paid_minor: int
    owed_minor: int
    refunded_minor: int
    issued_at: datetime | None
    due_at: datetime | None
    paid_at: datetime | None
    voided_at: datetime | None
    void_reason: str | None
    note: str
    link_nonce: bytes
    created_at: datetime
    hosted_payment_id: UUID | None
    hosted_by: str | None
    hosted_url: str | None


@dataclass(frozen=True, slots=True)
class HostedFor:
    """The invoice that a provider is to host: whom it is for, and when it is due."""

    id: UUID
    customer_id: UUID | None
    customer_email: str | None
    customer_name: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """A quote; `invoice_id` is what accepting it made."""

    kind: ClassVar[Kind] = "q"

    id: UUID
    status: QuoteStatus
    customer_id: UUID | None
    customer_email: str | None
    customer_name: str
    customer_address: str
    booking_id: UUID | None
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    expires_at: datetime
    days_until_due: int
    decided_at: datetime | None
    decline_reason: str | None
    invoice_id: UUID | None
    note: str
    link_nonce: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line; `unit_minor` has the tax in it when `tax_inclusive`."""

    position: int
    description: str
    quantity: int
    unit_minor: int
    tax_bps: int
    tax_inclusive: bool
    net_minor: int
    tax_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True)
class PaymentOfInvoice:
    """A payment that was counted for an invoice: how much of it, by which method, and what was given back since."""

    payment_id: UUID
    amount_minor: int
    method: str
    paid_at: datetime
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which invoices or quotes: each given field narrows. `email` finds those sent to an address without an account."""

    status: str | None = None
    booking_id: UUID | None = None
    customer_id: UUID | None = None
    email: str | None = None
    limit: int = 20
    offset: int = 0


ALL_INVOICES: Final = """
SELECT * FROM (
  SELECT i.id, i.number,
         CASE WHEN i.status = 'open' AND i.due_at < $1 THEN 'overdue' ELSE i.status END AS status,
         i.customer_id, i.customer_email, i.customer_name, i.customer_address, i.booking_id, i.quote_id, i.currency,
         i.net_minor, i.tax_minor, i.gross_minor, i.paid_minor, open_of_invoice(i) AS owed_minor,
         coalesce((SELECT sum(least(x.amount_minor, p.refunded_minor + p.refund_pending_minor))
                     FROM invoice_payments x JOIN payments p ON p.id = x.payment_id
                    WHERE x.invoice_id = i.id), 0)::bigint AS refunded_minor,
         i.issued_at, i.due_at, i.paid_at, i.voided_at, i.void_reason, i.note, i.link_nonce, i.created_at,
         h.id AS hosted_payment_id, h.provider AS hosted_by, h.checkout_url AS hosted_url
    FROM invoices i
    LEFT JOIN payments h
      ON h.id = i.hosted_payment_id AND i.status = 'open' AND h.checkout_url IS NOT NULL
     AND h.status IN ('pending', 'requires_action', 'processing', 'failed')) AS invoice
"""
ALL_QUOTES: Final = """
SELECT * FROM (
  SELECT q.id, CASE WHEN q.status = 'open' AND q.expires_at <= $1 THEN 'expired' ELSE q.status END AS status,
         q.customer_id, q.customer_email, q.customer_name, q.customer_address, q.booking_id, q.currency, q.net_minor,
         q.tax_minor, q.gross_minor, q.expires_at, q.days_until_due, q.decided_at, q.decline_reason,
         (SELECT i.id FROM invoices i WHERE i.quote_id = q.id) AS invoice_id, q.note, q.link_nonce,
         q.created_at
    FROM quotes q) AS quote
"""
_LINES: Final = """
SELECT {owner}, "position", description, quantity, unit_minor, tax_bps, tax_inclusive, net_minor, tax_minor, gross_minor
  FROM {table} WHERE {owner} = ANY ($1) ORDER BY {owner}, "position"
"""
# NULL means that nobody asked for that.
_WHERE: Final = """
WHERE ($2::text IS NULL OR status = $2 OR ($2 = 'open' AND status = 'overdue'))
  AND ($3::uuid IS NULL OR booking_id = $3)
  AND ($4::uuid IS NULL OR customer_id = $4) AND ($5::text IS NULL OR lower(customer_email) = lower($5))
"""
_COUNT: Final = "SELECT count(*) FROM ({}) AS found " + _WHERE  # noqa: S608 - both are ours


async def invoice(db: Connection, invoice_id: UUID, now: datetime) -> InvoiceRow | None:
    """The invoice by its id."""
    row = await db.fetchrow(f"{ALL_INVOICES} WHERE id = $2", now, invoice_id)
    return None if row is None else InvoiceRow(**row)


async def invoice_ref(db: Connection, invoice_id: UUID) -> InvoiceRef | None:
    """What an invoice's link is made from."""
    row = await db.fetchrow("SELECT id, link_nonce FROM invoices WHERE id = $1", invoice_id)
    return None if row is None else InvoiceRef(**row)


async def hosted_for(db: Connection, payment_id: UUID) -> HostedFor | None:
    """The invoice that a payment of the mode `invoice` is for."""
    row = await db.fetchrow(
        """
        SELECT i.id, i.customer_id, i.customer_email, i.customer_name, i.due_at
          FROM payments p JOIN invoices i ON i.id = (p.metadata ->> 'invoice_id')::uuid WHERE p.id = $1
        """,
        payment_id,
    )
    return None if row is None else HostedFor(**row)


async def invoice_of_number(db: Connection, number: str) -> UUID | None:
    """The invoice by its number."""
    found: UUID | None = await db.fetchval("SELECT id FROM invoices WHERE number = $1", number)
    return found


async def invoices(db: Connection, wanted: DocumentFilter, now: datetime) -> tuple[list[InvoiceRow], int]:
    """One page of invoices, the newest first, and how many there are; `open` includes the overdue ones."""
    count: int = await db.fetchval(_COUNT.format(ALL_INVOICES), *_asked(wanted, now))
    rows = await db.fetch(f"{ALL_INVOICES} {_WHERE} {_page(wanted)}", *_asked(wanted, now))
    return [InvoiceRow(**row) for row in rows], count


async def quote(db: Connection, quote_id: UUID, now: datetime) -> QuoteRow | None:
    """The quote by its id."""
    row = await db.fetchrow(f"{ALL_QUOTES} WHERE id = $2", now, quote_id)
    return None if row is None else QuoteRow(**row)


async def quotes(db: Connection, wanted: DocumentFilter, now: datetime) -> tuple[list[QuoteRow], int]:
    """One page of quotes, the newest first, and how many there are."""
    count: int = await db.fetchval(_COUNT.format(ALL_QUOTES), *_asked(wanted, now))
    rows = await db.fetch(f"{ALL_QUOTES} {_WHERE} {_page(wanted)}", *_asked(wanted, now))
    return [QuoteRow(**row) for row in rows], count


async def invoice_lines(db: Connection, invoice_ids: Sequence[UUID]) -> dict[UUID, list[LineRow]]:
    """The lines of each of these invoices, in their order."""
    return await _lines(db, "invoice_lines", "invoice_id", invoice_ids)


async def quote_lines(db: Connection, quote_ids: Sequence[UUID]) -> dict[UUID, list[LineRow]]:
    """The lines of each of these quotes, in their order."""
    return await _lines(db, "quote_lines", "quote_id", quote_ids)


async def payments_of_invoice(db: Connection, invoice_id: UUID) -> list[PaymentOfInvoice]:
    """What was counted for an invoice, the oldest first."""
    rows = await db.fetch(
        """
        SELECT x.payment_id, x.amount_minor, coalesce(p.payment_method, p.provider) AS method,
               coalesce(p.succeeded_at, x.created_at) AS paid_at,
               least(x.amount_minor, p.refunded_minor + p.refund_pending_minor) AS refunded_minor
          FROM invoice_payments x JOIN payments p ON p.id = x.payment_id
         WHERE x.invoice_id = $1 ORDER BY paid_at, x.payment_id
        """,
        invoice_id,
    )
    return [PaymentOfInvoice(**row) for row in rows]


async def tax_rate(db: Connection, country: str, region: str) -> tuple[int, bool] | None:
    """(basis points, whether prices include it) for a region, else for its whole country; None where none is known."""
    row = await db.fetchrow(
        "SELECT bps, inclusive FROM tax_rates WHERE country = $1 AND region IN ($2, '') ORDER BY region DESC LIMIT 1",
        country,
        region,
    )
    return None if row is None else (row["bps"], row["inclusive"])


async def _lines(db: Connection, table: str, owner: str, ids: Sequence[UUID]) -> dict[UUID, list[LineRow]]:
    found: dict[UUID, list[LineRow]] = {document: [] for document in ids}
    for row in await db.fetch(_LINES.format(table=table, owner=owner), list(ids)):
        about = dict(row)
        found[about.pop(owner)].append(LineRow(**about))
    return found


def _asked(wanted: DocumentFilter, now: datetime) -> tuple[Any, ...]:
    return now, wanted.status, wanted.booking_id, wanted.customer_id, wanted.email


def _page(wanted: DocumentFilter) -> str:
    return f"ORDER BY created_at DESC, id DESC LIMIT {int(wanted.limit)} OFFSET {int(wanted.offset)}"
