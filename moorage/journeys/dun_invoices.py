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
        sent = await operations.remind(db, house.invoicing.reminder_days, house.public_url, now, AT_ONCE)
    if sent:
        house.bell.ring()
    return sent
