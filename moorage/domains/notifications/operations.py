"""The verbs of notifications."""

from typing import Final
from uuid import UUID

from moorage.kernel.db import Connection

_QUEUE: Final = "SELECT queue_mail($1, $2, $3, $4, $5)"


async def queue_mail(
    db: Connection, *, user_id: UUID | None, recipient: str, subject: str, body: str, cause: str
) -> None:
    """Send a mail once the transaction commits, unless `cause` has been told already. Takes the product's role."""
    await db.execute(_QUEUE, user_id, recipient, " ".join(subject.split()), body, cause)
