"""Stripe keeps every provider's contract, and every word of it to what Stripe publishes."""

from datetime import datetime

import pytest

from tests.fakes.schemas import present
from tests.fakes.stripe.published import check_stripe
from tests.providers.contract import Provider, ProviderContract


class TestStripe(ProviderContract):
    @pytest.fixture
    def provider(self, stripe_town):
        fake = stripe_town.fake

        def signed(body: bytes, at: datetime) -> dict[str, str]:
            return {name.lower(): value for name, value in fake.sign(body, int(at.timestamp())).items()}

        async def last_webhook() -> bytes:
            return fake.deliveries.queue[-1]

        return Provider(
            stripe_town.gateway, stripe_town.request, signed, last_webhook, "pm_card_visa", "pm_card_chargeDeclined"
        )

    @pytest.fixture(autouse=True)
    def kept_to_what_stripe_publishes(self, stripe_town):
        """After each test, every request, answer and event of it against Stripe's own schema."""
        yield
        if present("stripe"):
            check_stripe(stripe_town.fake)
