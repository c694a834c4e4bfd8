"""Our adapter to the fake Square, and what passes between them held against what Square publishes."""

from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
import pytest_asyncio

from moorage.domains.payments.gateway_values import IntentRequest
from moorage.kernel.ids import uuid7
from moorage.providers.square.gateway import SquareGateway
from tests.fakes.schemas import present, validate_object
from tests.fakes.square.fake import LOCATION, SIGNATURE_KEY, TOKEN, FakeSquare

URL = "http://moorage.test/webhooks/square"
_EVENTS = {"payment": "Payment", "refund": "PaymentRefund", "dispute": "Dispute"}


def connected(fake: FakeSquare, timeout_s: float = 30.0, token: str = TOKEN) -> SquareGateway:
    """Our adapter to a fake."""
    return SquareGateway(
        access_token=token,
        location_id=LOCATION,
        application_id="sandbox-sq0idb-fake",
        signature_key=SIGNATURE_KEY,
        webhook_url=URL,
        base_url=fake.base_url,
        live=False,
        timeout_s=timeout_s,
    )


def asked(amount_minor: int = 7_200, currency: str = "GBP", payment_id: UUID | None = None, **facts) -> IntentRequest:
    """What to collect, with an id of its own."""
    return IntentRequest(
        payment_id=payment_id or uuid7(),
        amount_minor=amount_minor,
        currency=currency,
        description="Massage, 60 minutes",
        return_url="http://moorage.test/back",
        **facts,
    )


def check_schemas(fake: FakeSquare) -> None:
    """Every request, answer and event so far against what Square publishes, where that is at hand."""
    if not present("square"):
        return
    fake.served.check()
    for event in fake.books.events:
        family = event["data"]["type"]
        validate_object("square", _EVENTS[family], event["data"]["object"][family])
        validate_object("square", "Event", event)


@pytest_asyncio.fixture(scope="session")
async def standing_gateway(standing_square: FakeSquare) -> AsyncIterator[SquareGateway]:
    """One adapter for all tests: what it costs is the start."""
    gateway = connected(standing_square)
    yield gateway
    await gateway.aclose()


@pytest.fixture
def square(square_fake: FakeSquare, standing_gateway: SquareGateway) -> Iterator[SquareGateway]:
    """Our adapter to the fake; afterwards all that was said is checked."""
    yield standing_gateway
    check_schemas(square_fake)
