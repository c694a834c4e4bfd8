"""Tables of payouts: who can be paid through which provider, what was paid out, and which weeks are done."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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

# A practitioner's account at a provider. Written before it is opened there: its id is the key of that call.
payees = Table(
    "payees",
    metadata,
    id_column(),
    reference("practitioner_id", "practitioners.id"),
    text_column("provider"),
    text_column("provider_ref", nullable=True),
    # Whether money may go there, and what the provider still wants to know.
    Column("can_be_paid", Boolean, nullable=False, server_default="false"),
    Column("details_submitted", Boolean, nullable=False, server_default="false"),
    Column("missing", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    created_at(),
    updated_at(),
    CheckConstraint("provider_ref IS NOT NULL OR NOT can_be_paid", name="paid_where_known"),
    UniqueConstraint("practitioner_id", "provider"),
    UniqueConstraint("provider", "provider_ref"),
)

payouts = Table(
    "payouts",
    metadata,
    id_column(),
    reference("practitioner_id", "practitioners.id"),
    minor("amount_minor"),
    text_column("currency"),
    # requested: reserved, and the provider (or a person) is to send it; in_transit: sent; paid: there; failed: it is
    # back, also after it was paid.
    text_column("status", default="requested"),
    # `manual`: a person sends it and says so.
    text_column("method"),
    text_column("provider"),
    # The payee's account there, as it was when it was asked for.
    text_column("payee_ref", nullable=True),
    text_column("provider_ref", nullable=True),
    Column("provider_ids", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    # What came back of it: all of what has failed.
    minor("returned_minor", default=0),
    text_column("failure_code", nullable=True),
    text_column("note", nullable=True),
    # The week that an automatic payout is for.
    Column("week", Date),
    reference("requested_by", "users.id", ondelete="SET NULL", nullable=True),
    instant("paid_at", nullable=True),
    instant("failed_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("status", "requested", "in_transit", "paid", "failed"),
    one_of("method", "provider", "manual"),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    CheckConstraint("returned_minor BETWEEN 0 AND amount_minor", name="returned_range"),
    CheckConstraint("(status = 'failed') = (returned_minor = amount_minor)", name="failed_is_back"),
    CheckConstraint("(method = 'provider') = (payee_ref IS NOT NULL)", name="payee_of_provider"),
    UniqueConstraint("provider", "provider_ref"),
    # Once a week.
    UniqueConstraint("practitioner_id", "currency", "week"),
    Index("ix_payouts_practitioner", "practitioner_id", "created_at"),
    Index("ix_payouts_created", "created_at"),
    Index("ix_payouts_in_transit", "created_at", postgresql_where=text("status = 'in_transit'")),
)

# The weeks whose automatic payouts are all made.
payout_weeks = Table(
    "payout_weeks",
    metadata,
    Column("week", Date, primary_key=True),
    instant("finished_at", default_now=True),
)
