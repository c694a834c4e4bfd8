"""Everybody who may ask, and fresh things to ask for, for the access matrix: over HTTP, on a running server."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from moorage.kernel.ids import uuid7
from moorage.wiring.secrets import access_tokens
from tests.builders import (
    MadePractitioner,
    as_engine,
    make_hours,
    make_practitioner,
    make_service,
    make_user,
)
from tests.builders.money import post
from tests.support.databases import TestDatabase
from tests.support.sandbox import Town

CALLERS = ("anonymous", "other_client", "other_practitioner", "client", "host", "admin", "expired", "revoked")
"""`client` made the booking in question with `host`, whose practice it is; the others have nothing to do with it.
`expired` and `revoked` are `client` with a token past its time, and of a sign-in that was ended."""


@dataclass
class Cast:
    """Eight callers, and the practice they ask about."""

    town: Town
    owner: asyncpg.Connection
    superuser: asyncpg.Connection
    tokens: dict[str, str]
    practitioner: MadePractitioner
    service: UUID
    hours_on: Iterator[int] = field(default_factory=lambda: count(72))

    async def ask(self, caller: str, method: str, path: str, **sent: Any) -> httpx.Response:
        """One request by one of CALLERS."""
        headers = {"authorization": f"Bearer {self.tokens[caller]}"} if caller in self.tokens else {}
        return await self.town.payer.request(method, path, headers=headers, **sent)

    def start(self) -> str:
        """A whole hour that nobody has asked for yet, some days ahead."""
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return (today + timedelta(hours=next(self.hours_on))).isoformat()

    async def hold(self) -> dict[str, Any]:
        """A booking of `client`'s that waits to be paid."""
        body = {"service_id": str(self.service), "start_time": self.start()}
        return await self._done("client", "/api/v1/bookings/", body, 201)

    async def confirmed(self) -> dict[str, Any]:
        """A booking of `client`'s that is settled."""
        held = await self.hold()
        return await self._done("host", f"/api/v1/bookings/{held['id']}/confirm/", None, 200)

    async def begun(self) -> dict[str, Any]:
        """A confirmed booking whose time has come."""
        booking = await self.confirmed()
        await self.superuser.execute(
            "UPDATE bookings SET starts_at = now() - interval '10 minutes', ends_at = now() + interval '50 minutes'"
            " WHERE id = $1",
            UUID(booking["id"]),
        )
        return booking

    async def applicant(self) -> UUID:
        """A practitioner nobody has decided on."""
        return (await make_practitioner(self.owner, verification_status="pending", verified_at=None)).id

    async def failed_job(self) -> int:
        """A job that used up its attempts."""
        number: int = await self.superuser.fetchval(
            "INSERT INTO pgqueuer (priority, entrypoint, status) VALUES (0, 'of_the_access_matrix', 'failed')"
            " RETURNING id"
        )
        return number

    async def stored_event(self) -> UUID:
        """Something a provider told us."""
        event_id = uuid7()
        await self.superuser.execute(
            "INSERT INTO webhook_events (id, provider, event_id, event_type, body)"
            " VALUES ($1, 'sandbox', $2, 'x', '{}')",
            event_id,
            f"evt_{event_id.hex}",
        )
        return event_id

    async def invoice(self) -> str:
        """An open invoice for `client`."""
        body = {"booking_id": (await self.confirmed())["id"]}
        answer = await self.ask("admin", "POST", "/api/stripe/invoices", json=body)
        assert answer.status_code == 201, answer.text
        invoice_id: str = answer.json()["id"]
        return invoice_id

    async def ended_subscription(self) -> UUID:
        """What `client` paid by the period, and does no more."""
        subscription_id = uuid7()
        await self.superuser.execute(
            "INSERT INTO subscriptions (id, provider, provider_ref, user_id, status, currency, interval_unit, told_at,"
            " started_at) SELECT $1::uuid, 'sandbox', 'sub_' || $1::uuid, client_id, 'canceled', 'USD', 'month', now(),"
            " now() FROM bookings WHERE id = $2",
            subscription_id,
            await self._booking(),
        )
        return subscription_id

    async def payout(self) -> UUID:
        """What `host` is to be sent by hand."""
        payout, host = uuid7(), self.practitioner.id
        await post(self.superuser, {"clearing:sandbox": 6_000, f"earnings_available:{host}": -6_000})
        request = "SELECT request_payout($1, $2, $3, 6000, 'USD', 50, '{}')"
        await self.superuser.execute(request, payout, uuid7(), host)
        return payout

    async def quote(self) -> str:
        """A quote for `client`."""
        client_id = await self.superuser.fetchval("SELECT client_id FROM bookings WHERE id = $1", await self._booking())
        body = {"customer_id": str(client_id), "lines": [{"name": "Menu", "amount": 100}]}
        answer = await self.ask("admin", "POST", "/api/stripe/quotes", json=body)
        assert answer.status_code == 201, answer.text
        quote_id: str = answer.json()["id"]
        return quote_id

    async def _booking(self) -> UUID:
        return UUID((await self.hold())["id"])

    async def account(self) -> dict[str, Any]:
        """Somebody with a password who has just signed in."""
        body = {"email": f"{uuid7().hex}@example.com", "password": "correct horse battery"}
        names = {"first_name": "Nora", "last_name": "Quay"}
        return body | await self._done("anonymous", "/api/v1/auth/register/", body | names, 201)

    async def record(self) -> dict[str, Any]:
        """A payment of `client`'s, collected elsewhere."""
        body = {"payment_id": f"pi_{uuid7().hex}", "amount_total": "80.00", "currency": "USD", "provider": "other"}
        answer = await self.ask("client", "POST", "/api/v1/payments/", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def _done(self, who: str, path: str, body: Any, status: int) -> dict[str, Any]:
        answer = await self.ask(who, "POST", path, json=body)
        assert answer.status_code == status, answer.text
        done: dict[str, Any] = answer.json()["data"]
        return done


@contextlib.asynccontextmanager
async def gathered(town: Town, database: TestDatabase) -> AsyncIterator[Cast]:
    """The cast, made afresh."""
    async with contextlib.AsyncExitStack() as stack:
        owner, superuser = await asyncpg.connect(database.owner_dsn), await asyncpg.connect(database.superuser_dsn)
        stack.push_async_callback(owner.close)
        stack.push_async_callback(superuser.close)
        people = {name: await make_user(owner) for name in CALLERS[1:6]}
        await superuser.execute("UPDATE users SET role = 'admin' WHERE id = $1", people["admin"])
        await make_practitioner(owner, user_id=people["other_practitioner"])
        practitioner = await make_practitioner(owner, user_id=people["host"])
        await make_hours(owner, practitioner, start="00:00", minutes=1440)
        service = await make_service(owner, practitioner)
        yield Cast(town, owner, superuser, await _tokens(town, owner, people), practitioner, service)
        await superuser.execute("DELETE FROM pgqueuer WHERE entrypoint = 'of_the_access_matrix'")


async def _tokens(town: Town, owner: asyncpg.Connection, people: dict[str, UUID]) -> dict[str, str]:
    issuer, tokens = access_tokens(town.settings), {}
    for name, user_id in (people | {"expired": people["client"], "revoked": people["client"]}).items():
        family_id = uuid7()
        async with as_engine(owner):
            await owner.execute("INSERT INTO refresh_families (id, user_id) VALUES ($1, $2)", family_id, user_id)
            if name == "revoked":
                await owner.execute(
                    "UPDATE refresh_families SET revoked_at = now(), revoked_reason = 'logout' WHERE id = $1",
                    family_id,
                )
        is_past = name == "expired"
        now_s = int(datetime.now(UTC).timestamp()) - 2 * issuer.lifetime_s if is_past else None
        tokens[name] = issuer.issue(user_id, family_id, is_practitioner=False, now_s=now_s)
    return tokens
