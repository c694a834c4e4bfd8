"""A fake Square for tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fakes.square.fake import FakeSquare


@pytest_asyncio.fixture(scope="session")
async def standing_square() -> AsyncIterator[FakeSquare]:
    """A Square on a free port, for all tests of this process."""
    async with FakeSquare(registered_url="http://moorage.test/webhooks/square").serving() as fake:
        yield fake


@pytest.fixture
def square_fake(standing_square: FakeSquare) -> FakeSquare:
    """A Square with empty books; its webhooks queue up until `deliver()`."""
    standing_square.clear()
    return standing_square
