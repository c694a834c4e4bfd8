"""Tables of money that goes back: refunds, which we ask for, and disputes, which the payer's bank opens."""

from typing import get_args

from sqlalchemy import CheckConstraint, Column, Index, Table, UniqueConstraint, Uuid, text

from moorage.domains.payments.states import DisputeStatus, RefundStatus
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
    one_of("status", *get_args(RefundStatus)),
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
    one_of("status", *get_args(DisputeStatus)),
    currency_check(),
    CheckConstraint("amount_minor > 0", name="amount_positive"),
    CheckConstraint("held_minor BETWEEN 0 AND amount_minor", name="held_range"),
    UniqueConstraint("provider", "provider_ref"),
)
