"""Whom an invoice or a quote is for gets mail about it."""

from moorage.domains.invoicing.queries import InvoiceRow, QuoteRow
from moorage.domains.notifications.operations import queue_mail
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM


async def mail_customer(house: House, about: InvoiceRow | QuoteRow, *, subject: str, body: str, cause: str) -> None:
    """Mail them once for each cause: at the address they were written to, else at their account's; nothing where there
    is neither.
    """
    async with house.database.transaction(SYSTEM) as db:
        address: str | None = about.customer_email or await db.fetchval(
            "SELECT email FROM users WHERE id = $1", about.customer_id
        )
        if address is None:
            return
        await queue_mail(db, user_id=about.customer_id, recipient=address, subject=subject, body=body, cause=cause)
    house.bell.ring()
