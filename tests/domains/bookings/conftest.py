"""A practitioner with working hours, a client, and the pools that the product itself uses."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest_asyncio

from moorage.domains.bookings import operations
from moorage.domains.bookings.operations import HoldRequest, Terms
from moorage.kernel.db import ANONYMOUS, SYSTEM, Actor, Database
from moorage.kernel.ids import uuid7
from moorage.kernel.pools import connect_pool
from tests.builders import MadePractitioner, make_hours, make_practitioner, make_service, make_user

TERMS = Terms(15, 500, [5_000, 10_000], [400, 300])


def day_at(hour: int, minute: int = 0, days: int = 3) -> datetime:
    """A UTC instant some days ahead, inside the practitioner's hours (09:00 to 17:00)."""
    return datetime.now(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=days)


@dataclass
class Scene:
    """What most tests of bookings stand on."""

    database: Database
    owner: asyncpg.Connection
    superuser: asyncpg.Connection
    practitioner: MadePractitioner
    service: UUID
    client: UUID
    terms: Terms = TERMS
    rows: dict[UUID, UUID] = field(default_factory=dict)  # booking -> payment

    async def someone(self, **columns) -> UUID:
        return await make_user(self.owner, **columns)

    async def hold(self, starts_at=None, *, service=None, client=None, now=None, terms=None, **request):
        """Hold as `client` through the web's pool; answers the row with the booking's id beside it."""
        booking = request.pop("booking_id", None) or uuid7()
        wanted = HoldRequest(
            booking,
            client or self.client,
            None,
            service or self.service,
            uuid7(),
            uuid7(),
            "sandbox",
            starts_at=starts_at,
            **request,
        )
        async with self.database.hot(ANONYMOUS) as db:
            row = await operations.hold(db, wanted, terms or self.terms, now or datetime.now(UTC))
        self.rows[booking] = row["payment_id"]
        return booking, row

    async def held(self, *arguments, **request) -> UUID:
        return (await self.hold(*arguments, **request))[0]

    async def pay(self, booking: UUID, *, payment: UUID | None = None, now: datetime | None = None) -> str:
        """The provider says that the booking's payment succeeded."""
        payment = payment or self.rows[booking]
        async with self.database.hot(SYSTEM) as db:
            return await db.fetchval(
                "SELECT settle_payment($1, 'succeeded', amount_minor, currency, $2, 'card', NULL, 'test', '{}', $3)"
                " FROM payments WHERE id = $1",
                payment,
                f"ref_{payment}",
                now or datetime.now(UTC),
            )

    async def confirmed(self, *arguments, **request) -> UUID:
        booking = await self.held(*arguments, **request)
        assert await self.pay(booking) == "moved"
        return booking

    async def row(self, booking: UUID) -> asyncpg.Record:
        return await self.superuser.fetchrow("SELECT * FROM bookings WHERE id = $1", booking)

    async def value(self, sql: str, *arguments):
        return await self.superuser.fetchval(sql, *arguments)

    async def expire(self, booking: UUID) -> None:
        """The hold's time has run out, on the database's clock, a moment ago."""
        await self.superuser.execute(
            "UPDATE bookings SET hold_expires_at = now() - interval '1 second' WHERE id = $1", booking
        )
        await self.superuser.execute(
            "UPDATE claims SET expires_at = now() - interval '1 second' WHERE booking_id = $1", booking
        )

    async def balance(self, code: str, currency: str = "USD") -> int:
        return await self.value("SELECT coalesce(account_balance($1, $2), 0)", code, currency)

    def act(self, user: UUID):
        """A transaction of the web's role in which `user` asks."""
        return self.database.transaction(Actor(user))


@pytest_asyncio.fixture
async def pools(database) -> AsyncIterator[Database]:
    async def pool(dsn: str, role: str):
        return await connect_pool(
            dsn, role=role, min_size=0, max_size=20, statement_timeout_ms=20_000, lock_timeout_ms=15_000
        )

    made = Database(await pool(database.web_dsn, "moorage_web"), await pool(database.worker_dsn, "moorage_worker"), 20)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def scene(pools, owner, superuser) -> Scene:
    practitioner = await make_practitioner(owner)
    await make_hours(owner, practitioner)
    service = await make_service(owner, practitioner)
    return Scene(pools, owner, superuser, practitioner, service, await make_user(owner))
