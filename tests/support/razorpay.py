"""Our adapter to the fake Razorpay."""

import json
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


async def ordered(razorpay: RazorpayGateway, amount_minor: int = 10_000, currency: str = "INR", **facts) -> str:
    """An order that nobody has paid; its reference."""
    return (await razorpay.create(asked(amount_minor, currency, **facts), key=f"c-{uuid7()}")).reference


async def paid(razorpay: RazorpayGateway, fake: FakeRazorpay, amount_minor: int = 10_000) -> str:
    """An order whose payment was collected; its reference."""
    reference = await ordered(razorpay, amount_minor)
    assert (await razorpay.confirm(reference, payment_method=fake.pay(reference), key="x")).status == "succeeded"
    return reference


def told(fake: FakeRazorpay, kind: str) -> list[bytes]:
    """The bodies of the events of a kind that are on their way."""
    return [body for body in fake.deliveries.queue if json.loads(body)["event"] == kind]


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
