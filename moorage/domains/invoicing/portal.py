"""What a customer's portal shows: all that was booked, billed, offered and paid under one address or account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from moorage.domains.invoicing.links import InvoiceRef
from moorage.domains.invoicing.queries import ALL_INVOICES, ALL_QUOTES, InvoiceRow, QuoteRow
from moorage.kernel.db import Connection

MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Person:
    """Whose portal it is. `user_id` None: somebody without an account."""

    email: str
    user_id: UUID | None


@dataclass(frozen=True, slots=True)
class BookedRow:
    """A booking that lies ahead, or for which something is owed. Amounts in minor units of `currency`. `is_coming`:
    money for it is on its way.
    """

    id: UUID
    title: str
    with_whom: str
    status: str
    starts_at: datetime
    timezone: str
    currency: str
    total_minor: int
    owed_minor: int
    is_coming: bool


@dataclass(frozen=True, slots=True)
class PaidRow:
    """A payment that was made, with what it was for and what of it was given back. The invoice: the first one that it
    was counted for.
    """

    id: UUID
    purpose: str
    status: str
    method: str
    amount_minor: int
    refunded_minor: int
    currency: str
    paid_at: datetime
    invoice_id: UUID | None
    link_nonce: bytes | None

    @property
    def invoice(self) -> InvoiceRef | None:
        """The invoice, as far as its link goes."""
        if self.invoice_id is None or self.link_nonce is None:
            return None
        return InvoiceRef(self.invoice_id, self.link_nonce)


_WHOSE: Final = "WHERE (customer_id = $2 OR lower(customer_email) = lower($3))"
_BOOKED: Final = """
SELECT b.id, s.title, p.display_name AS with_whom, b.status, b.starts_at, b.timezone, b.currency, b.total_minor,
       greatest(0, CASE b.status WHEN 'pending' THEN b.due_now_minor ELSE b.total_minor END
                   - b.paid_minor + b.refunded_minor) AS owed_minor,
       EXISTS (SELECT FROM payments x WHERE x.purpose_id = b.id
                  AND (x.status = 'processing'
                       OR x.id::text = $3 AND x.status IN ('pending', 'requires_action')
                          AND x.failure_code IS NULL)) AS is_coming
  FROM bookings b JOIN services s ON s.id = b.service_id JOIN practitioners p ON p.id = b.practitioner_id
 WHERE b.client_id = $1 AND b.parent_id IS NULL
   AND (b.status = 'pending' AND b.hold_expires_at > now()
        OR b.status IN ('confirmed', 'completed')
           AND (b.ends_at > $2 OR b.total_minor > b.paid_minor - b.refunded_minor))
 ORDER BY b.starts_at, b.id LIMIT 100
"""
_PAID: Final = """
SELECT p.id, p.purpose, p.status, coalesce(p.payment_method, p.provider) AS method, p.amount_minor,
       p.refunded_minor + p.refund_pending_minor AS refunded_minor, p.currency, p.succeeded_at AS paid_at,
       i.id AS invoice_id, i.link_nonce
  FROM payments p
  LEFT JOIN LATERAL (SELECT i.id, i.link_nonce FROM invoice_payments x JOIN invoices i ON i.id = x.invoice_id
                      WHERE x.payment_id = p.id ORDER BY i.no LIMIT 1) AS i ON true
 WHERE (p.payer_id = $1 OR p.payer_id IS NULL AND lower(p.payer_email) = lower($2)) AND p.succeeded_at IS NOT NULL
 ORDER BY p.succeeded_at DESC, p.id DESC LIMIT 100
"""


async def bookings_of(db: Connection, person: Person, now: datetime, started: str = "") -> list[BookedRow]:
    """Their bookings ahead, and those with something owed, the next one first. `started`: the payment that they have
    just come back from, which is on its way until it is known what became of it.
    """
    return [BookedRow(**row) for row in await db.fetch(_BOOKED, person.user_id, now, started)]


async def payments_of(db: Connection, person: Person) -> list[PaidRow]:
    """Their payments, the newest first."""
    return [PaidRow(**row) for row in await db.fetch(_PAID, person.user_id, person.email)]


async def invoices_of(db: Connection, person: Person, now: datetime) -> list[InvoiceRow]:
    """Invoices to them, the newest first; drafts have not left the house."""
    ending = f"AND status <> 'draft' ORDER BY created_at DESC, id DESC LIMIT {MOST}"
    rows = await db.fetch(f"{ALL_INVOICES} {_WHOSE} {ending}", *_asked(person, now))
    return [InvoiceRow(**row) for row in rows]


async def open_quotes_of(db: Connection, person: Person, now: datetime) -> list[QuoteRow]:
    """Quotes that they can still answer, the newest first."""
    ending = f"AND status = 'open' ORDER BY created_at DESC, id DESC LIMIT {MOST}"
    rows = await db.fetch(f"{ALL_QUOTES} {_WHOSE} {ending}", *_asked(person, now))
    return [QuoteRow(**row) for row in rows]


def _asked(person: Person, now: datetime) -> tuple[Any, ...]:
    return now, person.user_id, person.email
