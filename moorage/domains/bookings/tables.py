"""Tables of bookings: a client's place, with price and policy as agreed."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, SmallInteger, Table, Text, text

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

bookings = Table(
    "bookings",
    metadata,
    id_column(),
    reference("service_id", "services.id"),
    reference("practitioner_id", "practitioners.id"),
    reference("client_id", "users.id"),
    reference("session_id", "sessions.id", nullable=True),
    # A course is one parent with a child per session; price and payment are the parent's.
    reference("parent_id", "bookings.id", ondelete="CASCADE", nullable=True),
    text_column("status", default="pending"),
    instant("starts_at"),
    instant("ends_at"),
    text_column("timezone"),
    Column("places", Integer, nullable=False, server_default="1"),
    # The agreement, kept as it was when made.
    text_column("currency"),
    minor("total_minor"),
    minor("due_now_minor"),
    Column("commission_bps", Integer, nullable=False),
    minor("commission_minor"),
    Column("free_until_hours", Integer, nullable=False),
    Column("late_fee_bps", Integer, nullable=False),
    Column("buffer_before_minutes", Integer, nullable=False),
    Column("buffer_after_minutes", Integer, nullable=False),
    # Running totals, moved only by the functions that post to the ledger. A payment that came too late, or twice, is
    # counted as paid and as given back.
    minor("paid_minor", default=0),
    minor("refunded_minor", default=0),
    text_column("special_requests", default=""),
    # Where the practitioner comes to, and the practice's own code of the state that the client lives in.
    text_column("address", nullable=True),
    Column("state_no", Integer),
    # The hold: while pending, the place is kept until this instant.
    instant("hold_expires_at", nullable=True),
    Column("hold_extended", Boolean, nullable=False, server_default="false"),
    instant("confirmed_at", nullable=True),
    instant("completed_at", nullable=True),
    Column("attended", Boolean),
    instant("cancelled_at", nullable=True),
    reference("cancelled_by", "users.id", ondelete="SET NULL", nullable=True),
    text_column("cancel_reason", nullable=True),
    text_column("cancel_kind", nullable=True),
    Column("reschedule_count", Integer, nullable=False, server_default="0"),
    created_at(),
    updated_at(),
    one_of("status", "pending", "confirmed", "completed", "cancelled"),
    one_of("cancel_kind", "client", "practitioner", "admin", "expired", "not_available"),
    currency_check(),
    CheckConstraint("starts_at < ends_at", name="time_order"),
    CheckConstraint("total_minor >= 0 AND due_now_minor BETWEEN 0 AND total_minor", name="amounts"),
    CheckConstraint("refunded_minor BETWEEN 0 AND paid_minor", name="never_over_refunded"),
    CheckConstraint("(status = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled_when"),
    CheckConstraint(
        "status <> 'pending' OR parent_id IS NOT NULL OR hold_expires_at IS NOT NULL", name="pending_expires"
    ),
    CheckConstraint("places > 0", name="places_positive"),
    Index("ix_bookings_client", "client_id", "starts_at", "id", postgresql_where=text("parent_id IS NULL")),
    Index("ix_bookings_practitioner", "practitioner_id", "starts_at", "id", postgresql_where=text("parent_id IS NULL")),
    # An administrator's list is of everybody's.
    Index("ix_bookings_starts", "starts_at", "id", postgresql_where=text("parent_id IS NULL")),
    Index("ix_bookings_service_starts", "service_id", "starts_at"),
    Index("ix_bookings_session", "session_id", postgresql_where=text("session_id IS NOT NULL")),
    Index("ix_bookings_parent", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    Index("ix_bookings_holds", "hold_expires_at", postgresql_where=text("status = 'pending' AND parent_id IS NULL")),
)

participants = Table(
    "booking_participants",
    metadata,
    reference("booking_id", "bookings.id", ondelete="CASCADE", primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    text_column("name", default=""),
    text_column("email", nullable=True),
    text_column("option_name", nullable=True),
    minor("price_minor"),
    Column("attended", Boolean),
    text_column("notes", default=""),
)

# What a practitioner had confirmed in a month (UTC) per currency: the commission's tiers read one row of it.
practitioner_months = Table(
    "practitioner_months",
    metadata,
    reference("practitioner_id", "practitioners.id", ondelete="CASCADE", primary_key=True),
    Column("month", Date, primary_key=True),
    Column("currency", Text, primary_key=True),
    minor("gross_minor"),
    currency_check(),
    CheckConstraint("gross_minor >= 0", name="gross_not_negative"),
    postgresql_with={"fillfactor": "70"},
)
