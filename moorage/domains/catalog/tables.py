"""Tables of the catalog: what is sold, at what price, under which rules."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from moorage.kernel.tables import (
    created_at,
    currency_check,
    id_column,
    metadata,
    minor,
    one_of,
    reference,
    text_column,
    updated_at,
)

categories = Table(
    "categories",
    metadata,
    id_column(),
    text_column("slug"),
    text_column("name"),
    created_at(),
    UniqueConstraint("slug"),
)

services = Table(
    "services",
    metadata,
    id_column(),
    reference("practitioner_id", "practitioners.id"),
    reference("category_id", "categories.id", index=True),
    reference("location_id", "practitioner_locations.id", ondelete="SET NULL", nullable=True, index=True),
    text_column("title"),
    text_column("description", default=""),
    text_column("service_type"),
    Column("is_active", Boolean, nullable=False, server_default="true"),
    Column("is_virtual", Boolean, nullable=False, server_default="false"),
    # Price: fixed for a session; for a workshop or course, per place. Options, where they exist, are per participant.
    minor("price_minor"),
    # The least that a booking by options costs, however few take part.
    minor("minimum_minor", default=0),
    text_column("currency"),
    # Deposit asked for now: a share in basis points or a fixed amount; neither means all of it.
    Column("deposit_bps", Integer),
    minor("deposit_minor", nullable=True),
    # Cancellation: free until N hours before the start, then a fee of a share in basis points of the total.
    Column("free_until_hours", Integer, nullable=False, server_default="24"),
    Column("late_fee_bps", Integer, nullable=False, server_default="10000"),
    # Scheduling rules, in minutes unless named otherwise.
    Column("duration_minutes", Integer, nullable=False),
    Column("max_participants", Integer, nullable=False, server_default="1"),
    Column("buffer_before_minutes", Integer, nullable=False, server_default="0"),
    Column("buffer_after_minutes", Integer, nullable=False, server_default="0"),
    Column("slot_interval_minutes", Integer, nullable=False),
    text_column("slot_alignment", default="local_hour"),
    Column("min_notice_minutes", Integer, nullable=False, server_default="0"),
    Column("horizon_days", Integer, nullable=False, server_default="60"),
    Column("daily_limit", Integer),
    # What lists compare with, written by a trigger: the price in whole units (currencies differ in their decimals),
    # and the words of title and description.
    Column("list_price", Numeric(20, 4), nullable=False, server_default="0"),
    Column("search_words", TSVECTOR, nullable=False, server_default=text("''::tsvector")),
    created_at(),
    updated_at(),
    one_of("service_type", "session", "workshop", "course"),
    one_of("slot_alignment", "local_hour", "compact"),
    currency_check(),
    CheckConstraint("price_minor >= 0", name="price_not_negative"),
    CheckConstraint("minimum_minor >= 0", name="minimum_not_negative"),
    CheckConstraint("deposit_bps IS NULL OR deposit_minor IS NULL", name="one_deposit"),
    CheckConstraint("deposit_bps BETWEEN 1 AND 10000", name="deposit_bps_range"),
    CheckConstraint("deposit_minor > 0", name="deposit_positive"),
    CheckConstraint("late_fee_bps BETWEEN 0 AND 10000", name="late_fee_range"),
    CheckConstraint("free_until_hours BETWEEN 0 AND 8784", name="free_until_range"),
    CheckConstraint("duration_minutes BETWEEN 1 AND 1440", name="duration_range"),
    CheckConstraint("max_participants BETWEEN 1 AND 10000", name="participants_range"),
    CheckConstraint("buffer_before_minutes BETWEEN 0 AND 1440", name="buffer_before_range"),
    CheckConstraint("buffer_after_minutes BETWEEN 0 AND 1440", name="buffer_after_range"),
    CheckConstraint("slot_interval_minutes BETWEEN 1 AND 1440", name="slot_interval_range"),
    CheckConstraint("min_notice_minutes BETWEEN 0 AND 1054080", name="min_notice_range"),
    CheckConstraint("horizon_days BETWEEN 1 AND 730", name="horizon_range"),
    CheckConstraint("daily_limit > 0", name="daily_limit_positive"),
    Index("ix_services_practitioner", "practitioner_id", "is_active"),
    Index("ix_services_listed", "service_type", "id", postgresql_where=text("is_active")),
    Index("ix_services_price", "list_price", "id", postgresql_where=text("is_active")),
    Index("ix_services_newest", "id", postgresql_where=text("is_active")),
    Index("ix_services_search_words", "search_words", postgresql_using="gin"),
)

price_options = Table(
    "price_options",
    metadata,
    id_column(),
    reference("service_id", "services.id", ondelete="CASCADE"),
    Column("position", SmallInteger, nullable=False),
    text_column("name"),
    minor("price_minor"),
    UniqueConstraint("service_id", "name"),
    CheckConstraint("price_minor >= 0", name="price_not_negative"),
)
