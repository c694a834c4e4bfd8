"""Tables of availability: intent in local time, claims in UTC, and the summary that search reads."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIT, TSTZRANGE, ExcludeConstraint

from moorage.kernel.tables import created_at, id_column, instant, metadata, one_of, reference, text_column, updated_at

# Every zone's offset from UTC by stretches of time, written by the migration step from the pinned tzdata package, so
# that the database and Python never disagree about a clock change.
zone_offsets = Table(
    "zone_offsets",
    metadata,
    Column("zone", Text, primary_key=True),
    instant("starts_at", primary_key=True),
    instant("ends_at"),
    Column("offset_minutes", SmallInteger, nullable=False),
    CheckConstraint("starts_at < ends_at", name="not_empty"),
)

# Which release of the tzdata package zone_offsets was written from; one row.
zone_release = Table(
    "zone_release",
    metadata,
    Column("is_only", Boolean, primary_key=True, server_default="true"),
    text_column("version"),
    instant("loaded_at", default_now=True),
    CheckConstraint("is_only", name="one_row"),
)

# Intent: a weekly rule in local wall time. `minutes` may run past midnight.
weekly_hours = Table(
    "weekly_hours",
    metadata,
    id_column(),
    reference("practitioner_id", "practitioners.id", ondelete="CASCADE", index=True),
    Column("weekday", SmallInteger, nullable=False),  # 0 is Monday, 6 Sunday
    Column("start_minute", SmallInteger, nullable=False),
    Column("minutes", SmallInteger, nullable=False),
    Column("valid_from", Date),
    Column("valid_to", Date),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_range"),
    CheckConstraint("start_minute BETWEEN 0 AND 1439", name="start_range"),
    CheckConstraint("minutes BETWEEN 1 AND 1440", name="minutes_range"),
    CheckConstraint("valid_from <= valid_to", name="valid_order"),
)

# Intent: what replaces a local date's rules; no windows means closed.
date_overrides = Table(
    "date_overrides",
    metadata,
    reference("practitioner_id", "practitioners.id", ondelete="CASCADE", primary_key=True),
    Column("date", Date, primary_key=True),
    Column("start_minutes", ARRAY(SmallInteger), nullable=False),
    Column("lengths_minutes", ARRAY(SmallInteger), nullable=False),
    CheckConstraint("cardinality(start_minutes) = cardinality(lengths_minutes)", name="pairs"),
    CheckConstraint("0 <= ALL (start_minutes) AND 1439 >= ALL (start_minutes)", name="start_range"),
    CheckConstraint("1 <= ALL (lengths_minutes) AND 1440 >= ALL (lengths_minutes)", name="length_range"),
)

# One date of a workshop or course. `places_taken` is changed only by a guarded update, holds included.
sessions = Table(
    "sessions",
    metadata,
    id_column(),
    reference("service_id", "services.id"),
    Column("resource_no", BigInteger, nullable=False),
    instant("starts_at"),
    instant("ends_at"),
    Column("capacity", Integer, nullable=False),
    Column("places_taken", Integer, nullable=False, server_default="0"),
    text_column("status", default="scheduled"),
    created_at(),
    updated_at(),
    one_of("status", "scheduled", "cancelled"),
    CheckConstraint("starts_at < ends_at", name="time_order"),
    CheckConstraint("capacity >= 0 AND places_taken BETWEEN 0 AND capacity", name="places_within_capacity"),
    Index("ix_sessions_service_starts", "service_id", "starts_at"),
)

# A stretch of a resource's time that is taken, buffers included. The exclusion constraint is the invariant of this
# product: no two active claims of one resource overlap, whatever any code does.
claims = Table(
    "claims",
    metadata,
    id_column(),
    Column("resource_no", BigInteger, nullable=False),
    Column("during", TSTZRANGE, nullable=False),
    text_column("kind"),
    Column("active", Boolean, nullable=False, server_default="true"),
    # Holds alone expire; from that instant on the database's clock says the time is free, cleaner or not.
    instant("expires_at", nullable=True),
    # What occupies it: a booking or a session, by id (those tables are above this domain, so no foreign key here
    # for bookings).
    Column("booking_id", Uuid),
    reference("session_id", "sessions.id", ondelete="CASCADE", nullable=True),
    created_at(),
    updated_at(),
    one_of("kind", "hold", "booking", "block"),
    CheckConstraint("NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL", name="bounded"),
    CheckConstraint("(kind = 'hold') = (expires_at IS NOT NULL)", name="holds_expire"),
    ExcludeConstraint(
        (text("int8range(resource_no, resource_no, '[]')"), "&&"),
        (text("during"), "&&"),
        using="gist",
        where=text("active"),
        name="ex_claims_no_overlap",
    ),
    Index("uq_claims_booking", "booking_id", unique=True, postgresql_where=text("booking_id IS NOT NULL")),
    Index("uq_claims_session", "session_id", unique=True, postgresql_where=text("session_id IS NOT NULL")),
    Index("ix_claims_expiring", "expires_at", postgresql_where=text("active AND kind = 'hold'")),
)

# Busy times read from outside calendars. They may overlap each other and our claims, so no constraint; read as busy.
outside_busy = Table(
    "outside_busy",
    metadata,
    id_column(),
    Column("resource_no", BigInteger, nullable=False),
    text_column("source"),
    Column("during", TSTZRANGE, nullable=False),
    created_at(),
    CheckConstraint("NOT isempty(during) AND lower(during) IS NOT NULL AND upper(during) IS NOT NULL", name="bounded"),
    Index(
        "ix_outside_busy_during",
        text("int8range(resource_no, resource_no, '[]')"),
        "during",
        postgresql_using="gist",
    ),
)

# For search: which 5-minute pieces of a UTC day have free time in them (working time less claims and outside busy
# times), written in the same transaction as what it summarises. A hint: the constraint is the truth. No row means
# nothing free. `ragged`: some free stretch of the day begins or ends inside a piece, so the bits alone do not decide.
free_days = Table(
    "free_days",
    metadata,
    Column("resource_no", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("bits", BIT(288), nullable=False),
    Column("ragged", Boolean, nullable=False, server_default="false"),
    Index("ix_free_days_day", "day", "resource_no"),
    postgresql_with={"fillfactor": "70"},
)
