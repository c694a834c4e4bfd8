"""Payments at the fake Stripe, and what passes held against what Stripe publishes."""

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from moorage.domains.payments.gateway_values import ProviderRefund
from moorage.kernel.ids import uuid7
from moorage.wiring.settings import Settings
from tests.fakes.schemas import present
from tests.fakes.stripe.fake import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, StripeFake
from tests.fakes.stripe.fixtures import StripeTown
from tests.fakes.stripe.published import check_stripe
from tests.support.bookings import Practice


def paying_at_stripe(settings: Settings, town: StripeTown) -> Settings:
    """The same settings with the fake Stripe as the provider that is preferred."""
    return settings.model_copy(
        update={
            "stripe_secret_key": SecretStr(SECRET_KEY),
            "stripe_publishable_key": PUBLISHABLE_KEY,
            "stripe_webhook_secret": SecretStr(WEBHOOK_SECRET),
            "stripe_base_url": town.base_url,
            "payment_provider": "stripe",
            "provider_timeout_s": 20.0,
        }
    )


@pytest.fixture
async def practice_at_stripe(
    practice: Practice, stripe_fake: StripeFake, kept_to_what_stripe_publishes: None
) -> AsyncIterator[Practice]:
    """A practice whose payments go through Stripe, which delivers to our own endpoint; for settings of
    `paying_at_stripe`."""
    stripe_fake.deliveries.url = f"{practice.town.base_url}/webhooks/stripe"
    yield practice
    await practice.house.gateways["stripe"].aclose()


@pytest.fixture
def kept_to_what_stripe_publishes(stripe_town: StripeTown) -> Iterator[None]:
    """Afterwards every request, answer and event is held against what Stripe publishes, where that is at hand."""
    yield
    if present("stripe"):
        check_stripe(stripe_town.fake)


async def reserved(town: StripeTown, amount_minor: int = 10_000) -> str:
    """A payment reserved and not collected; its reference."""
    made = await town.gateway.create(town.request(amount_minor, capture="manual"), key=f"create-{uuid7()}")
    town.fake.pay(made.reference)
    return made.reference


async def paid(town: StripeTown, amount_minor: int = 10_000, card: str = "4242424242424242") -> str:
    """A payment collected; its reference."""
    made = await town.gateway.create(town.request(amount_minor), key=f"create-{uuid7()}")
    town.fake.pay(made.reference, card)
    return made.reference


async def refunded(town: StripeTown, reference: str, amount_minor: int) -> ProviderRefund:
    """A part of a payment given back, in GBP."""
    mine = uuid7()
    return await town.gateway.refund(
        reference, refund_id=mine, amount_minor=amount_minor, currency="GBP", key=f"refund-{mine}"
    )
