"""Tables of our dealings with providers: the calls, what of ours they keep a copy of, and how books differ."""

from typing import get_args

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from moorage.domains.payments.gateway_values import Movement
from moorage.kernel.tables import created_at, id_column, instant, metadata, one_of, reference, text_column, updated_at

# The intent to call a provider, written before the call; a restart knows from it what to ask about. Its id is the
# idempotency key at the provider, so a repeat is harmless.
provider_operations = Table(
    "provider_operations",
    metadata,
    id_column(),
    text_column("provider"),
    text_column("kind"),
    reference("payment_id", "payments.id", nullable=True),
    reference("refund_id", "refunds.id", nullable=True),
    # Instead of a payment: the payout that it sends or takes back, by id (its table is above this domain).
    Column("payout_id", Uuid),
    text_column("status", default="planned"),
    Column("request", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("answer", JSONB),
    text_column("error", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    instant("next_at", default_now=True),
    instant("called_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("kind", "create", "confirm", "authorize", "capture", "cancel", "refund", "transfer", "reverse"),
    CheckConstraint("num_nonnulls(payment_id, payout_id) = 1", name="of_one_thing"),
    CheckConstraint("(kind IN ('transfer', 'reverse')) = (payout_id IS NOT NULL)", name="kind_of_its_thing"),
    one_of("status", "planned", "called", "answered", "unknown", "abandoned"),
    Index("ix_provider_operations_payment", "payment_id", "kind"),
    Index("ix_provider_operations_refund", "refund_id", postgresql_where=text("refund_id IS NOT NULL")),
    Index("ix_provider_operations_payout", "payout_id", postgresql_where=text("payout_id IS NOT NULL")),
    Index("ix_provider_operations_due", "next_at", postgresql_where=text("status IN ('planned', 'called', 'unknown')")),
)

# Who a payer is at a provider: made there on first need, and kept.
provider_customers = Table(
    "provider_customers",
    metadata,
    id_column(),
    text_column("provider"),
    text_column("provider_ref"),
    reference("user_id", "users.id", ondelete="SET NULL", nullable=True),
    text_column("email", nullable=True),
    created_at(),
    updated_at(),
    UniqueConstraint("provider", "provider_ref"),
    UniqueConstraint("provider", "user_id"),
)

# What of our catalog a provider keeps a copy of: its products and prices, each with what it was made from.
provider_products = Table(
    "provider_products",
    metadata,
    id_column(),
    text_column("provider"),
    text_column("kind"),
    text_column("local_key"),
    text_column("provider_ref"),
    text_column("digest"),
    Column("is_active", Boolean, nullable=False, server_default="true"),
    created_at(),
    updated_at(),
    one_of("kind", "product", "price"),
    UniqueConstraint("provider", "kind", "local_key", "provider_ref"),
)

# Where a provider's books and ours differ, each difference once, until it is gone.
reconciliation_findings = Table(
    "reconciliation_findings",
    metadata,
    id_column(),
    text_column("provider"),
    text_column("kind"),
    text_column("movement"),
    text_column("provider_ref"),
    reference("payment_id", "payments.id", nullable=True),
    Column("details", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    instant("found_at", default_now=True),
    instant("resolved_at", nullable=True),
    one_of("kind", "missing_here", "missing_there", "different"),
    one_of("movement", *get_args(Movement)),
    UniqueConstraint("provider", "kind", "movement", "provider_ref"),
)
