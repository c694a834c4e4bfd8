"""The sandbox keeps every provider's contract."""

from datetime import datetime

import pytest

from moorage.providers.sandbox.signatures import HEADER, sign
from tests.providers.contract import Provider, ProviderContract


class TestSandbox(ProviderContract):
    @pytest.fixture
    def provider(self, town):
        def signed(body: bytes, at: datetime) -> dict[str, str]:
            return {HEADER.lower(): sign(town.sandbox.terms.webhook_secrets, body, int(at.timestamp()))}

        async def last_webhook() -> bytes:
            await town.sandbox.deliver_due()
            return town.endpoint.bodies[-1]

        return Provider(town.gateway, town.request, signed, last_webhook, "pm_card_visa", "pm_card_declined")
