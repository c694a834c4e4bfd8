"""Tables of payments: attempts to collect, and how each came to its state."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from moorage.domains.payments.states import PaymentMode, PaymentStatus
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
    # How the payer is asked: on a page of ours (`intent`) or the provider's (`checkout`; `subscription`: to pay by the
    # period from now on; `invoice`: by an invoice that the provider hosts), with these lines.
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
    # What the provider keeps, in the currency of our account there.
    minor("fee_minor", nullable=True),
    text_column("fee_currency", nullable=True),
    # After this nobody is to pay it any more: the provider's word where it has one, else ours.
    instant("expires_at", nullable=True),
    # Reserved by refunds that are under way, and given back by refunds that succeeded.
    minor("refund_pending_minor", default=0),
    minor("refunded_minor", default=0),
    minor("disputed_minor", default=0),
    Column("metadata", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    instant("succeeded_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("status", *get_args(PaymentStatus)),
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
    one_of("mode", *get_args(PaymentMode)),
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
    # An administrator's list begins with the newest of all.
    Index("ix_payments_newest", "created_at", "id"),
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
    one_of("old_status", *get_args(PaymentStatus)),
    one_of("new_status", *get_args(PaymentStatus)),
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
