"""Tables of the audit log: who did what to what, on whose behalf; append-only."""

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from moorage.kernel.tables import created_at, metadata, text_column

audit_log = Table(
    "audit_log",
    metadata,
    Column("no", BigInteger, Identity(always=True), primary_key=True),
    Column("actor_id", Uuid),
    text_column("action"),
    text_column("subject_type"),
    Column("subject_id", Uuid),
    Column("details", JSONB),
    created_at(),
    Index("ix_audit_log_subject", "subject_id"),
    Index("ix_audit_log_actor", "actor_id", "created_at"),
)
