"""Invoices and quotes for tests, by the product's own SQL functions as the worker calls them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from moorage.kernel.db import Connection
from moorage.kernel.ids import uuid7
from tests.builders.money import make_payment

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


def line(
    unit_minor: int, bps: int = 0, *, quantity: int = 1, inclusive: bool = True, text: str = "Work"
) -> dict[str, Any]:
    """A line as `draft_invoice` takes it."""
    return {
        "description": text,
        "unit_minor": unit_minor,
        "quantity": quantity,
        "tax_bps": bps,
        "tax_inclusive": inclusive,
    }


async def draft(db: Connection, *lines: dict[str, Any], customer: UUID | None = None, currency: str = "USD") -> UUID:
    """A draft; its lines are one of 100.00 unless given."""
    invoice_id = uuid7()
    await db.execute(
        "SELECT draft_invoice($1, $2, 'ann@example.com', 'Ann', '', NULL, $3, $4, '')",
        invoice_id,
        customer,
        currency,
        list(lines) or [line(10_000)],
    )
    return invoice_id


async def issue(db: Connection, *lines: dict[str, Any], due: datetime | None = None, **about: Any) -> UUID:
    """An invoice with its number, due seven days after NOW."""
    invoice_id = await draft(db, *lines, **about)
    await finalise(db, invoice_id, due)
    return invoice_id


async def finalise(db: Connection, invoice_id: UUID, due: datetime | None = None, series: str = "INV") -> str:
    number: str = await db.fetchval(
        "SELECT finalize_invoice($1, $2, $3, $4)", invoice_id, series, due or NOW + timedelta(days=7), NOW
    )
    return number


async def pay(db: Connection, superuser: Connection, invoice_id: UUID, amount: int) -> tuple[UUID, str]:
    """A payment for the invoice that succeeded, and what came of it."""
    payment_id = await make_payment(db, amount, purpose="invoice", purpose_id=invoice_id)
    done = await superuser.fetchval("SELECT apply_invoice_payment($1, $2, $3, $4)", invoice_id, payment_id, amount, NOW)
    return payment_id, done


async def offer(
    db: Connection,
    *lines: dict[str, Any],
    customer: UUID | None = None,
    booking: UUID | None = None,
    expires: datetime | None = None,
) -> asyncpg.Record:
    """An open quote; its row."""
    quote_id = uuid7()
    await db.execute(
        "SELECT make_quote($1, $2, 'ann@example.com', 'Ann', '', $3, 'USD', $4, '', $5, 14)",
        quote_id,
        customer,
        booking,
        list(lines) or [line(10_000)],
        expires or NOW + timedelta(days=7),
    )
    row = await db.fetchrow("SELECT * FROM quotes WHERE id = $1", quote_id)
    assert row is not None
    return row


async def row_of(db: Connection, invoice_id: UUID) -> asyncpg.Record:
    row = await db.fetchrow("SELECT * FROM invoices WHERE id = $1", invoice_id)
    assert row is not None
    return row
