"""A connection to a test's database as the role of jobs."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from tests.support.databases import TestDatabase, connection_to


@pytest_asyncio.fixture
async def worker(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """As the role of jobs and of what providers tell."""
    async with connection_to(database.worker_dsn) as connection:
        yield connection
