"""Subscriptions follow their provider's word: who pays by the period, and what was paid for each.

An event only says that something has changed. The provider is asked how it stands, and what was asked for later wins,
so that events may come in any order and as often as they like. A paid period is a payment, found again by the
provider's ids of it, posted once.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from moorage.domains.payments.gateway import PaymentGateway, ProviderDeclinedError
from moorage.domains.payments.gateway_values import ProviderEvent
from moorage.domains.payments.operations import ClaimedEvent, close_event
from moorage.domains.payments.recurring import ProviderSubscription, SubscriptionGateway, SubscriptionPeriod
from moorage.domains.payments.subscriptions import told_period, told_subscription
from moorage.journeys.event_outcomes import ParkedError, WaitError
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, with_retries


async def follow_subscription(
    house: House, gateway: PaymentGateway, claimed: ClaimedEvent, event: ProviderEvent
) -> None:
    """Act on a stored event of the kinds `subscription` and `period`, and close it. Raises OutcomeUnknownError,
    WaitError; ParkedError for a period that does not fit our payment of it.
    """
    if not isinstance(gateway, SubscriptionGateway) or event.reference is None:
        raise TypeError(f"{gateway.name} tells of subscriptions and cannot be asked about them")
    asked_at = await _now(house)
    try:
        period = await gateway.fetch_period(event.reference) if event.kind == "period" else None
        told = await gateway.fetch_subscription(event.reference if period is None else period.subscription)
    except ProviderDeclinedError as error:
        if event.kind == "period" or error.facts.get("failure_code") != "resource_missing":
            raise WaitError(error.detail) from error  # Money may have moved: that is not passed over.
        async with house.database.hot(SYSTEM) as db:
            await close_event(db, claimed.id, "ignored", "the provider knows no such subscription")
        return
    if await _keep(house, gateway, claimed.id, told, period, asked_at) == "parked":
        raise ParkedError(f"a period of another amount, currency or object than our payment: {event.reference}")


async def adopt_period(house: House, gateway: PaymentGateway, payment_reference: str | None) -> bool:
    """Whether a payment of the provider's that we do not know pays for a period of a subscription: it is known then.
    Raises OutcomeUnknownError, ProviderDeclinedError.
    """
    if payment_reference is None or not isinstance(gateway, SubscriptionGateway):
        return False
    asked_at = await _now(house)
    period = await gateway.period_paid_by(payment_reference)
    if period is None:
        return False
    told = await gateway.fetch_subscription(period.subscription)
    return await _keep(house, gateway, None, told, period, asked_at) != "parked"


async def keep_subscription(
    house: House, gateway: PaymentGateway, told: ProviderSubscription, asked_at: datetime
) -> None:
    """Keep what the provider said of a subscription when it was asked at that moment of the database's clock."""
    await _keep(house, gateway, None, told, None, asked_at)


async def _now(house: House) -> datetime:
    """The database's clock: answers are put in order by it, whoever asked."""
    async with house.database.hot(SYSTEM) as db:
        now: datetime = await db.fetchval("SELECT clock_timestamp()")
        return now


async def _keep(  # noqa: PLR0917 - what was said, of what, and when
    house: House,
    gateway: PaymentGateway,
    row_id: UUID | None,
    told: ProviderSubscription,
    period: SubscriptionPeriod | None,
    asked_at: datetime,
) -> str:
    new_subscription, new_payment = house.ids(), house.ids()
    said: Any = None if period is None else told_period(period)

    async def settle() -> str:
        async with house.database.transaction(SYSTEM) as db:
            outcome: str = await db.fetchval(
                "SELECT settle_period($1, $2, $3, $4, $5, $6, $7, $8)",
                row_id,
                new_subscription,
                new_payment,
                gateway.name,
                told_subscription(told),
                said,
                asked_at,
                house.clock(),
            )
            return outcome

    return await with_retries(settle, repeatable=True)
