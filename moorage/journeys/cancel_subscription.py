"""Ending a subscription: the wish is written, the provider told, and what it answers is kept.

Nobody's wish is lost: until the provider has confirmed it the job tells it again.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payments.recurring import SubscriptionGateway
from moorage.domains.payments.subscriptions import SubscriptionRow, subscription
from moorage.journeys.house import House
from moorage.journeys.keep_subscriptions import keep_subscription
from moorage.kernel.crash import crash_point
from moorage.kernel.db import SYSTEM, Actor, with_retries
from moorage.kernel.errors import NotFoundError

END_SUBSCRIPTION: Final = "end_subscription"
_END_FOR_ASKING: Final = "SELECT end_for_asking($1, $2)"
_END: Final = "SELECT end_subscription($1, $2)"


async def cancel_subscription(house: House, actor: Actor, subscription_id: UUID, *, at_period_end: bool) -> bool:
    """Have a subscription of the asker's (for an administrator and SYSTEM: anybody's) end, when its paid period does or
    now; what is paid is not given back by that. Answers whether the provider has confirmed it; if not, it is told
    again. Raises NotFoundError, InvalidStateError where it is over, ProviderDeclinedError.
    """

    async def plan() -> bool:
        async with house.database.transaction(actor) as db:
            ending = _END if actor.is_system else _END_FOR_ASKING
            is_to_do: bool = await db.fetchval(ending, subscription_id, at_period_end)
            return is_to_do

    if not await with_retries(plan, repeatable=True):
        return True
    crash_point("after_plan_before_call")
    try:
        await tell_provider(house, subscription_id)
    except OutcomeUnknownError:
        house.bell.ring()
        return False
    return True


async def end_subscription(house: House, payload: Mapping[str, Any]) -> None:
    """Job: tell the provider that `subscription_id` is to end, if that is still to be done. Raises OutcomeUnknownError:
    the job is run again.
    """
    await tell_provider(house, UUID(payload["subscription_id"]))


async def tell_provider(house: House, subscription_id: UUID) -> None:
    """Tell it what was wished for, and keep what it says. Raises NotFoundError, OutcomeUnknownError,
    ProviderDeclinedError: the wish is taken back then.
    """
    async with house.database.reading(SYSTEM) as db:
        row = await subscription(db, subscription_id)
        asked_at = await db.fetchval("SELECT clock_timestamp()")
    if row is None:
        raise NotFoundError
    if row.ending is None:
        return
    gateway = house.gateways.get(row.provider)
    if gateway is None or not isinstance(gateway, SubscriptionGateway):
        raise OutcomeUnknownError(f"{row.provider} is not set up here any more.")
    try:
        told = await gateway.cancel_subscription(
            row.provider_ref, at_period_end=row.ending == "at_period_end", key=_key(row)
        )
    except ProviderDeclinedError:
        async with house.database.transaction(SYSTEM) as db:
            await db.execute("SELECT keep_on_subscription($1)", subscription_id)
        raise
    crash_point("after_call_before_record")
    await keep_subscription(house, gateway, told, asked_at)


def _key(row: SubscriptionRow) -> str:
    """The same wish again is the same call; one made after the last was taken back is another."""
    since = "" if row.ending_since is None else row.ending_since.isoformat()
    return f"end:{row.id}:{row.ending}:{since}"
