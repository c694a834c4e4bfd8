"""Tables of invoicing: invoices and quotes with their lines, the counter of numbers, tax rates, links to portals."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from moorage.kernel.tables import (
    created_at,
    currency_check,
    id_column,
    instant,
    metadata,
    minor,
    one_of,
    reference,
    text_column,
    updated_at,
)


def _document() -> tuple[Any, ...]:
    """What an invoice and a quote share: whom it is for, the totals, and what the link that opens it is made from."""
    return (
        reference("customer_id", "users.id", nullable=True),
        text_column("customer_email", nullable=True),
        text_column("customer_name", default=""),
        text_column("customer_address", default=""),
        reference("booking_id", "bookings.id", nullable=True),
        text_column("currency"),
        # The sums of the lines; a trigger compares them when the transaction commits.
        minor("net_minor"),
        minor("tax_minor"),
        minor("gross_minor"),
        text_column("note", default=""),
        # The link that opens it is derived from this and a key that is not here; another value withdraws that link.
        Column("link_nonce", LargeBinary, nullable=False, server_default=text("uuid_send(gen_random_uuid())")),
        Column("created_by", Uuid),
        created_at(),
        updated_at(),
        currency_check(),
        CheckConstraint("net_minor + tax_minor = gross_minor", name="totals"),
        CheckConstraint("gross_minor > 0 AND tax_minor >= 0", name="amounts"),
        CheckConstraint("customer_id IS NOT NULL OR customer_email IS NOT NULL", name="has_customer"),
        CheckConstraint("octet_length(link_nonce) = 16", name="nonce_length"),
    )


def _line(owner: str, table: str) -> tuple[Any, ...]:
    return (
        reference(owner, f"{table}.id", ondelete="CASCADE", primary_key=True),
        Column("position", SmallInteger, primary_key=True),
        text_column("description"),
        Column("quantity", Integer, nullable=False, server_default="1"),
        minor("unit_minor"),
        Column("tax_bps", Integer, nullable=False, server_default="0"),
        Column("tax_inclusive", Boolean, nullable=False, server_default="true"),
        minor("net_minor"),
        minor("tax_minor"),
        minor("gross_minor"),
        CheckConstraint("quantity BETWEEN 1 AND 100000", name="quantity_range"),
        CheckConstraint("tax_bps BETWEEN 0 AND 10000", name="tax_range"),
        CheckConstraint("net_minor + tax_minor = gross_minor", name="totals"),
        CheckConstraint(
            "quantity * unit_minor = CASE WHEN tax_inclusive THEN gross_minor ELSE net_minor END", name="amount"
        ),
    )


# The last number that each series gave out: locked while an invoice is finalised, so that what is rolled back gives
# its number back.
series = Table(
    "invoice_series",
    metadata,
    Column("series", Text, primary_key=True),
    Column("last_no", BigInteger, nullable=False, server_default="0"),
)

invoices = Table(
    "invoices",
    metadata,
    id_column(),
    # Given when it is finalised; a draft has none.
    text_column("series", nullable=True),
    Column("no", BigInteger),
    text_column("number", nullable=True),
    text_column("status", default="draft"),
    *_document(),
    reference("quote_id", "quotes.id", nullable=True),
    minor("paid_minor", default=0),
    instant("issued_at", nullable=True),
    instant("due_at", nullable=True),
    instant("paid_at", nullable=True),
    instant("voided_at", nullable=True),
    text_column("void_reason", nullable=True),
    # The latest payment by which it could be paid at a provider that hosts it.
    reference("hosted_payment_id", "payments.id", nullable=True),
    # How many of the reminders have been sent.
    Column("reminders_sent", SmallInteger, nullable=False, server_default="0"),
    one_of("status", "draft", "open", "paid", "void", "uncollectible"),
    UniqueConstraint("series", "no"),
    UniqueConstraint("number"),
    UniqueConstraint("quote_id"),
    CheckConstraint(
        "(status = 'draft') = (number IS NULL) AND (number IS NULL) = (no IS NULL)"
        " AND (no IS NULL) = (series IS NULL) AND (no IS NULL) = (issued_at IS NULL)"
        " AND (no IS NULL) = (due_at IS NULL)",
        name="numbered",
    ),
    CheckConstraint("paid_minor BETWEEN 0 AND gross_minor", name="paid_range"),
    CheckConstraint("(status = 'paid') = (paid_minor = gross_minor)", name="paid_in_full"),
    CheckConstraint("(status = 'void') = (voided_at IS NOT NULL)", name="voided_when"),
    Index("ix_invoices_customer", "customer_id", "created_at"),
    Index("ix_invoices_booking", "booking_id", postgresql_where=text("booking_id IS NOT NULL")),
    Index("ix_invoices_open", "due_at", postgresql_where=text("status = 'open'")),
    Index("ix_invoices_newest", "created_at", "id"),
)

invoice_lines = Table("invoice_lines", metadata, *_line("invoice_id", "invoices"))

# Which payments were counted for an invoice, and how much of each.
invoice_payments = Table(
    "invoice_payments",
    metadata,
    reference("invoice_id", "invoices.id", primary_key=True),
    reference("payment_id", "payments.id", primary_key=True),
    minor("amount_minor"),
    created_at(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    Index("ix_invoice_payments_payment", "payment_id"),
)

# What happened to it, in order: append-only.
invoice_events = Table(
    "invoice_events",
    metadata,
    Column("no", BigInteger, Identity(always=True), primary_key=True),
    reference("invoice_id", "invoices.id", index=True),
    text_column("kind"),
    Column("details", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("changed_by", Uuid),
    created_at(),
    one_of(
        "kind", "drafted", "issued", "reminded", "part_paid", "paid", "bounced", "refunded", "voided", "written_off"
    ),
)

quotes = Table(
    "quotes",
    metadata,
    id_column(),
    text_column("status", default="open"),
    *_document(),
    instant("expires_at"),
    # Of the invoice that accepting it makes.
    Column("days_until_due", Integer, nullable=False, server_default="7"),
    instant("decided_at", nullable=True),
    text_column("decline_reason", nullable=True),
    one_of("status", "open", "accepted", "declined", "withdrawn"),
    CheckConstraint("(status = 'open') = (decided_at IS NULL)", name="decided_when"),
    CheckConstraint("days_until_due BETWEEN 0 AND 366", name="days_range"),
    Index("ix_quotes_customer", "customer_id", "created_at"),
    Index("ix_quotes_booking", "booking_id", postgresql_where=text("booking_id IS NOT NULL")),
    Index("ix_quotes_newest", "created_at", "id"),
)

quote_lines = Table("quote_lines", metadata, *_line("quote_id", "quotes"))

tax_rates = Table(
    "tax_rates",
    metadata,
    id_column(),
    # ISO 3166-1 alpha-2, and the country's own name of a part of it; empty for all of it.
    text_column("country"),
    text_column("region", default=""),
    text_column("name"),
    Column("bps", Integer, nullable=False),
    # How the lines of an invoice are read that name no rate of their own: with this tax in them, or on top.
    Column("inclusive", Boolean, nullable=False, server_default="true"),
    # The one rate of our own sales, chosen by the settings.
    Column("applies", Boolean, nullable=False, server_default="false"),
    created_at(),
    updated_at(),
    Index("uq_tax_rates_applies", "applies", unique=True, postgresql_where=text("applies")),
    CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_code"),
    CheckConstraint("bps BETWEEN 0 AND 10000", name="bps_range"),
    UniqueConstraint("country", "region"),
)

# Links to the portal, by the SHA-256 of their 256 random bits: whoever reads that mail is its customer for a while.
portal_links = Table(
    "portal_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    text_column("email"),
    created_at(),
    instant("expires_at", index=True),
)
