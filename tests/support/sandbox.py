"""The sandbox for tests: the whole application behind a real server, told its own address, and a merchant's endpoint
that remembers what it was sent."""

import contextlib
import dataclasses
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from moorage.domains.payments.gateway_values import IntentRequest
from moorage.journeys.house import House
from moorage.kernel.ids import uuid7
from moorage.kernel.tables import metadata
from moorage.providers.sandbox import tables as _tables  # noqa: F401 - registers them
from moorage.providers.sandbox.core import Sandbox
from moorage.providers.sandbox.gateway import SandboxGateway
from moorage.wiring.app import behind_front, build_api
from moorage.wiring.database import DatabaseAddresses
from moorage.wiring.house import connect_database, make_house
from moorage.wiring.settings import Settings
from tests.support.apps import listening
from tests.support.databases import TestDatabase
from tests.support.servers import PLAIN_HTTP

PATIENCE_S = 30.0
"""How long a test waits for an answer: a loaded machine is no finding."""


@dataclass
class Endpoint:
    """Where webhooks go in these tests: an ASGI application that keeps what comes."""

    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # statuses of the next answers; 200 after that

    def events(self) -> list[dict[str, Any]]:
        """What was sent and taken, in the order in which it came."""
        return [json.loads(body) for body in self.bodies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.bodies.append(body)
            self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        stage = (await receive())["type"]
        await send({"type": f"{stage}.complete"})
        if stage == "lifespan.shutdown":
            return


@dataclass
class Town:
    """A sandbox, its merchant, and the road between them."""

    base_url: str
    settings: Settings
    house: House
    sandbox: Sandbox
    gateway: SandboxGateway
    endpoint: Endpoint
    api: httpx.AsyncClient  # with the API key
    payer: httpx.AsyncClient  # a browser without script: follows nothing by itself

    def request(self, amount_minor: int = 7200, currency: str = "GBP", **facts: Any) -> IntentRequest:
        """What to collect, with an id of its own."""
        return IntentRequest(
            payment_id=facts.pop("payment_id", None) or uuid7(),
            amount_minor=amount_minor,
            currency=currency,
            description=facts.pop("description", "Massage, 60 minutes"),
            return_url=facts.pop("return_url", f"{self.base_url}/back"),
            **facts,
        )

    def asked(self, **changes: Any) -> dict[str, Any]:
        """The body of `POST /intents`, for those who ask without our adapter."""
        body = {"amount_minor": 7200, "currency": "GBP", "description": "Massage"}
        return body | {"return_url": f"{self.base_url}/back"} | changes

    async def create(self, amount_minor: int = 7200, currency: str = "GBP", **facts: Any) -> str:
        """A new intent; its reference."""
        intent = await self.gateway.create(self.request(amount_minor, currency, **facts), key=f"create-{uuid7()}")
        return intent.reference

    async def paid(self, amount_minor: int = 7200, method: str = "pm_card_visa", currency: str = "GBP") -> str:
        """An intent that has been paid; its reference."""
        reference = await self.create(amount_minor, currency)
        await self.gateway.confirm(reference, payment_method=method, key=f"confirm-{uuid7()}")
        return reference

    async def behave(self, **faults: dict[str, Any]) -> None:
        """Have the sandbox misbehave: `late={"percent": 100, "seconds": 1}`."""
        answer = await self.api.post("/behaviour", json={"faults": faults})
        assert answer.status_code == 200, answer.text

    async def deliver_next(self) -> None:
        """Send the webhook whose time comes first, whenever that is, and no other."""
        async with self.sandbox.database.worker.acquire() as db:
            await db.execute(
                "UPDATE sandbox.deliveries SET next_at = CASE WHEN no = (SELECT no FROM sandbox.deliveries"
                " WHERE status = 'due' ORDER BY next_at, no LIMIT 1) THEN now() ELSE next_at + interval '1 hour' END"
                " WHERE status = 'due'"
            )
        await self.sandbox.deliver_due()

    def page(self, payment_id: UUID) -> str:
        """The address of a payment's page."""
        address = self.gateway.ahead(payment_id)[1]
        assert address is not None
        return address


@pytest_asyncio.fixture(scope="session")
async def standing_town(
    session_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    """The application with its sandbox on a free port, for all tests of this process."""
    settings = town_settings(tmp_path_factory.mktemp("town")).model_copy(update={"provider_timeout_s": PATIENCE_S})
    async with open_town(settings, session_database) as town:
        yield town


@pytest_asyncio.fixture
async def town(standing_town: Town, session_database: TestDatabase) -> Town:
    """The town with nothing in the sandbox's books and nothing on its way. Webhooks go to an endpoint that remembers
    them, and are sent when the test says `town.sandbox.deliver_due()`."""
    connection = await asyncpg.connect(session_database.superuser_dsn)
    names = [table.fullname for table in metadata.tables.values() if table.schema == "sandbox"]
    await connection.execute(f"TRUNCATE {', '.join(names)}")
    await connection.close()
    endpoint = standing_town.endpoint
    for remembered in (endpoint.bodies, endpoint.headers, endpoint.answers):
        remembered.clear()
    standing_town.payer.cookies.clear()
    return standing_town


def town_settings(home: Path) -> Settings:
    """Settings of an application under test that keeps its files in `home`."""
    return Settings(
        _env_file=None,
        environment="test",
        moorage_home=home,
        secret_key=SecretStr("signing-key-of-the-tests-0123456789abcdef"),
        rate_limit_enabled=False,
        database_pool_min=1,
        database_pool_size=10,
        database_pool_overflow=0,
        provider_timeout_s=4.0,
    )


@contextlib.asynccontextmanager
async def open_town(settings: Settings, database: TestDatabase) -> AsyncIterator[Town]:
    """Serve the application of `settings` on a free port, and a merchant's endpoint on another, while inside."""
    endpoint = Endpoint()
    async with contextlib.AsyncExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        told = settings.model_copy(update={"base_url": base_url})
        house = await _house(stack, told, database)
        api = build_api(told, house)
        sandbox = await _sandbox(stack, api, endpoint)
        await stack.enter_async_context(listening(behind_front(told, api), told, listener))
        gateway = house.gateways["sandbox"]
        assert isinstance(gateway, SandboxGateway)
        stack.push_async_callback(gateway.aclose)
        key = {"Authorization": f"Bearer {sandbox.terms.api_key}"}
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"{base_url}/sandbox/v1", headers=key, timeout=PATIENCE_S, verify=PLAIN_HTTP)
        )
        payer = await stack.enter_async_context(
            httpx.AsyncClient(base_url=base_url, timeout=PATIENCE_S, verify=PLAIN_HTTP)
        )
        yield Town(base_url, told, house, sandbox, gateway, endpoint, client, payer)


async def _house(stack: contextlib.AsyncExitStack, settings: Settings, database: TestDatabase) -> House:
    pools = await connect_database(
        settings,
        DatabaseAddresses(
            database.owner_dsn, database.web_dsn, database.worker_dsn, database.superuser_dsn, database.major
        ),
    )
    stack.push_async_callback(pools.close)
    return make_house(settings, pools)


async def _sandbox(stack: contextlib.AsyncExitStack, api: FastAPI, endpoint: Endpoint) -> Sandbox:
    """The application's sandbox, with webhooks to `endpoint` on a port of its own."""
    url = await stack.enter_async_context(listening(endpoint, Settings(_env_file=None))) + "/hooks"
    ours: Sandbox = api.state.sandbox
    terms = dataclasses.replace(ours.terms, endpoints=(url,))
    sandbox = Sandbox(ours.database, terms, clock=ours.clock, ids=ours.ids, sends_at_once=False)
    api.state.sandbox = sandbox
    stack.push_async_callback(sandbox.aclose)
    return sandbox
