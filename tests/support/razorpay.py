"""Our adapter to the fake Razorpay."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from moorage.domains.payments.gateway_values import IntentRequest
from moorage.kernel.ids import uuid7
from moorage.providers.razorpay.gateway import RazorpayGateway
from tests.fakes.razorpay.fake import KEY_ID, KEY_SECRET, WEBHOOK_SECRET, FakeRazorpay


def connected(fake: FakeRazorpay, **facts) -> RazorpayGateway:
    """Our adapter to a fake."""
    told = {"key_id": KEY_ID, "key_secret": KEY_SECRET, "webhook_secrets": [WEBHOOK_SECRET], "timeout_s": 30.0}
    return RazorpayGateway(base_url=fake.base_url, **{**told, **facts})


def asked(amount_minor: int = 7_200, currency: str = "INR", payment_id: UUID | None = None, **facts) -> IntentRequest:
    """What to collect, with an id of its own."""
    return IntentRequest(
        payment_id=payment_id or uuid7(),
        amount_minor=amount_minor,
        currency=currency,
        description="Massage, 60 minutes",
        return_url="http://moorage.test/back",
        **facts,
    )


@pytest_asyncio.fixture(scope="session")
async def standing_razorpay_gateway(standing_razorpay: FakeRazorpay) -> AsyncIterator[RazorpayGateway]:
    """One adapter for all tests: what it costs is the start."""
    gateway = connected(standing_razorpay)
    yield gateway
    await gateway.aclose()


@pytest.fixture
def razorpay(razorpay_fake: FakeRazorpay, standing_razorpay_gateway: RazorpayGateway) -> RazorpayGateway:
    """Our adapter to the fake."""
    return standing_razorpay_gateway
