"""A link to the customer portal: mailed to whoever asks with their address, valid for a while.

Who opens it is whoever reads that mailbox, so it shows what was paid from, billed to or booked under that address.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from moorage.domains.accounts.policy import at_rest, new_secret
from moorage.domains.invoicing.errors import PortalLinkExpiredError
from moorage.domains.invoicing.operations import open_portal
from moorage.domains.notifications.operations import queue_mail
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError

MAX_PER_HOUR: Final = 5
"""Nobody fills somebody else's mailbox with links."""


async def make_portal_link(house: House, email: str) -> str:
    """An address of the portal for the customer with this email address, for whoever has seen to who asks."""
    secret = new_secret()
    async with house.database.transaction(SYSTEM) as db:
        await open_portal(db, at_rest(secret), email, house.invoicing.portal_link)
    return f"{house.public_url}/portal/{secret}"


async def mail_portal_link(house: House, email: str) -> None:
    """Mail a link to the portal, if anything is known of this address, and no more than MAX_PER_HOUR an hour to one;
    who asks is not told whether there is.
    """
    async with house.database.reading(SYSTEM) as db:
        is_wanted = await db.fetchval(
            """
            SELECT (EXISTS (SELECT FROM users WHERE lower(email) = lower($1) AND is_active)
                    OR EXISTS (SELECT FROM invoices WHERE lower(customer_email) = lower($1))
                    OR EXISTS (SELECT FROM payments WHERE lower(payer_email) = lower($1)))
               AND (SELECT count(*) FROM portal_links
                     WHERE lower(email) = lower($1) AND created_at > now() - interval '1 hour') < $2
            """,
            email,
            MAX_PER_HOUR,
        )
    if not is_wanted:
        return
    address = await make_portal_link(house, email)
    hours = int(house.invoicing.portal_link.total_seconds() // 3600)
    async with house.database.transaction(SYSTEM) as db:
        await queue_mail(
            db,
            user_id=None,
            recipient=email,
            subject=f"Your bookings and payments at {house.business_name}",
            body=f"Open this within {hours} hours to see your bookings, invoices and payments:\n{address}",
            cause=f"portal:{house.ids()}",
        )
    house.bell.ring()


async def open_portal_link(house: House, secret: str) -> tuple[str, UUID | None, datetime]:
    """Whose portal a link opens: (address, account where there is one, until when). Raises NotFoundError,
    PortalLinkExpiredError.
    """
    async with house.database.reading(SYSTEM) as db:
        row = await db.fetchrow(
            """
            SELECT l.email, l.expires_at, l.expires_at > now() AS is_open,
                   (SELECT u.id FROM users u WHERE lower(u.email) = lower(l.email) AND u.is_active) AS user_id
              FROM portal_links l WHERE l.token_hash = $1
            """,
            at_rest(secret),
        )
    if row is None:
        raise NotFoundError("There is no such page.")
    if not row["is_open"]:
        raise PortalLinkExpiredError
    return row["email"], row["user_id"], row["expires_at"]
