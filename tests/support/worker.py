"""A real worker beside a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio

from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.wiring.settings import Settings
from moorage.wiring.worker import work
from tests.support.databases import TestDatabase

UNTIL_S = 20


@pytest_asyncio.fixture
async def worker(house: House, settings: Settings, database: TestDatabase) -> AsyncIterator[None]:
    """Runs jobs and periodic tasks while the test runs."""
    async with working(house, settings, database):
        yield


@contextlib.asynccontextmanager
async def working(house: House, settings: Settings, database: TestDatabase) -> AsyncIterator[None]:
    running = asyncio.create_task(work(settings, house, database.worker_dsn))
    yield
    running.cancel()
    _, late = await asyncio.wait({running}, timeout=UNTIL_S)
    assert not late


async def until(condition: Callable[[], Awaitable[object]]) -> object:
    """Wait for `condition` to answer something true; that answer."""
    async with asyncio.timeout(UNTIL_S):
        while not (found := await condition()):  # noqa: ASYNC110 - what is waited for is in the database
            await asyncio.sleep(0.02)
    return found


async def queue_is_empty(house: House) -> bool:
    async with house.database.reading(SYSTEM) as db:
        return not await db.fetchval("SELECT EXISTS (SELECT FROM pgqueuer WHERE status IN ('queued', 'picked'))")
