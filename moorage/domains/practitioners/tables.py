"""Tables of practitioners: who delivers, and where."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Double, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from moorage.kernel.tables import created_at, id_column, instant, metadata, one_of, reference, text_column, updated_at

practitioners = Table(
    "practitioners",
    metadata,
    id_column(),
    # The key of this practitioner's time: what claims and the free-day summary name.
    Column("resource_no", BigInteger, Identity(always=True), nullable=False, unique=True),
    reference("user_id", "users.id", unique=True),
    text_column("display_name"),
    text_column("bio", default=""),
    text_column("timezone"),
    Column("specializations", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("certifications", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    text_column("verification_status", default="pending"),
    text_column("verification_reason", nullable=True),
    reference("verified_by", "users.id", ondelete="SET NULL", nullable=True),
    instant("verified_at", nullable=True),
    Column("is_featured", Boolean, nullable=False, server_default="false"),
    # True where the business itself delivers: its bookings are sales, nobody is owed an earning.
    Column("is_house", Boolean, nullable=False, server_default="false"),
    # The practitioner's own commission in basis points; NULL takes the tiers in settings.
    Column("commission_bps", Integer),
    text_column("stripe_account_id", nullable=True),
    # What search compares with, written by a trigger: specializations in lower case, and the words of name,
    # specializations and bio.
    Column("specialization_keys", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("search_words", TSVECTOR, nullable=False, server_default=text("''::tsvector")),
    created_at(),
    updated_at(),
    one_of("verification_status", "pending", "verified", "rejected"),
    CheckConstraint("commission_bps BETWEEN 0 AND 10000", name="commission_bps_range"),
    Index("ix_practitioners_specialization_keys", "specialization_keys", postgresql_using="gin"),
    Index("ix_practitioners_search_words", "search_words", postgresql_using="gin"),
    Index("ix_practitioners_listed", "is_featured", "id", postgresql_where=text("verification_status = 'verified'")),
    Index("ix_practitioners_by_name", "display_name", "id", postgresql_where=text("verification_status = 'verified'")),
    Index("ix_practitioners_undecided", "id", postgresql_where=text("verification_status = 'pending'")),
)

locations = Table(
    "practitioner_locations",
    metadata,
    id_column(),
    reference("practitioner_id", "practitioners.id", ondelete="CASCADE", index=True),
    text_column("address", default=""),
    text_column("city"),
    text_column("state", default=""),
    text_column("country"),
    Column("lat", Double),
    Column("lng", Double),
    Column("is_primary", Boolean, nullable=False, server_default="false"),
    Column("is_virtual", Boolean, nullable=False, server_default="false"),
    created_at(),
    updated_at(),
    CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="on_earth"),
    CheckConstraint("(lat IS NULL) = (lng IS NULL)", name="lat_with_lng"),
    Index("ix_practitioner_locations_city", text("lower(city)"), "practitioner_id"),
    Index("ix_practitioner_locations_point", "lat", "lng"),
    Index(
        "uq_practitioner_locations_primary",
        "practitioner_id",
        unique=True,
        postgresql_where=text("is_primary"),
    ),
)
