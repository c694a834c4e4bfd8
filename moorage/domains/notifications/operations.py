"""The verbs of notifications."""

from typing import Final, Literal
from uuid import UUID

from moorage.kernel.db import Connection

_QUEUE: Final = "SELECT queue_mail($1, $2, $3, $4, $5)"


async def queue_mail(
    db: Connection, *, user_id: UUID | None, recipient: str, subject: str, body: str, cause: str
) -> None:
    """Send a mail once the transaction commits, unless `cause` has been told already. Takes the product's role."""
    await db.execute(_QUEUE, user_id, recipient, " ".join(subject.split()), body, cause)


async def mark_mail(
    db: Connection, mail_id: UUID, status: Literal["sent", "kept", "failed"], error: str | None
) -> None:
    """Note how a mail fared. The text of a mail that carried a secret link is not kept once it has left."""
    await db.execute(
        """
        UPDATE mails SET status = $2, error = $3, attempts = attempts + 1, updated_at = now(),
               sent_at = CASE $2 WHEN 'sent' THEN now() END,
               body_text = CASE WHEN $2 = 'sent' AND split_part(cause, ':', 1) IN (
                 'verify_email', 'reset_password', 'sign_in', 'portal', 'invoice_issued', 'invoice_reminder',
                 'invoice_paid', 'quote_made') THEN '' ELSE body_text END
         WHERE id = $1
        """,
        mail_id,
        status,
        error,
    )
