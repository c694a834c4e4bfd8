"""An appointment has been delivered.

The story: one transaction completes the booking and says from when its earnings may be released: the refund window
after its end. The periodic `release_earnings` does the rest.
"""

from uuid import UUID

from moorage.domains.bookings import operations
from moorage.journeys.house import House
from moorage.kernel.db import Actor, with_retries


async def complete_booking(house: House, booking_id: UUID, *, by: UUID) -> None:
    """Mark as delivered, by its practitioner or an admin. Raises NotFoundError, ForbiddenError, InvalidStateError."""

    async def complete() -> None:
        async with house.database.transaction(Actor(by)) as db:
            window = house.terms.refund_window_hours
            await operations.complete(db, booking_id, by=by, now=house.clock(), refund_window_hours=window)

    await with_retries(complete)
