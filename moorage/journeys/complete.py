"""An appointment has been delivered.

The story: one transaction completes the booking and says from when its earnings may be released: the refund window
after its end. `release_due_earnings`, run every minute, moves what is due from pending to available.
"""

from typing import Final
from uuid import UUID

from moorage.domains.bookings import operations
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, Actor, with_retries
from moorage.kernel.retries import STANDARD

RELEASED_AT_ONCE: Final = 500
"""How many earnings one transaction releases."""


async def complete_booking(house: House, booking_id: UUID, *, by: UUID) -> None:
    """Mark as delivered, by its practitioner or an admin. Raises NotFoundError, ForbiddenError, InvalidStateError."""

    async def complete() -> None:
        async with house.database.transaction(Actor(by)) as db:
            window = house.terms.refund_window_hours
            await operations.complete(db, booking_id, by=by, now=house.clock(), refund_window_hours=window)

    await with_retries(complete)


async def release_due_earnings(house: House) -> int:
    """Release every earning whose refund window is over, in transactions of a limited size. Answers how many."""
    total = 0
    while True:

        async def release() -> int:
            async with house.database.transaction(SYSTEM) as db:
                released: int = await db.fetchval(
                    "SELECT release_earnings($1, NULL, $2::int)", house.clock(), RELEASED_AT_ONCE
                )
                return released

        released = await with_retries(release, policy=STANDARD)
        total += released
        if released < RELEASED_AT_ONCE:
            return total
