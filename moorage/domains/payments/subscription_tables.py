"""The table of what payers pay by the period."""

from typing import get_args

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from moorage.domains.payments.states import Ending, Interval, SubscriptionStatus
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

# What a payer pays by the period, as the provider that collects it says; each paid period is a payment.
subscriptions = Table(
    "subscriptions",
    metadata,
    id_column(),
    text_column("provider"),
    text_column("provider_ref"),
    reference("user_id", "users.id", ondelete="SET NULL", nullable=True),
    # Of a payer without an account here.
    text_column("email", nullable=True),
    text_column("status"),
    # Each with price, name, amount_minor and quantity.
    Column("items", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    # Of one period; NULL where the provider cannot say before it is over.
    minor("amount_minor", nullable=True),
    text_column("currency"),
    text_column("interval_unit"),
    Column("interval_count", Integer, nullable=False, server_default="1"),
    instant("period_starts_at", nullable=True),
    instant("period_ends_at", nullable=True),
    Column("cancel_at_period_end", Boolean, nullable=False, server_default="false"),
    instant("canceled_at", nullable=True),
    instant("ended_at", nullable=True),
    # Its end was asked for here: the provider is told until it confirms that.
    text_column("ending", nullable=True),
    instant("ending_since", nullable=True),
    # When the provider was asked for what stands here: what was asked for earlier is yesterday's.
    instant("told_at"),
    instant("started_at"),
    created_at(),
    updated_at(),
    one_of("status", *get_args(SubscriptionStatus)),
    one_of("interval_unit", *get_args(Interval)),
    one_of("ending", *get_args(Ending)),
    currency_check(),
    CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
    CheckConstraint("interval_count > 0", name="interval_count_positive"),
    UniqueConstraint("provider", "provider_ref"),
    Index("ix_subscriptions_user", "user_id", "started_at"),
)
