"""A fake Razorpay for tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fakes.razorpay.fake import FakeRazorpay


@pytest_asyncio.fixture(scope="session")
async def standing_razorpay() -> AsyncIterator[FakeRazorpay]:
    """A Razorpay on a free port, for all tests of this process."""
    async with FakeRazorpay().serving() as fake:
        yield fake


@pytest.fixture
def razorpay_fake(standing_razorpay: FakeRazorpay) -> FakeRazorpay:
    """A Razorpay with empty books; its webhooks queue up until `deliver()`."""
    standing_razorpay.clear()
    return standing_razorpay
