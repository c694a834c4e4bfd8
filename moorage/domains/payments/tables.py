"""Tables of payments: attempts to collect, refunds, disputes, calls to providers and what providers told us."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from moorage.kernel.tables import (
    created_at,
    currency_check,
    id_column,
    instant,
    made_id,
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
    # `manual` reserves first; `amount_minor` is what is to be collected, and after a capture in part what was.
    text_column("capture_method", default="automatic"),
    minor("authorized_minor", nullable=True),
    # How the payer is asked: on a page of ours (`intent`) or the provider's (`checkout`), with these lines.
    text_column("mode", default="intent"),
    Column("lines", JSONB),
    text_column("description", nullable=True),
    text_column("return_url", nullable=True),
    text_column("cancel_url", nullable=True),
    # A payer without an account here, or whose receipt goes elsewhere.
    text_column("payer_email", nullable=True),
    # The provider's further ids: charge, customer, payer, capture, checkout_session, …
    Column("provider_ids", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    minor("tax_minor", default=0),
    minor("fee_minor", nullable=True),
    # After this the provider takes no money for it, where it says so.
    instant("expires_at", nullable=True),
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
    one_of("capture_method", "automatic", "manual"),
    one_of("mode", "intent", "checkout"),
    CheckConstraint("tax_minor BETWEEN 0 AND amount_minor", name="tax_range"),
    Index(
        "ix_payments_provider_ids",
        "provider_ids",
        postgresql_using="gin",
        postgresql_where=text("provider_ids <> '{}'"),
    ),
    Index(
        "uq_payments_stripe_payment_intent",
        text("(provider_ids ->> 'payment_intent')"),
        unique=True,
        postgresql_where=text("provider = 'stripe' AND provider_ids ? 'payment_intent'"),
    ),
    Index("ix_payments_purpose", "purpose_id", "created_at"),
    Index("ix_payments_payer", "payer_id", "created_at"),
    # Rows lie in the order of their making: reports read stretches of it, and find what has changed.
    Index("ix_payments_created", "created_at", "updated_at", postgresql_using="brin"),
    Index(
        "ix_payments_open",
        "provider",
        "updated_at",
        postgresql_where=text("status IN ('pending', 'requires_action', 'processing')"),
    ),
    # Lists of what other services record filter by these; payments of bookings cost nothing here.
    *(
        Index(f"ix_payments_free_{name}", *columns, postgresql_where=text("purpose = 'free_amount'"))
        for name, columns in (
            ("created", ("created_at",)),
            ("status", ("status", "created_at")),
            ("provider", ("provider", "created_at")),
            ("currency", ("currency", "created_at")),
        )
    ),
)

payment_audit = Table(
    "payment_audit",
    metadata,
    made_id(),
    # The order in which they were written.
    Column("no", BigInteger, Identity(always=True), nullable=False),
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
    # Of it, what was tax: as posted.
    minor("tax_minor", default=0),
    text_column("currency"),
    text_column("status", default="pending"),
    text_column("reason"),
    text_column("notes", nullable=True),
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

# A payment as another service's records name it (contract payment records): one row beside its payment.
payment_records = Table(
    "payment_records",
    metadata,
    reference("payment_id", "payments.id", ondelete="CASCADE", primary_key=True),
    text_column("gateway_payment_id"),
    text_column("checkout_session_id", nullable=True),
    text_column("payment_method_id", nullable=True),
    Column("payment_method_types", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    text_column("customer_id", nullable=True),
    text_column("customer_email", nullable=True),
    # Of the other service's own things, never resolved here.
    Column("booking_no", BigInteger),
    Column("property_no", BigInteger),
    text_column("description", nullable=True),
    created_at(),
    updated_at(),
    UniqueConstraint("gateway_payment_id"),
    UniqueConstraint("checkout_session_id"),
    Index("ix_payment_records_booking", "booking_no", postgresql_where=text("booking_no IS NOT NULL")),
    Index("ix_payment_records_property", "property_no", postgresql_where=text("property_no IS NOT NULL")),
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

# Deliveries whose signature was wrong: counted by day, and nothing of them kept.
webhook_rejections = Table(
    "webhook_rejections",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("deliveries", BigInteger, nullable=False, server_default="0"),
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
    one_of("movement", "charge", "refund", "dispute"),
    UniqueConstraint("provider", "kind", "movement", "provider_ref"),
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
    one_of("kind", "create", "confirm", "authorize", "capture", "cancel", "refund"),
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
    created_at(),
    updated_at(),
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
