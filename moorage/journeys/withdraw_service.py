"""A practitioner takes a service out of the catalog, and the time of its empty dates back."""

from uuid import UUID

from moorage.journeys.house import House
from moorage.kernel.db import Actor, with_retries
from moorage.kernel.retries import STANDARD

_WITHDRAW = "SELECT withdraw_service($1)"


async def withdraw_service(house: House, actor: Actor, service_id: UUID) -> bool:
    """True: it is gone. False: it has bookings, so it is inactive and its empty coming dates are cancelled.

    Raises NotFoundError where it is not the asker's.
    """

    async def withdraw() -> bool:
        async with house.database.transaction(actor) as db:
            gone: bool = await db.fetchval(_WITHDRAW, service_id)
            return gone

    return await with_retries(withdraw, policy=STANDARD)
