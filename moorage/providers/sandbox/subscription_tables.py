"""What the sandbox collects by the period. A billed period is an intent like any, which names its subscription."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Identity, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from moorage.kernel.tables import created_at, currency_check, instant, metadata, minor, one_of, text_column, updated_at

SCHEMA = "sandbox"

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("no", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("client_reference", Uuid, unique=True),
    text_column("status", default="incomplete"),
    # Each with price, name, amount_minor and quantity.
    Column("items", JSONB, nullable=False),
    minor("amount_minor"),
    text_column("currency"),
    text_column("interval_unit"),
    text_column("payer_email", nullable=True),
    text_column("return_url"),
    # What paid last, and is charged for the next period.
    text_column("method", nullable=True),
    instant("started_at", nullable=True),
    instant("period_starts_at", nullable=True),
    instant("period_ends_at", nullable=True),
    Column("cancel_at_period_end", Boolean, nullable=False, server_default=text("false")),
    instant("canceled_at", nullable=True),
    instant("ended_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("status", "incomplete", "active", "past_due", "canceled", "expired"),
    one_of("interval_unit", "day", "week", "month", "year"),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    Index("ix_subscriptions_due", "period_ends_at", postgresql_where=text("status IN ('active', 'past_due')")),
    schema=SCHEMA,
)
