"""Invoices are reminded of: before they are due, on the day, and after. Those of cancelled bookings are voided."""

from typing import Final

from moorage.domains.invoicing import operations
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM

AT_ONCE: Final = 200


async def dun_invoices(house: House) -> int:
    """Send every reminder that is due by the House's clock; answers how many mails. The worker calls it."""
    now = house.clock()
    async with house.database.transaction(SYSTEM) as db:
        await operations.void_of_cancelled(db, now, AT_ONCE)
        days = house.invoicing.reminder_days
        due = await operations.lock_to_remind(db, days, now, AT_ONCE)
        pages = {invoice.id: house.public_url + house.links.path(invoice) for invoice in due}
        sent = await operations.remind(db, days, pages, now) if pages else 0
    if sent:
        house.bell.ring()
    return sent
