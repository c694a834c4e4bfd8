"""A practitioner's shop for tests of money: bookings to pay for, a client and a practitioner who ask over HTTP, and the
sandbox on the other side. Webhooks travel when a test says so."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest_asyncio

from moorage.domains.bookings import operations
from moorage.domains.bookings.operations import HoldRequest, Terms
from moorage.journeys.audit_books import Finding, audit
from moorage.journeys.house import House
from moorage.journeys.process_events import process_due_events
from moorage.journeys.provider_calls import carry_out, recover_operations
from moorage.kernel.db import ANONYMOUS, Actor
from moorage.kernel.ids import uuid7
from moorage.providers.sandbox.signatures import HEADER, sign
from moorage.wiring.secrets import access_tokens
from tests.builders import MadePractitioner, make_hours, make_practitioner, make_service, make_user
from tests.builders.money import balance
from tests.support.databases import TestDatabase
from tests.support.sandbox import Town, open_town, town_settings
from tests.support.servers import PLAIN_HTTP

PRICE = 8_000
TERMS = Terms(15, 500, [], [])


@dataclass(frozen=True, slots=True)
class Held:
    """A booking that waits to be paid."""

    id: UUID
    payment_id: UUID
    operation_id: UUID


@dataclass
class Shop:
    """See the module. `db` is a connection of the superuser, for looking."""

    town: Town
    db: asyncpg.Connection
    practitioner: MadePractitioner
    service: UUID
    client_id: UUID
    client: httpx.AsyncClient
    seller: httpx.AsyncClient
    stranger: httpx.AsyncClient
    _next: int = field(default=0)

    @property
    def house(self) -> House:
        return self.town.house

    @property
    def actor(self) -> Actor:
        return Actor(self.client_id)

    async def hold(self, *, service: UUID | None = None, provider: str = "sandbox") -> Held:
        """The client holds the next free hour; nobody has called the provider yet."""
        day, hour = divmod(self._next, 8)
        self._next += 1
        starts_at = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
        starts_at += timedelta(days=3 + day, hours=hour)
        held = Held(uuid7(), uuid7(), uuid7())
        request = HoldRequest(
            held.id,
            self.client_id,
            None,
            service or self.service,
            held.payment_id,
            held.operation_id,
            provider,
            starts_at=starts_at,
        )
        async with self.house.database.hot(ANONYMOUS) as db:
            await operations.hold(db, request, TERMS, datetime.now(UTC))
        return held

    async def ready(self) -> Held:
        """A held booking whose payment has its object at the provider."""
        held = await self.hold()
        for _ in range(10):  # a machine that is busy elsewhere may let a call wait too long
            if await carry_out(self.house, held.operation_id) == "answered":
                break
            await self.due_now()
        return held

    async def pay(self, held: Held, method: str = "pm_card_visa") -> httpx.Response:
        """The client pays by the method's name."""
        body = {"payment_id": str(held.payment_id), "payment_method": method}
        return await self.client.post("/api/v1/payments/confirm/", json=body)

    async def paid(self) -> Held:
        """A booking that was paid and so confirmed."""
        held = await self.ready()
        answer = await self.pay(held)
        assert answer.status_code in {200, 202}, answer.text
        while (await self.status(held))[0] != "confirmed":
            await self.due_now()
            await recover_operations(self.house)
        return held

    async def webhooks(self) -> list[bytes]:
        """What the sandbox has to tell by now, oldest first; each is handed out once."""
        await self.town.sandbox.deliver_due()
        told, self.town.endpoint.bodies[:] = list(self.town.endpoint.bodies), []
        return told

    async def deliver(self, *bodies: bytes, at_once: int = 1) -> list[int]:
        """Send each event to our endpoint, `at_once` times at the same time; the answers' statuses."""
        signed = [(body, self.signature(body)) for body in bodies for _ in range(at_once)]
        answers = await asyncio.gather(*(self.send(body, signature) for body, signature in signed))
        return [answer.status_code for answer in answers]

    async def send(self, body: bytes, signature: str, provider: str = "sandbox") -> httpx.Response:
        """One POST of a provider."""
        headers = {HEADER: signature, "content-type": "application/json"}
        return await self.town.payer.post(f"/webhooks/{provider}", content=body, headers=headers)

    def signature(self, body: bytes, *, age_s: int = 0) -> str:
        """What the sandbox would sign, `age_s` seconds ago."""
        return sign(self.town.sandbox.terms.webhook_secrets, body, int(datetime.now(UTC).timestamp()) - age_s)

    async def settle(self) -> None:
        """Let the worker's part happen: webhooks, events, calls, until nothing is due."""
        for _ in range(20):
            told = await self.webhooks()
            await self.deliver(*told)
            planned = await self.db.fetch("SELECT id FROM provider_operations WHERE status = 'planned'")
            for row in planned:
                await carry_out(self.house, row["id"])
            busy = await process_due_events(self.house) + await recover_operations(self.house)
            if not told and not planned and not busy:
                return

    async def due_now(self) -> None:
        """Let the waits of calls and events be over."""
        await self.db.execute("UPDATE provider_operations SET next_at = now() - interval '1 minute'")
        await self.db.execute("UPDATE webhook_events SET next_at = now() - interval '1 s' WHERE status = 'received'")

    async def status(self, held: Held) -> tuple[str, str]:
        """(booking's status, its payment's status)."""
        row = await self.db.fetchrow(
            "SELECT b.status, p.status FROM bookings b, payments p WHERE b.id = $1 AND p.id = $2",
            held.id,
            held.payment_id,
        )
        assert row is not None
        return row[0], row[1]

    async def value(self, sql: str, *arguments: object) -> object:
        return await self.db.fetchval(sql, *arguments)

    async def balance(self, code: str) -> int:
        return await balance(self.db, code)

    async def charges(self) -> int:
        """How many charges the sandbox itself has collected."""
        found: int = await self.db.fetchval("SELECT count(*) FROM sandbox.charges WHERE status = 'succeeded'")
        return found

    async def audit(self) -> list[Finding]:
        return await audit(self.house)


@pytest_asyncio.fixture
async def shop(database: TestDatabase, tmp_path: Path, superuser: asyncpg.Connection) -> AsyncIterator[Shop]:
    """A shop whose hour costs USD 80.00, with 5 % commission, in a town of its own: the books of others would count."""
    practitioner = await make_practitioner(superuser)
    await make_hours(superuser, practitioner)
    service = await make_service(superuser, practitioner, price_minor=PRICE)
    client_id, stranger_id = await make_user(superuser), await make_user(superuser)
    async with contextlib.AsyncExitStack() as stack:
        settings = town_settings(tmp_path).model_copy(update={"provider_timeout_s": 5.0})
        town = await stack.enter_async_context(open_town(settings, database))

        async def signed_in(user_id: UUID) -> httpx.AsyncClient:
            family_id = uuid7()
            await superuser.execute("INSERT INTO refresh_families (id, user_id) VALUES ($1, $2)", family_id, user_id)
            access = access_tokens(town.settings).issue(user_id, family_id, is_practitioner=False)
            headers = {"authorization": f"Bearer {access}"}
            return await stack.enter_async_context(
                httpx.AsyncClient(base_url=town.base_url, headers=headers, timeout=20, verify=PLAIN_HTTP)
            )

        people = [await signed_in(user_id) for user_id in (client_id, practitioner.user_id, stranger_id)]
        yield Shop(town, superuser, practitioner, service, client_id, *people)
