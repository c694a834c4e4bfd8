"""Stripe keeps every provider's contract, and every word of it to what Stripe publishes."""

from datetime import datetime

import pytest

from tests.providers.contract import Provider, ProviderContract


@pytest.mark.usefixtures("kept_to_what_stripe_publishes")
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
