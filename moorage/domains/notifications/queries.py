"""Every read of notifications."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from moorage.domains.notifications.gateway import Mail
from moorage.kernel.db import Connection

_UNSENT: Final = """
SELECT id, recipient, subject, body_text FROM mails
 WHERE id = $1 AND status IN ('queued', 'kept') FOR UPDATE SKIP LOCKED
"""
_RECENT: Final = """
SELECT id, recipient, subject, body_text AS body, status, created_at FROM mails
 WHERE $2::text IS NULL OR lower(recipient) = lower($2) ORDER BY created_at DESC, id DESC LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class OutboxMail:
    """A mail as the outbox page shows it."""

    id: UUID
    recipient: str
    subject: str
    body: str
    status: str
    created_at: datetime


async def unsent_mail(db: Connection, mail_id: UUID) -> Mail | None:
    """A mail that has not left yet, locked against a second sender; None when it has, or is on its way elsewhere."""
    row = await db.fetchrow(_UNSENT, mail_id)
    return None if row is None else Mail(row["id"], row["recipient"], row["subject"], row["body_text"])


async def recent_mails(db: Connection, *, recipient: str | None = None, limit: int = 100) -> list[OutboxMail]:
    """The newest mails first, all or those to one recipient."""
    return [OutboxMail(**row) for row in await db.fetch(_RECENT, limit, recipient)]
