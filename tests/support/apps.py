"""The application for tests: the real thing on the test's own database, in process or behind a real server."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr
from starlette.types import ASGIApp

from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from moorage.web.tokens import AccessTokens
from moorage.wiring.app import build_app
from moorage.wiring.database import DatabaseAddresses
from moorage.wiring.house import connect_database, make_house
from moorage.wiring.secrets import access_tokens
from moorage.wiring.serve import server_config
from moorage.wiring.settings import Settings
from tests.support.databases import TestDatabase
from tests.support.servers import running

SignUp = Callable[..., Awaitable["SignedUp"]]


@dataclass(frozen=True, slots=True)
class SignedUp:
    """Somebody with an account: `client` sends their access token with every request."""

    user_id: UUID
    email: str
    family_id: UUID
    access: str
    client: httpx.AsyncClient

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.access}"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a test: no environment, no limits on how often one may ask."""
    return Settings(
        _env_file=None,
        environment="test",
        moorage_home=tmp_path,
        secret_key=SecretStr("signing-key-of-the-tests-0123456789abcdef"),
        rate_limit_enabled=False,
        database_pool_min=1,
        database_pool_size=10,
        database_pool_overflow=0,
        base_url="http://moorage.test",
    )


@pytest_asyncio.fixture
async def house(settings: Settings, database: TestDatabase) -> AsyncIterator[House]:
    """The House on this test's database."""
    addresses = DatabaseAddresses(
        database.owner_dsn, database.web_dsn, database.worker_dsn, database.superuser_dsn, database.major
    )
    pools = await connect_database(settings, addresses)
    yield make_house(settings, pools)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(pools.close(), 5)


@pytest.fixture
def app(settings: Settings, house: House) -> ASGIApp:
    """The whole application."""
    return build_app(settings, house)


@pytest_asyncio.fixture
async def api(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody anonymous who asks the application directly."""
    async with in_process(app) as client:
        yield client


@pytest_asyncio.fixture
async def live_server(app: ASGIApp, settings: Settings) -> AsyncIterator[str]:
    """The application behind a real HTTP server; its base URL."""
    async with listening(app, settings) as base_url:
        yield base_url


@pytest.fixture
def tokens(settings: Settings) -> AccessTokens:
    """Issues access tokens as the application under test does."""
    return access_tokens(settings)


@pytest_asyncio.fixture
async def sign_up(app: ASGIApp, house: House, tokens: AccessTokens) -> AsyncIterator[SignUp]:
    """`await sign_up()` makes an account and signs it in, without the cost of a password."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(
            email: str | None = None, *, admin: bool = False, timezone: str = "UTC", first_name: str = "Robin"
        ) -> SignedUp:
            user_id, family_id = uuid7(), uuid7()
            address = email or f"{user_id.hex}@example.test"
            async with house.database.transaction(SYSTEM) as db:
                await db.execute(
                    """
                    INSERT INTO users (id, email, first_name, last_name, role, timezone, email_verified_at)
                    VALUES ($1, $2, $3, 'Tester', $4, $5, now())
                    """,
                    user_id,
                    address,
                    first_name,
                    "admin" if admin else "user",
                    timezone,
                )
                await db.execute("INSERT INTO refresh_families (id, user_id) VALUES ($1, $2)", family_id, user_id)
            access = tokens.issue(user_id, family_id, is_practitioner=False)
            client = await stack.enter_async_context(in_process(app, access))
            return SignedUp(user_id, address, family_id, access, client)

        yield make


def in_process(app: ASGIApp, access: str | None = None) -> httpx.AsyncClient:
    """A client that calls `app` without a network; what the application fails to catch reaches the test."""
    headers = {"authorization": f"Bearer {access}"} if access else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://moorage.test", headers=headers)


@contextlib.asynccontextmanager
async def listening(app: ASGIApp, settings: Settings, listener: socket.socket | None = None) -> AsyncIterator[str]:
    """Serve `app` by uvicorn on `listener`, else on a free port of 127.0.0.1, while inside; the base URL."""
    with listener or socket.create_server(("127.0.0.1", 0)) as door:
        async with running(server_config(app, settings), door) as base_url:
            yield base_url
