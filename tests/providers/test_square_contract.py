"""Square keeps every provider's contract, and both sides keep to what Square publishes."""

from datetime import datetime

import pytest

from tests.providers.contract import Provider, ProviderContract
from tests.support.square import asked


class TestSquare(ProviderContract):
    @pytest.fixture
    def provider(self, square_fake, square):
        def signed(body: bytes, at: datetime) -> dict[str, str]:
            return dict(square_fake.sign(body))

        async def last_webhook() -> bytes:
            return square_fake.deliveries.queue[-1]

        return Provider(
            square,
            asked,
            signed,
            last_webhook,
            "cnon:card-nonce-ok",
            "cnon:card-nonce-declined",
            signs_time=False,
        )
