"""Tables of payments: attempts to collect, refunds, disputes, calls to providers and what providers told us."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
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

STATUSES = (
    "pending",
    "requires_action",
    "processing",
    "succeeded",
    "partially_refunded",
    "refunded",
    "disputed",
    "charged_back",
    "failed",
    "canceled",
)

payments = Table(
    "payments",
    metadata,
    id_column(),
    Column("no", BigInteger, Identity(always=True), nullable=False, unique=True),
    # What it pays for. Payments knows nothing of bookings: a purpose and the id of the thing.
    text_column("purpose"),
    Column("purpose_id", Uuid),
    reference("payer_id", "users.id", nullable=True),
    minor("amount_minor"),
    text_column("currency"),
    text_column("status", default="pending"),
    text_column("provider"),
    text_column("provider_ref", nullable=True),
    text_column("payment_method", nullable=True),
    text_column("client_secret", nullable=True),
    text_column("checkout_url", nullable=True),
    text_column("failure_code", nullable=True),
    # Reserved by refunds that are under way, and given back by refunds that succeeded.
    minor("refund_pending_minor", default=0),
    minor("refunded_minor", default=0),
    minor("disputed_minor", default=0),
    Column("metadata", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    instant("succeeded_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("status", *STATUSES),
    one_of(
        "purpose",
        "booking_full",
        "booking_deposit",
        "booking_balance",
        "booking_add_on",
        "invoice",
        "credit",
        "package",
        "subscription",
        "free_amount",
    ),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    CheckConstraint(
        "refunded_minor >= 0 AND refund_pending_minor >= 0 AND refunded_minor + refund_pending_minor <= amount_minor",
        name="never_over_refunded",
    ),
    CheckConstraint("disputed_minor BETWEEN 0 AND amount_minor", name="disputed_range"),
    UniqueConstraint("provider", "provider_ref"),
    Index("ix_payments_purpose", "purpose_id", "created_at"),
    Index("ix_payments_payer", "payer_id", "created_at"),
    Index(
        "ix_payments_open",
        "provider",
        "updated_at",
        postgresql_where=text("status IN ('pending', 'requires_action', 'processing')"),
    ),
)

payment_audit = Table(
    "payment_audit",
    metadata,
    Column("no", BigInteger, Identity(always=True), primary_key=True),
    reference("payment_id", "payments.id", index=True),
    text_column("old_status", nullable=True),
    text_column("new_status"),
    text_column("change_reason"),
    Column("provider_data", JSONB),
    Column("changed_by", Uuid),
    created_at(),
)

refunds = Table(
    "refunds",
    metadata,
    id_column(),
    reference("payment_id", "payments.id", index=True),
    minor("amount_minor"),
    text_column("currency"),
    text_column("status", default="pending"),
    text_column("reason"),
    text_column("provider_ref", nullable=True),
    text_column("failure_code", nullable=True),
    # Where it was asked for: here, or in the provider's own dashboard.
    text_column("origin", default="moorage"),
    Column("requested_by", Uuid),
    created_at(),
    updated_at(),
    one_of("status", "pending", "succeeded", "failed"),
    one_of("origin", "moorage", "external"),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    Index(
        "uq_refunds_provider_ref",
        "payment_id",
        "provider_ref",
        unique=True,
        postgresql_where=text("provider_ref IS NOT NULL"),
    ),
)

disputes = Table(
    "disputes",
    metadata,
    id_column(),
    reference("payment_id", "payments.id", index=True),
    text_column("provider"),
    text_column("provider_ref"),
    minor("amount_minor"),
    # Of that, what the payment had not given back yet: the exposure, taken out of clearing while it is open.
    minor("held_minor"),
    text_column("currency"),
    text_column("status", default="opened"),
    text_column("reason", default=""),
    instant("evidence_due_at", nullable=True),
    instant("closed_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("status", "opened", "under_review", "won", "lost"),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    CheckConstraint("held_minor BETWEEN 0 AND amount_minor", name="held_range"),
    UniqueConstraint("provider", "provider_ref"),
)

# The intent to call a provider, written before the call; a restart knows from it what to ask about. Its id is the
# idempotency key at the provider, so a repeat is harmless.
provider_operations = Table(
    "provider_operations",
    metadata,
    id_column(),
    text_column("provider"),
    text_column("kind"),
    reference("payment_id", "payments.id"),
    reference("refund_id", "refunds.id", nullable=True),
    text_column("status", default="planned"),
    Column("request", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("answer", JSONB),
    text_column("error", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    instant("next_at", default_now=True),
    instant("called_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("kind", "create", "confirm", "capture", "cancel", "refund"),
    one_of("status", "planned", "called", "answered", "unknown", "abandoned"),
    Index("ix_provider_operations_payment", "payment_id", "kind"),
    Index("ix_provider_operations_refund", "refund_id", postgresql_where=text("refund_id IS NOT NULL")),
    Index("ix_provider_operations_due", "next_at", postgresql_where=text("status IN ('planned', 'called', 'unknown')")),
)

# The inbox: what a provider told us, stored before it is acted on, once.
webhook_events = Table(
    "webhook_events",
    metadata,
    id_column(),
    text_column("provider"),
    text_column("event_id"),
    text_column("event_type"),
    Column("body", LargeBinary, nullable=False),
    text_column("status", default="received"),
    text_column("outcome", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    instant("next_at", default_now=True),
    instant("received_at", default_now=True),
    instant("processed_at", nullable=True),
    one_of("status", "received", "processed", "ignored", "parked"),
    UniqueConstraint("provider", "event_id"),
    Index("ix_webhook_events_due", "next_at", postgresql_where=text("status = 'received'")),
    Index("ix_webhook_events_parked", "received_at", postgresql_where=text("status = 'parked'")),
)

# Until when each provider's own list of events has been read, for those that were never delivered.
provider_cursors = Table(
    "provider_cursors",
    metadata,
    Column("provider", Text, primary_key=True),
    instant("polled_until"),
    updated_at(),
)
