"""A booking moves to another time of its service.

The story: one transaction checks the new time by the rules that list times (its own does not stand in the way), moves
the claim, and tells both sides. Refused, all stands as it was; the old time is free when it commits.
"""

from datetime import datetime
from uuid import UUID

from moorage.domains.bookings import operations
from moorage.journeys.house import House
from moorage.kernel.db import Actor, with_retries


async def reschedule_booking(
    house: House, booking_id: UUID, *, by: UUID, starts_at: datetime | None, session_id: UUID | None
) -> None:
    """Move to `starts_at`, or a workshop's booking to another session. Raises NotFoundError, InvalidStateError,
    HoldExpiredError, InvalidStartError, SlotUnavailableError.
    """

    async def move() -> None:
        async with house.database.transaction(Actor(by)) as db:
            await operations.reschedule(
                db, booking_id, by=by, starts_at=starts_at, session_id=session_id, now=house.clock()
            )

    await with_retries(move)
