"""Beginning a subscription: the provider's prices are looked up, and the payer agrees to them on the provider's page.

What is paid there is the payment of the first period; the periods after it the provider bills by itself, and each is a
payment of ours as soon as it tells (keep_subscriptions).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from moorage.domains.bookings.errors import NotSupportedError, UnknownProviderError
from moorage.domains.catalog.errors import UnknownPriceError
from moorage.domains.payments.errors import PriceNotRecurringError
from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payments.gateway_values import Line
from moorage.domains.payments.recurring import Plan, SubscriptionGateway
from moorage.journeys.customers import provider_customer
from moorage.journeys.house import House
from moorage.journeys.start_payment import PaymentStart, StartedPayment, start_payment
from moorage.kernel.db import Actor
from moorage.kernel.errors import UnavailableError
from moorage.kernel.money import InvalidCurrencyError

_PRICE: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass(frozen=True, slots=True)
class SubscriptionStart:
    """What is to be paid by the period: the provider's ids of recurring prices, one named twice being two pieces.
    `payment_id` is of the first period's payment, the caller's: the same again is the same subscription.
    """

    payment_id: UUID
    price_ids: Sequence[str]
    payer_id: UUID | None
    payer_email: str | None = None
    return_url: str | None = None
    cancel_url: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


async def start_subscription(house: House, actor: Actor, start: SubscriptionStart) -> StartedPayment:
    """Open the first period's payment, to be paid at its `checkout_url`. Raises NotSupportedError where the default
    provider does not collect by the period, UnknownPriceError, PriceNotRecurringError, InvalidCurrencyError for prices
    of several currencies, UnavailableError where they could not be asked for, and what start_payment raises.
    """
    provider = house.terms.default_provider
    gateway = house.gateways.get(provider)
    if gateway is None:
        raise UnknownProviderError
    if not (gateway.capabilities.subscriptions and isinstance(gateway, SubscriptionGateway)):
        named = gateway.capabilities.label or provider
        raise NotSupportedError(f"Subscriptions are not offered: {named} does not collect them here.", pointer="/mode")
    pieces = Counter(start.price_ids)
    plans = await _plans(gateway, list(pieces))
    lines = _lines(plans, pieces, taxed=gateway.capabilities.tax)
    return await start_payment(
        house,
        actor,
        PaymentStart(
            start.payment_id,
            house.ids(),
            sum(line.amount_minor * line.quantity for line in lines),
            plans[0].currency,
            purpose="subscription",
            purpose_id=house.ids(),
            payer_id=start.payer_id,
            payer_email=start.payer_email,
            mode="subscription",
            lines=lines,
            description=", ".join(line.name for line in lines)[:200],
            return_url=start.return_url,
            cancel_url=start.cancel_url,
            customer=None if start.payer_id is None else await provider_customer(house, provider, start.payer_id),
            metadata=start.metadata,
        ),
    )


async def _plans(gateway: SubscriptionGateway, price_ids: Sequence[str]) -> Sequence[Plan]:
    """These prices. Without an answer nothing is begun, which is another thing than not to know what was."""
    if not all(_PRICE.fullmatch(price_id) for price_id in price_ids):
        raise UnknownPriceError("A price is named by the provider's id of it.", pointer="/price_ids")
    try:
        return await gateway.plans(price_ids)
    except ProviderDeclinedError as error:
        raise UnknownPriceError("One of these prices is not known at the provider.", pointer="/price_ids") from error
    except OutcomeUnknownError as error:
        raise UnavailableError("The provider could not be asked for these prices; nothing was begun.") from error


def _lines(plans: Sequence[Plan], pieces: Mapping[str, int], *, taxed: bool) -> tuple[Line, ...]:
    """The plans as the payer reads them. `taxed`: the provider calculates the tax; what is asked for stays what is
    paid, so it has to be in the price.
    """
    lines = []
    for plan in plans:
        if not plan.is_active:
            raise UnknownPriceError(f"The price {plan.reference!r} is not sold any more.", pointer="/price_ids")
        if plan.interval is None or not plan.amount_minor:
            raise PriceNotRecurringError(f"{plan.reference!r} is not paid by the period.", pointer="/price_ids")
        if taxed and not plan.tax_included:
            raise NotSupportedError(
                f"Tax would be added to {plan.reference!r}: have the provider include it in the price.",
                pointer="/price_ids",
            )
        lines.append(Line(plan.name, plan.amount_minor, pieces[plan.reference], price=plan.reference))
    if len({plan.currency for plan in plans}) > 1:
        raise InvalidCurrencyError("These prices are of several currencies.", pointer="/price_ids")
    if len({(plan.interval, plan.interval_count) for plan in plans}) > 1:
        raise PriceNotRecurringError("These prices are paid by several periods.", pointer="/price_ids")
    return tuple(lines)
