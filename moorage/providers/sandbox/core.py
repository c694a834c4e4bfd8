"""The gateway itself: each call one transaction, with its idempotency key, its events and its misbehaviour."""

import asyncio
import contextlib
import hashlib
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import asyncpg

from moorage.kernel.clock import Clock, system_clock
from moorage.kernel.db import SYSTEM, Connection, Database, with_retries
from moorage.kernel.ids import Ids, uuid7
from moorage.kernel.retries import STANDARD
from moorage.providers.sandbox.behaviour import Operation, draw, seconds_of
from moorage.providers.sandbox.call import Answer, Call, Terms
from moorage.providers.sandbox.deliveries import Courier
from moorage.providers.sandbox.errors import BrokenError, MalformedError, StateError
from moorage.providers.sandbox.ripening import ripen_one

Verb = Callable[[Call], Awaitable[Answer]]
MAX_KEY_CHARS = 255
KEY_HOURS = 24


class NoAnswerError(Exception):
    """The call is done and its answer withheld for `seconds`: the caller is to see a timeout."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"no answer for {seconds} s")
        self.seconds = seconds


@dataclass(slots=True)
class Sandbox:
    """The payment gateway of a merchant. Needs the worker's role on `database`, where only its own schema is used."""

    database: Database
    terms: Terms
    clock: Clock = system_clock
    ids: Ids = uuid7
    dice: random.Random = field(default_factory=random.SystemRandom)
    # Whether a change sends its webhooks at once, in this process; the worker sends what is left either way.
    sends_at_once: bool = True
    courier: Courier = field(init=False)
    _sending: "asyncio.Task[None] | None" = field(default=None, init=False)
    _more: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Hire the courier."""
        self.courier = Courier(self.database, self.terms.webhook_secrets, self.clock)

    async def perform(
        self, operation: Operation, verb: Verb, *, key: str | None = None, request: Mapping[str, Any] | None = None
    ) -> Answer:
        """Carry `verb` out once: with a `key`, a repeat with the same `request` gets the first answer again.

        Raises SandboxError for what is refused (BrokenError for what breaks), NoAnswerError for an answer withheld,
        UnavailableError when the database is away.
        """
        if key is not None and not 1 <= len(key) <= MAX_KEY_CHARS:
            raise MalformedError(f"A key has 1 to {MAX_KEY_CHARS} characters.", code="invalid_idempotency_key")
        faults = await self._draw(operation)
        if "error_before" in faults:
            raise BrokenError
        fingerprint = _fingerprint(operation, request)

        async def once() -> tuple[Answer, dict[str, int | None]]:
            return await self._once(verb, key, fingerprint, dict(faults))

        try:
            answer, faults = await with_retries(once, policy=STANDARD)
        except asyncpg.UniqueViolationError as error:
            raise StateError("This reference was used at the same moment.", code="client_reference_used") from error
        return await self._answer(answer, faults)

    @asynccontextmanager
    async def reading(self, operation: Literal["fetch", "list"]) -> AsyncIterator[Connection]:
        """A connection for reads, which misbehave too where that was set. Raises BrokenError, NoAnswerError."""
        faults = await self._draw(operation)
        if "error_before" in faults or "error_after" in faults:
            raise BrokenError
        if "timeout_after" in faults:
            raise NoAnswerError(seconds_of("timeout_after", faults))
        async with self.database.reading(SYSTEM) as db:
            yield db

    async def deliver_due(self, *, limit: int = 200) -> int:
        """Move on what time moves on, then send the webhooks that are due. Answers how many were taken up. Called by
        the worker every second or so, by several processes at once if so wished; a copy of a webhook too many is
        possible, one too few is not.
        """
        await self.ripen()
        return await self.courier.deliver(limit)

    async def ripen(self) -> int:
        """Do what was to happen by itself: slow payments, pending refunds and payouts, disputes. Answers how many."""
        ripened = 0
        while True:
            async with self.database.transaction(SYSTEM) as db:
                call = Call(db, self.terms, self.ids, self.clock())
                if not await ripen_one(call):
                    return ripened
                call.faults = await draw(db, "resolve", self.dice)
                await call.write_events()
            ripened += 1

    async def prune(self) -> None:
        """Forget idempotency keys after 24 hours."""
        async with self.database.transaction(SYSTEM) as db:
            await db.execute(
                "DELETE FROM sandbox.idempotency_keys WHERE created_at < now() - $1 * interval '1 hour'", KEY_HOURS
            )

    async def aclose(self) -> None:
        """Stop sending; what is left is sent by whoever comes next."""
        if self._sending is not None:
            self._sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sending
        await self.courier.aclose()

    async def _draw(self, operation: Operation) -> dict[str, int | None]:
        async with self.database.hot(SYSTEM) as db:
            return await draw(db, operation, self.dice)

    async def _once(
        self, verb: Verb, key: str | None, fingerprint: bytes, faults: dict[str, int | None]
    ) -> tuple[Answer, dict[str, int | None]]:
        async with self.database.transaction(SYSTEM) as db:
            if key is not None and (kept := await _claim(db, key, fingerprint)) is not None:
                return kept, faults
            call = Call(db, self.terms, self.ids, self.clock(), faults)
            answer = await verb(call)
            await call.write_events()
            if key is not None:
                await _keep(db, key, answer)
        return answer, call.faults

    async def _answer(self, answer: Answer, faults: Mapping[str, int | None]) -> Answer:
        """After the commit: send the news, and misbehave."""
        if "answer_after_webhook" in faults:
            await self.deliver_due()
        elif self.sends_at_once:
            self.send_soon()
        if "timeout_after" in faults:
            raise NoAnswerError(seconds_of("timeout_after", faults))
        if "error_after" in faults or "error_before" in faults:
            raise BrokenError
        return answer

    def send_soon(self) -> None:
        """Send what is due in the background of this process."""
        self._more = True
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())

    async def _send_all(self) -> None:
        while self._more:
            self._more = False
            # What fails here is not lost: it stays due, and the worker reports what goes wrong.
            with contextlib.suppress(Exception):
                while await self.courier.deliver(200):
                    pass


def _fingerprint(operation: str, request: Mapping[str, Any] | None) -> bytes:
    text = json.dumps([operation, request], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).digest()


async def _claim(db: Connection, key: str, fingerprint: bytes) -> Answer | None:
    """Take the key, waiting for whoever is at it; the answer kept under it when it was used before."""
    taken = await db.fetchval(
        "INSERT INTO sandbox.idempotency_keys (key, fingerprint) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
        key,
        fingerprint,
    )
    if taken:
        return None
    row = await db.fetchrow("SELECT fingerprint, status, body FROM sandbox.idempotency_keys WHERE key = $1", key)
    if row is None or row["status"] is None:
        raise StateError("Another request with this key is under way.", code="idempotency_key_in_use")
    if row["fingerprint"] != fingerprint:
        raise MalformedError("This key was used for another request.", code="idempotency_key_reused")
    return Answer(row["status"], row["body"], replayed=True)


async def _keep(db: Connection, key: str, answer: Answer) -> None:
    """Keep the answer for repeats, or give the key back."""
    if answer.keep:
        await db.execute(
            "UPDATE sandbox.idempotency_keys SET status = $2, body = $3 WHERE key = $1", key, answer.status, answer.body
        )
    else:
        await db.execute("DELETE FROM sandbox.idempotency_keys WHERE key = $1", key)
