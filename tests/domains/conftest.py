"""What tests of the domains ask for: a connection that acts as the product itself."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from moorage.kernel.pools import prepare_session
from tests.support.databases import TestDatabase, connection_to


@pytest_asyncio.fixture
async def worker(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection to `database` with the worker's role."""
    async with connection_to(database.worker_dsn) as connection:
        await prepare_session(connection)
        yield connection
