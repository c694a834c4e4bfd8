"""The sandbox's own records, in the schema `sandbox`. Ids are texts with a prefix, as a provider hands them out."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from moorage.kernel.tables import created_at, currency_check, instant, metadata, minor, one_of, text_column, updated_at
from moorage.providers.sandbox.subscription_tables import SCHEMA


def _id() -> Column[Any]:
    return Column("id", Text, primary_key=True)


def _no() -> Column[Any]:
    """The order in which rows were made: what lists are paged by."""
    return Column("no", BigInteger, Identity(always=True), nullable=False, unique=True)


def _of(name: str, target: str) -> Column[Any]:
    return Column(name, Text, ForeignKey(f"{SCHEMA}.{target}.id", ondelete="RESTRICT"), nullable=False, index=True)


# What is to be collected once.
intents = Table(
    "intents",
    metadata,
    _id(),
    _no(),
    # The merchant's own id of it, by which it can be found when the answer to its creation was lost.
    Column("client_reference", Uuid, unique=True),
    minor("amount_minor"),
    text_column("currency"),
    text_column("description"),
    text_column("return_url"),
    text_column("payer_email", nullable=True),
    # What is paid for, line by line, as the page shows it.
    Column("lines", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    # `manual`: paying reserves (`authorized`), and a call of its own collects, all or a part.
    text_column("capture_method", default="automatic"),
    minor("captured_minor", nullable=True),
    text_column("status", default="open"),
    # The method that waits for its challenge or is being processed, then the one that paid.
    text_column("method", nullable=True),
    text_column("brand", nullable=True),
    text_column("last4", nullable=True),
    text_column("failure_code", nullable=True),
    # What it bills a period of (subscription_tables.py); a first period begins when it is paid.
    Column("subscription_id", Text, ForeignKey(f"{SCHEMA}.subscriptions.id", ondelete="RESTRICT"), index=True),
    instant("period_starts_at", nullable=True),
    instant("period_ends_at", nullable=True),
    # When a slow method's processing ends.
    instant("ripe_at", nullable=True),
    # A method's misbehaviour happens once per intent, so that a repeat can succeed.
    Column("misbehaved", Boolean, nullable=False, server_default=text("false")),
    instant("expires_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("status", "open", "declined", "challenge", "processing", "authorized", "paid", "canceled"),
    one_of("capture_method", "automatic", "manual"),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    CheckConstraint("captured_minor BETWEEN 1 AND amount_minor", name="never_over_captured"),
    Index("ix_intents_ripe", "ripe_at", postgresql_where=text("status = 'processing'")),
    schema=SCHEMA,
)

# An attempt to collect. What was refused is kept too.
charges = Table(
    "charges",
    metadata,
    _id(),
    _no(),
    _of("intent_id", "intents"),
    minor("amount_minor"),
    text_column("currency"),
    text_column("status"),
    text_column("method"),
    text_column("brand"),
    text_column("last4", nullable=True),
    text_column("failure_code", nullable=True),
    # What the gateway keeps of it for itself.
    minor("fee_minor", default=0),
    minor("refund_pending_minor", default=0),
    minor("refunded_minor", default=0),
    # When the payer's bank will take it back (the disputed test card).
    instant("dispute_at", nullable=True),
    created_at(),
    one_of("status", "succeeded", "failed"),
    currency_check(),
    CheckConstraint("last4 ~ '^[0-9]{4}$'", name="only_last_four"),
    CheckConstraint(
        "refunded_minor >= 0 AND refund_pending_minor >= 0 AND refunded_minor + refund_pending_minor <= amount_minor",
        name="never_over_refunded",
    ),
    # Whatever happens at once, an intent collects once.
    Index("uq_charges_paid", "intent_id", unique=True, postgresql_where=text("status = 'succeeded'")),
    Index("ix_charges_dispute_at", "dispute_at", postgresql_where=text("dispute_at IS NOT NULL")),
    schema=SCHEMA,
)

refunds = Table(
    "refunds",
    metadata,
    _id(),
    _no(),
    _of("charge_id", "charges"),
    Column("client_reference", Uuid, unique=True),
    minor("amount_minor"),
    text_column("currency"),
    text_column("status"),
    text_column("failure_code", nullable=True),
    # When a pending refund is decided without anybody deciding it, and how.
    instant("ripe_at", nullable=True),
    text_column("ripens_to", nullable=True),
    created_at(),
    updated_at(),
    one_of("status", "pending", "succeeded", "failed"),
    one_of("ripens_to", "succeeded", "failed"),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    Index("ix_refunds_ripe", "ripe_at", postgresql_where=text("status = 'pending'")),
    schema=SCHEMA,
)

disputes = Table(
    "disputes",
    metadata,
    _id(),
    _no(),
    _of("charge_id", "charges"),
    minor("amount_minor"),
    text_column("currency"),
    text_column("status", default="opened"),
    text_column("reason"),
    text_column("evidence", nullable=True),
    instant("evidence_due_at"),
    created_at(),
    updated_at(),
    one_of("status", "opened", "under_review", "won", "lost"),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    # A charge is disputed once at a time, and a lost one never again.
    Index("uq_disputes_open", "charge_id", unique=True, postgresql_where=text("status <> 'won'")),
    schema=SCHEMA,
)

# Money moved from the merchant's balance to a connected account's.
transfers = Table(
    "transfers",
    metadata,
    _id(),
    _no(),
    Column("client_reference", Uuid, unique=True),
    text_column("account"),
    minor("amount_minor"),
    text_column("currency"),
    minor("reversed_minor", default=0),
    text_column("description", default=""),
    created_at(),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    CheckConstraint("reversed_minor BETWEEN 0 AND amount_minor", name="never_over_reversed"),
    Index("ix_transfers_account", "account", "currency"),
    schema=SCHEMA,
)

# Money moved from a balance to a bank: `account` null is the merchant's own.
payouts = Table(
    "payouts",
    metadata,
    _id(),
    _no(),
    Column("client_reference", Uuid, unique=True),
    text_column("account", nullable=True),
    minor("amount_minor"),
    text_column("currency"),
    text_column("status", default="pending"),
    text_column("failure_code", nullable=True),
    instant("ripe_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("status", "pending", "paid", "failed"),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    Index("ix_payouts_account", "account", "currency"),
    Index("ix_payouts_ripe", "ripe_at", postgresql_where=text("status = 'pending'")),
    schema=SCHEMA,
)

# What happened, told to the merchant. `body` is what is sent, the same bytes at every try.
events = Table(
    "events",
    metadata,
    _id(),
    _no(),
    text_column("event_type"),
    # What it is about: events of one subject are delivered one after the other.
    text_column("subject"),
    Column("body", LargeBinary, nullable=False),
    created_at(),
    Index("ix_events_created_at", "created_at"),
    schema=SCHEMA,
)

# The outbox of webhooks: written with the change that they tell of.
deliveries = Table(
    "deliveries",
    metadata,
    Column("no", BigInteger, Identity(always=True), primary_key=True),
    _of("event_id", "events"),
    text_column("endpoint"),
    text_column("status", default="due"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    instant("next_at", default_now=True),
    Column("answer_status", Integer),
    text_column("error", nullable=True),
    instant("delivered_at", nullable=True),
    created_at(),
    one_of("status", "due", "delivered", "given_up"),
    Index("ix_deliveries_due", "next_at", postgresql_where=text("status = 'due'")),
    schema=SCHEMA,
)

# The first answer to a key, kept for repeats; written with the change itself.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("body", JSONB),
    instant("created_at", default_now=True, index=True),
    schema=SCHEMA,
)

# How it misbehaves: one row per fault that is switched on.
faults = Table(
    "faults",
    metadata,
    Column("fault", Text, primary_key=True),
    Column("percent", Integer, nullable=False, server_default="0"),
    Column("next_calls", Integer, nullable=False, server_default="0"),
    Column("seconds", Integer),
    # The operations it strikes; null is its own default.
    Column("operations", JSONB),
    CheckConstraint("percent BETWEEN 0 AND 100", name="percent_range"),
    CheckConstraint("next_calls >= 0", name="next_calls_range"),
    schema=SCHEMA,
)
