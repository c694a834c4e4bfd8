"""Connections to a test's database as the roles that serve."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from tests.support.databases import TestDatabase


@pytest_asyncio.fixture
async def worker(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """As the role of jobs and of what providers tell."""
    connection = await asyncpg.connect(database.worker_dsn)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def web(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """As the role of the web process."""
    connection = await asyncpg.connect(database.web_dsn)
    yield connection
    await connection.close()
