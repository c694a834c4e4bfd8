"""Stripe for tests: the fake behind a real server, and our gateway to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from moorage.domains.payments.gateway_values import IntentRequest
from moorage.kernel.ids import uuid7
from moorage.providers.stripe.gateway import StripeGateway
from tests.fakes.serving import Stage, serving
from tests.fakes.stripe.fake import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, StripeFake


@dataclass
class StripeTown:
    """The fake, where it is, and our gateway to it."""

    fake: StripeFake
    base_url: str
    gateway: StripeGateway

    def request(self, amount_minor: int = 7_200, currency: str = "GBP", **facts: Any) -> IntentRequest:
        """What to collect, with an id of its own."""
        return IntentRequest(
            payment_id=facts.pop("payment_id", None) or uuid7(),
            amount_minor=amount_minor,
            currency=currency,
            description=facts.pop("description", "Massage, 60 minutes"),
            return_url=facts.pop("return_url", "https://moorage.test/back"),
            **facts,
        )


def stripe_gateway(base_url: str, **changes: Any) -> StripeGateway:
    """Our adapter pointed at the fake at `base_url`."""
    terms = {
        "secret_key": SECRET_KEY,
        "publishable_key": PUBLISHABLE_KEY,
        "webhook_secrets": [WEBHOOK_SECRET],
        "return_url": "https://moorage.test",
        "base_url": base_url,
        "timeout_s": 10.0,
    }
    return StripeGateway(**{**terms, **changes})


@pytest_asyncio.fixture(scope="session")
async def stripe_stage() -> AsyncIterator[Stage]:
    """Where Stripe is in these tests."""
    stage = Stage()
    async with serving(stage) as stage.base_url:
        yield stage


@pytest_asyncio.fixture
async def stripe_town(stripe_stage: Stage) -> AsyncIterator[StripeTown]:
    """A fake with nothing in its books, and a gateway to it."""
    fake = StripeFake()
    stripe_stage.app, fake.state.base_url = fake.served, stripe_stage.base_url
    gateway = stripe_gateway(stripe_stage.base_url)
    yield StripeTown(fake, stripe_stage.base_url, gateway)
    await gateway.aclose()


@pytest_asyncio.fixture
async def stripe_fake(stripe_town: StripeTown) -> StripeFake:
    """The fake alone."""
    return stripe_town.fake
