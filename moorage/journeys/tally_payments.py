"""Payments are added up ahead of being asked: day by day of the business's calendar, and by customer. A report takes
these where nothing has changed since, so nothing depends on this having run.
"""

from typing import Final

from moorage.domains import analytics
from moorage.domains.availability.zones import pinned_zone
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, with_retries
from moorage.kernel.retries import STANDARD

DAYS_AT_ONCE: Final = 60
"""How many days one transaction adds up."""
TIMEOUT_S: Final = 600.0


async def tally_payments(house: House) -> None:
    """Add up what is missing or has changed, in transactions of a limited size."""
    while await with_retries(lambda: _some(house), policy=STANDARD):
        pass


async def _some(house: House) -> int:
    """One transaction; how many days are missing still."""
    zone = pinned_zone(house.terms.business_timezone)
    async with house.database.transaction(SYSTEM) as db:
        await db.execute(f"SET LOCAL statement_timeout = '{TIMEOUT_S:.0f}s'")
        begins = await analytics.tally_begins(db)
        if begins is None:
            return 0
        first, today = analytics.midnight_of(begins, zone), analytics.midnight_of(house.clock(), zone)
        days = analytics.days_of(first, today, zone) if first < today else [today]
        return await analytics.tally_payments(db, days, limit=DAYS_AT_ONCE, timeout_s=TIMEOUT_S)
