"""Once in a while: the search summary reaches one day further, and past days go."""

from moorage.domains.availability import operations
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM

BATCH = 200


async def roll_free_days(house: House) -> int:
    """Extend the summary of every practitioner, `BATCH` to a transaction; returns the number of transactions."""
    last: int | None = 0
    batches = 0
    while last is not None:
        async with house.database.transaction(SYSTEM) as db:
            last = await operations.roll_free_days(db, last, BATCH)
        batches += 1
    return batches
