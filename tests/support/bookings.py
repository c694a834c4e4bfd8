"""A practitioner who can be booked, and clients who book, over HTTP, with the sandbox on the other side."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest_asyncio

from moorage.journeys.collect_payment import confirm_payment
from moorage.journeys.house import House
from moorage.kernel.db import Actor
from moorage.kernel.ids import uuid7
from moorage.wiring.secrets import access_tokens
from tests.builders import MadePractitioner, as_engine, make_hours, make_practitioner, make_service, make_user
from tests.support.apps import SignedUp
from tests.support.sandbox import Town, open_town
from tests.support.servers import PLAIN_HTTP

BOOKINGS = "/api/v1/bookings/"


def start_at(hour: int, minute: int = 0, days: int = 3) -> str:
    """RFC 3339, some days ahead, in UTC; the practice's hours are 09:00 to 17:00."""
    at = datetime.now(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=days)
    return at.isoformat()


@dataclass
class Practice:
    """A practitioner with hours and one service, a client, and the town they live in."""

    town: Town
    owner: asyncpg.Connection
    superuser: asyncpg.Connection
    stack: contextlib.AsyncExitStack
    host: SignedUp
    practitioner: MadePractitioner
    service: UUID
    client: SignedUp

    async def price_per_guest(self, **facts: Any) -> None:
        """The service costs by whom it is for: 20.00 an adult, 10.00 a child, at least 50.00, a quarter as deposit."""
        terms = {"minimum_minor": 5_000, "deposit_bps": 2_500, **facts}
        options = {"adult": 2_000, "child": 1_000}
        self.service = await make_service(self.owner, self.practitioner, options=options, **terms)

    @property
    def house(self) -> House:
        return self.town.house

    @property
    def anybody(self) -> httpx.AsyncClient:
        """Somebody who is not signed in."""
        return self.town.payer

    async def sign_up(self, **columns: Any) -> SignedUp:
        """Another account, signed in. `columns` are those of `users`."""
        return await sign_up(self.town, self.owner, self.stack, **columns)

    async def book(
        self, start: str | None = None, *, by: SignedUp | None = None, status: int = 201, **body: Any
    ) -> Any:
        """POST bookings/; the answer's `data`, or its `errors` where it is refused."""
        body = {"service_id": str(self.service), **({"start_time": start} if start else {}), **body}
        answer = await (by or self.client).client.post(BOOKINGS, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()["data"] if status < 300 else answer.json()["errors"]

    async def pay(self, booking: Any, method: str = "pm_card_visa", by: SignedUp | None = None) -> None:
        """Pay as `payments/confirm/` does."""
        payer = Actor((by or self.client).user_id)
        paid = await confirm_payment(self.house, payer, UUID(booking["payment"]["id"]), method)
        assert paid.is_known

    async def booked(self, start: str | None = None, **body: Any) -> Any:
        """A confirmed booking, read afresh."""
        held = await self.book(start, **body)
        await self.pay(held)
        return await self.read(held["id"])

    async def read(self, booking_id: str, by: SignedUp | None = None) -> Any:
        answer = await (by or self.client).client.get(f"{BOOKINGS}{booking_id}/")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def act(self, booking: Any, verb: str, by: SignedUp | None = None, status: int = 200, **body: Any) -> Any:
        """POST bookings/{id}/{verb}/; `data`, or `errors`."""
        answer = await (by or self.client).client.post(f"{BOOKINGS}{booking['id']}/{verb}/", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()["data"] if status < 300 else answer.json()["errors"]

    async def shift(self, booking: Any, by: timedelta) -> None:
        """As if the booking were that much earlier: tests cannot wait for the day."""
        await self.superuser.execute(
            "UPDATE bookings SET starts_at = starts_at - $2::interval, ends_at = ends_at - $2::interval WHERE id = $1",
            UUID(booking["id"]),
            by,
        )


async def sign_up(town: Town, owner: asyncpg.Connection, stack: contextlib.AsyncExitStack, **columns: Any) -> SignedUp:
    """An account with a sign-in, without the cost of a password."""
    user_id, family_id = await make_user(owner, **columns), uuid7()
    async with as_engine(owner):
        await owner.execute("INSERT INTO refresh_families (id, user_id) VALUES ($1, $2)", family_id, user_id)
    access = access_tokens(town.settings).issue(user_id, family_id, is_practitioner=False)
    headers = {"authorization": f"Bearer {access}"}
    asker = httpx.AsyncClient(base_url=town.base_url, headers=headers, verify=PLAIN_HTTP)
    client = await stack.enter_async_context(asker)
    return SignedUp(user_id, f"{user_id.hex}@example.com", family_id, access, client)


@pytest_asyncio.fixture
async def practice(settings, database, owner, superuser) -> AsyncIterator[Practice]:
    """A practice whose client is signed in, in a town of its own."""
    async with contextlib.AsyncExitStack() as stack:
        town = await stack.enter_async_context(open_town(settings, database))
        yield await settled(town, owner, superuser, stack)


@pytest_asyncio.fixture
async def desk(standing_town, session_database) -> AsyncIterator[Practice]:
    """The same in the town that all tests of this process share: for what looks at nothing but its own."""
    async with contextlib.AsyncExitStack() as stack:
        owner, superuser = [
            await asyncpg.connect(dsn) for dsn in (session_database.owner_dsn, session_database.superuser_dsn)
        ]
        stack.push_async_callback(owner.close)
        stack.push_async_callback(superuser.close)
        yield await settled(standing_town, owner, superuser, stack)


async def settled(
    town: Town, owner: asyncpg.Connection, superuser: asyncpg.Connection, stack: contextlib.AsyncExitStack
) -> Practice:
    """A practitioner with hours and a service, and a client."""
    host = await sign_up(town, owner, stack, first_name="Pia")
    practitioner = await make_practitioner(owner, user_id=host.user_id)
    await make_hours(owner, practitioner)
    service = await make_service(owner, practitioner)
    client = await sign_up(town, owner, stack)
    return Practice(town, owner, superuser, stack, host, practitioner, service, client)
