"""Tables of the inbox: what providers told us, and until when they were asked."""

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from moorage.domains.payments.states import EventStatus
from moorage.kernel.tables import created_at, id_column, instant, metadata, one_of, text_column, updated_at

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
    one_of("status", *get_args(EventStatus)),
    UniqueConstraint("provider", "event_id"),
    Index("ix_webhook_events_due", "next_at", postgresql_where=text("status = 'received'")),
    Index("ix_webhook_events_parked", "received_at", postgresql_where=text("status = 'parked'")),
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

# Until when each provider's own list of events has been read, for those that were never delivered.
provider_cursors = Table(
    "provider_cursors",
    metadata,
    Column("provider", Text, primary_key=True),
    instant("polled_until"),
    updated_at(),
)
