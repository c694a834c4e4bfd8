"""What every test may ask for: a server, and a database of its own on it. Never a mock of either."""

import os
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio
import structlog

from moorage.wiring.scratch import remove_home, scratch_home
from tests.support.databases import HOME_VARIABLE, TestDatabase, TestServer, connection_to

pytest_plugins = [
    "tests.fakes.razorpay.fixtures",
    "tests.fakes.square.fixtures",
    "tests.fakes.paypal.fixtures",
    "tests.fakes.stripe.fixtures",
    "tests.support.apps",
    "tests.support.sandbox",
    "tests.support.shop",
    "tests.support.worker",
    "tests.support.bookings",
    "tests.support.browser",
    "tests.support.paypal",
    "tests.support.razorpay",
    "tests.support.square",
    "tests.support.stripe",
]


def pytest_configure(config: pytest.Config) -> None:
    """Choose the run's home in the first process; the workers of xdist inherit the choice."""
    # Its default draws every frame with its variables: half a minute for a traceback through a framework.
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    if not hasattr(config, "workerinput"):
        home = scratch_home()
        os.environ[HOME_VARIABLE] = str(home)
        config.add_cleanup(lambda: remove_home(home))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests wait for servers, browsers and clocks about a third of the time."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def server() -> Iterator[TestServer]:
    """The PostgreSQL server of this run."""
    running = TestServer.open()
    yield running
    running.close()


@pytest_asyncio.fixture
async def database(server: TestServer) -> AsyncIterator[TestDatabase]:
    """A migrated database that no other test has seen, with addresses for each role."""
    fresh = await server.clone()
    yield fresh
    await server.drop(fresh)


@pytest_asyncio.fixture(scope="session")
async def session_database(server: TestServer) -> AsyncIterator[TestDatabase]:
    """A migrated database shared by all tests of this process that ask for it: for what is slow to start."""
    shared = await server.clone()
    yield shared
    await server.drop(shared)


@pytest_asyncio.fixture
async def owner(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection to `database` as the role that owns the tables."""
    async with connection_to(database.owner_dsn) as connection:
        yield connection


@pytest_asyncio.fixture
async def superuser(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection to `database` as the server's superuser: to look at anything, and to arrange the impossible."""
    async with connection_to(database.superuser_dsn) as connection:
        yield connection


@pytest_asyncio.fixture
async def web(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A connection to `database` with the role of the web process: it sees what it says it asks for."""
    async with connection_to(database.web_dsn) as connection:
        yield connection
