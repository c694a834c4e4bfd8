"""A booking is cancelled, or missed, and what the policy gives back goes back.

The story: one transaction ends the booking, frees its time and places, reserves and posts the refunds and writes the
calls they need (`cancel_booking`). After the commit whoever waits has those calls carried out at once, so that the
answer tells what became of the refund; if the process dies in between, the worker finds the planned calls.
"""

from uuid import UUID

from moorage.domains.bookings import operations
from moorage.domains.bookings.operations import Refunding
from moorage.journeys.house import House
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import Actor, with_retries


async def cancel_booking(house: House, booking_id: UUID, *, by: UUID, reason: str | None) -> Refunding:
    """Cancel for the client, the practitioner or an admin, by the policy kept on the booking. Raises NotFoundError,
    InvalidStateError.
    """

    async def cancel() -> Refunding:
        async with house.database.transaction(Actor(by)) as db:
            return await operations.cancel(db, booking_id, by=by, reason=reason, now=house.clock())

    ended = await with_retries(cancel)
    await carry_out_now(house, ended.operations)
    return ended


async def mark_no_show(house: House, booking_id: UUID, *, by: UUID) -> Refunding:
    """The client did not come: the policy's fee is kept, the rest goes back. Raises NotFoundError, ForbiddenError,
    InvalidStateError.
    """

    async def mark() -> Refunding:
        async with house.database.transaction(Actor(by)) as db:
            window = house.terms.refund_window_hours
            return await operations.mark_no_show(db, booking_id, by=by, now=house.clock(), refund_window_hours=window)

    ended = await with_retries(mark)
    await carry_out_now(house, ended.operations)
    return ended
