"""Tables of notifications: mail on its way out, kept to be read where no SMTP server is set."""

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint, Uuid, text

from moorage.kernel.tables import created_at, id_column, instant, metadata, one_of, text_column, updated_at

mails = Table(
    "mails",
    metadata,
    id_column(),
    # Whose mail it is, by id (accounts are above this domain).
    Column("user_id", Uuid),
    text_column("recipient"),
    text_column("subject"),
    text_column("body_text"),
    # What it tells of, so that one effect is told once: for instance `booking_confirmed:{id}:client`.
    text_column("cause"),
    text_column("status", default="queued"),
    text_column("error", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    instant("sent_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("status", "queued", "sent", "kept", "failed"),
    UniqueConstraint("cause"),
    Index("ix_mails_recent", "created_at"),
    Index("ix_mails_user", "user_id", postgresql_where=text("user_id IS NOT NULL")),
)
