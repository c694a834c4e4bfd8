"""The verbs of invoicing: each is one SQL function of this domain. They take a connection and commit nothing."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from moorage.domains.invoicing.errors import InvoiceLinesError, TaxRateUnknownError
from moorage.domains.invoicing.links import InvoiceRef
from moorage.domains.invoicing.policy import InvoiceLine, InvoicingTerms, Recipient
from moorage.domains.invoicing.queries import tax_rate
from moorage.kernel.db import Connection
from moorage.kernel.money import MAX_AMOUNT_MINOR

MAX_LINES = 100
MAX_QUANTITY = 100_000


async def price_lines(db: Connection, lines: Sequence[InvoiceLine], terms: InvoicingTerms) -> list[dict[str, Any]]:
    """The lines as the SQL functions take them, those without a rate of their own with the installation's. Raises
    InvoiceLinesError, TaxRateUnknownError.
    """
    if not 1 <= len(lines) <= MAX_LINES:
        raise InvoiceLinesError(pointer="/lines")
    rate = await _own_rate(db, terms) if any(line.tax_bps is None for line in lines) else (0, True)
    return [_priced(position, line, rate) for position, line in enumerate(lines)]


async def draft(
    db: Connection,
    invoice_id: UUID,
    recipient: Recipient,
    *,
    currency: str,
    lines: list[dict[str, Any]],
    note: str,
    booking_id: UUID | None = None,
) -> None:
    """Write a draft. Raises ForbiddenError, InvoiceLinesError."""
    await db.execute(
        "SELECT draft_invoice($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        invoice_id,
        recipient.user_id,
        recipient.email,
        recipient.name,
        recipient.address,
        booking_id,
        currency,
        lines,
        note,
    )


async def finalise(db: Connection, invoice_id: UUID, series: str, due_at: datetime, now: datetime) -> str:
    """Give a draft its number; the number is answered. Raises ForbiddenError, NotFoundError."""
    number: str = await db.fetchval("SELECT finalize_invoice($1, $2, $3, $4)", invoice_id, series, due_at, now)
    return number


async def bill_booking(
    db: Connection, invoice_id: UUID, booking_id: UUID, *, series: str, due_at: datetime, now: datetime
) -> UUID:
    """Bill what a booking owes; answers the invoice, which is an earlier one when it says the same. Raises
    NotFoundError, ForbiddenError, InvalidStateError, NothingOwedError.
    """
    billed: UUID = await db.fetchval(
        "SELECT bill_booking($1, $2, $3, $4, $5)", invoice_id, booking_id, series, due_at, now
    )
    return billed


async def host(
    db: Connection, invoice_id: UUID, *, payment_id: UUID, operation_id: UUID, provider: str, page: str
) -> UUID | None:
    """Have a provider host an open invoice, by a payment with this id; `page` is the address of our own page as rows
    keep it. Answers the planned call, None where there is nothing to do. Raises ForbiddenError.
    """
    planned: UUID | None = await db.fetchval(
        "SELECT host_invoice($1, $2, $3, $4, $5)", invoice_id, payment_id, operation_id, provider, page
    )
    return planned


async def void(db: Connection, invoice_id: UUID, reason: str, now: datetime) -> list[UUID]:
    """Void an open invoice; answers the planned calls that stop what could still be collected. Raises NotFoundError,
    ForbiddenError, InvalidStateError.
    """
    planned: list[UUID] = await db.fetchval("SELECT void_invoice($1, $2, $3)", invoice_id, reason, now)
    return planned


async def write_off(db: Connection, invoice_id: UUID) -> None:
    """Give an open invoice up. Raises NotFoundError, ForbiddenError, InvalidStateError."""
    await db.execute("SELECT write_off_invoice($1)", invoice_id)


async def make_quote(
    db: Connection,
    quote_id: UUID,
    recipient: Recipient,
    *,
    currency: str,
    lines: list[dict[str, Any]],
    note: str,
    booking_id: UUID | None,
    expires_at: datetime,
    days_until_due: int,
) -> None:
    """Write an open quote. Raises ForbiddenError, NotFoundError, InvoiceLinesError."""
    await db.execute(
        "SELECT make_quote($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        quote_id,
        recipient.user_id,
        recipient.email,
        recipient.name,
        recipient.address,
        booking_id,
        currency,
        lines,
        note,
        expires_at,
        days_until_due,
    )


async def accept_quote(
    db: Connection, quote_id: UUID, *, by_link: bool, invoice_id: UUID, series: str, now: datetime
) -> UUID | None:
    """Accept a quote, once; `by_link`: the caller has seen its link, and takes the product's role. Answers its invoice,
    None where it became a booking's price. Raises NotFoundError, QuoteExpiredError, InvalidStateError.
    """
    made: UUID | None = await db.fetchval(
        "SELECT accept_quote($1, $2, $3, $4, $5)", quote_id, by_link, invoice_id, series, now
    )
    return made


async def decline_quote(db: Connection, quote_id: UUID, *, by_link: bool, reason: str | None, now: datetime) -> None:
    """Decline a quote; `by_link` as in `accept_quote`. Raises NotFoundError, InvalidStateError."""
    await db.execute("SELECT decline_quote($1, $2, $3, $4)", quote_id, by_link, reason, now)


async def withdraw_quote(db: Connection, quote_id: UUID, now: datetime) -> None:
    """Take an open quote back. Raises NotFoundError, ForbiddenError, InvalidStateError."""
    await db.execute("SELECT withdraw_quote($1, $2)", quote_id, now)


async def lock_to_remind(db: Connection, days: Sequence[int], now: datetime, limit: int) -> list[InvoiceRef]:
    """The invoices of which to remind now, locked until the transaction ends."""
    rows = await db.fetch("SELECT * FROM invoices_to_remind_of($1, $2, $3)", sorted(days), now, limit)
    return [InvoiceRef(**row) for row in rows]


async def remind(db: Connection, days: Sequence[int], pages: Mapping[UUID, str], now: datetime) -> int:
    """Queue the reminders of what `lock_to_remind` answered, each with the address of its page; answers how many
    mails.
    """
    told = {str(invoice_id): page for invoice_id, page in pages.items()}
    sent: int = await db.fetchval("SELECT remind_of_invoices($1, $2, $3)", sorted(days), told, now)
    return sent


async def void_of_cancelled(db: Connection, now: datetime, limit: int) -> int:
    """Void unpaid invoices of bookings that were cancelled; answers how many."""
    voided: int = await db.fetchval("SELECT void_invoices_of_cancelled($1, $2)", now, limit)
    return voided


async def set_tax_rate(
    db: Connection, rate_id: UUID, *, country: str, region: str, name: str, bps: int, inclusive: bool
) -> None:
    """Write a row of the rate table, in place of the one for the same country and region."""
    await db.execute(
        """
        INSERT INTO tax_rates AS r (id, country, region, name, bps, inclusive) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (country, region) DO UPDATE
          SET name = excluded.name, bps = excluded.bps, inclusive = excluded.inclusive, updated_at = now()
        """,
        rate_id,
        country,
        region,
        name,
        bps,
        inclusive,
    )


async def choose_own_rate(db: Connection, country: str | None, region: str) -> int | None:
    """Have this rate apply to our own sales from now on; answers its basis points, None when there is none."""
    bps: int | None = await db.fetchval("SELECT choose_tax_rate($1, $2)", country, region)
    return bps


async def open_portal(db: Connection, token_hash: bytes, email: str, lifetime: timedelta) -> None:
    """Keep the hash of a portal's link for `lifetime`, and forget those that have long expired."""
    await db.execute("DELETE FROM portal_links WHERE expires_at < now() - interval '30 days'")
    await db.execute(
        "INSERT INTO portal_links (token_hash, email, expires_at) VALUES ($1, $2, now() + $3)",
        token_hash,
        email,
        lifetime,
    )


async def _own_rate(db: Connection, terms: InvoicingTerms) -> tuple[int, bool]:
    if terms.tax_country is None:
        return 0, True
    rate = await tax_rate(db, terms.tax_country, terms.tax_region)
    if rate is None:
        raise TaxRateUnknownError(f"There is no tax rate for {terms.tax_country} {terms.tax_region}".strip() + ".")
    return rate


def _priced(position: int, line: InvoiceLine, rate: tuple[int, bool]) -> dict[str, Any]:
    bps, inclusive = (line.tax_bps, line.tax_inclusive) if line.tax_bps is not None else rate
    if (
        not line.description.strip()
        or not 1 <= line.quantity <= MAX_QUANTITY
        or abs(line.unit_minor * line.quantity) > MAX_AMOUNT_MINOR
        or not 0 <= bps <= 10_000
    ):
        raise InvoiceLinesError(pointer=f"/lines/{position}")
    return {
        "description": line.description,
        "unit_minor": line.unit_minor,
        "quantity": line.quantity,
        "tax_bps": bps,
        "tax_inclusive": inclusive,
    }
