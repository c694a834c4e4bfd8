"""A client books and pays.

The story: `start_checkout` holds the time and opens the payment (one round trip, its own transaction; `hold_booking`).
The client pays at the provider, by its page or by `payments/confirm/`. The provider's word comes back as an event or as
an answer, and `settle_payment` (settle.sql) moves the payment and tells `apply_booking_payment` in the same
transaction: the booking is confirmed, the practitioner's earning recorded, both sides told. Who does not pay in time
loses the hold: it is free at that instant, and `release_expired_holds` tidies up. Who pays late gets the time if it is
still free, and else the money back.
"""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

import asyncpg

from moorage.domains.bookings import operations
from moorage.domains.bookings.errors import UnknownProviderError
from moorage.domains.bookings.operations import HoldRequest, Terms
from moorage.journeys.house import BookingTerms, House
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import ANONYMOUS, SYSTEM, Actor, with_retries

RELEASED_AT_ONCE = 500
"""How many expired holds one transaction releases."""


async def start_checkout(house: House, request: HoldRequest) -> asyncpg.Record:
    """Hold what was chosen and open its payment; answers `hold_booking`'s row. Raises what `operations.hold` raises,
    and UnknownProviderError.

    Repeatable as a whole: the ids are the caller's, so a try whose answer was lost is found again.
    """
    gateway = house.gateways.get(request.provider)
    if gateway is None or gateway.capabilities.recorded_by_hand:
        raise UnknownProviderError(pointer="/payment_provider")

    async def hold() -> asyncpg.Record:
        async with house.database.hot(ANONYMOUS) as db:
            return await operations.hold(db, request, hold_terms(house.terms), house.clock())

    held = await with_retries(hold, repeatable=True)
    if not gateway.capabilities.known_ahead and held["payment_id"] is not None:
        # The client waits for where to pay: the planned call is made now instead of by the worker.
        await carry_out_now(house, [request.operation_id])
    return held


async def confirm_without_payment(house: House, booking_id: UUID, *, by: UUID) -> None:
    """The practitioner's word instead of a payment here. Raises NotFoundError, ForbiddenError, InvalidStateError,
    HoldExpiredError.
    """

    async def confirm() -> list[UUID]:
        async with house.database.transaction(Actor(by)) as db:
            return await operations.confirm(db, booking_id, by=by, now=house.clock())

    await carry_out_now(house, await with_retries(confirm))


async def extend_hold(house: House, booking_id: UUID, *, by: UUID) -> datetime:
    """Keep the hold for another `hold_minutes`, once. Raises NotFoundError, ForbiddenError, InvalidStateError,
    HoldExpiredError.
    """

    async def extend() -> datetime:
        async with house.database.transaction(Actor(by)) as db:
            return await operations.extend_hold(db, booking_id, by=by, minutes=house.terms.hold_minutes)

    return await with_retries(extend)


async def release_expired_holds(house: House) -> int:
    """Release every hold that has expired, in transactions of a limited size. Run every few seconds; nothing depends on
    it having run.
    """
    total = 0
    while True:

        async def release() -> int:
            async with house.database.transaction(SYSTEM) as db:
                return await operations.release_expired_holds(db, limit=RELEASED_AT_ONCE)

        released = await with_retries(release)
        total += released
        if released < RELEASED_AT_ONCE:
            return total


@lru_cache(maxsize=8)
def hold_terms(terms: BookingTerms) -> Terms:
    """The business's terms as `hold_booking` takes them: tiers ascending."""
    tiers = sorted(terms.commission_tiers)
    return Terms(terms.hold_minutes, terms.commission_bps, [above for above, _ in tiers], [bps for _, bps in tiers])
