"""A client changes what was booked: guests, menu, place, time. The price follows, and with it what is owed.

The story: one transaction changes the order by the policy kept on the booking, states the new price, stops what asks
for another amount, plans the return of what was paid above it, and moves the time where that changes too. Refused, all
stands as it was. The calls to providers come after the commit.
"""

from datetime import datetime
from uuid import UUID

from moorage.domains.bookings import operations
from moorage.domains.bookings.operations import OrderChange
from moorage.journeys.house import House
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import Actor, with_retries


async def reprice_booking(
    house: House, booking_id: UUID, change: OrderChange, *, by: UUID, starts_at: datetime | None = None
) -> None:
    """Change an order, and move it to `starts_at` unless None. Raises NotFoundError, HoldExpiredError,
    InvalidStateError, TooManyParticipantsError, OptionRequiredError, UnknownOptionError, SlotUnavailableError.
    """

    async def tell() -> list[UUID]:
        async with house.database.transaction(Actor(by)) as db:
            planned = await operations.change_order(db, booking_id, change, by=by, now=house.clock())
            if starts_at is not None:
                await operations.reschedule(
                    db, booking_id, by=by, starts_at=starts_at, session_id=None, now=house.clock()
                )
            return planned

    await carry_out_now(house, await with_retries(tell))
