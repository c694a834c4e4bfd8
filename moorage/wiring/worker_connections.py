"""How a worker reaches the database: the queue's connections, and the one that is in charge of the chores.

Straight to the server, one connection listens and one holds a lock for as long as it lives. Through a pooler nothing
can listen, and a lock lives in a transaction: rings of other processes are found by polling, and whoever is in charge
keeps one transaction open.
"""

import asyncio
import contextlib
import json
import math
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import asyncpg
from pgqueuer.core.tm import TaskManager
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.ports.driver import Driver, NotifyCallback

from moorage.kernel.bell import CHANNEL
from moorage.kernel.db import SYSTEM, Connection, Database, Pool
from moorage.kernel.pooled import PooledDatabase
from moorage.kernel.pools import NamelessConnection
from moorage.wiring.pooler import connect

if TYPE_CHECKING:
    from typing import Self

CONNECT_S: Final = 5  # a server that died with its socket open takes connections and never answers
LEADER_LOCK: Final = 0x6D6F6F7263  # whoever holds it does the chores
POLL_S: Final = 0.25  # where the rings of other processes cannot be heard
_TABLE_CHANGED: Final = {"operation": "insert", "table": "pgqueuer", "type": "table_changed_event"}


@contextlib.asynccontextmanager
async def queue_driver(database: Database, worker_dsn: str) -> "AsyncIterator[ListeningDriver | PolledDriver]":
    """The queue's way to the database: a pool of its own, because its library writes JSON as text."""
    pooled = database if isinstance(database, PooledDatabase) else None
    pool = await asyncpg.create_pool(
        worker_dsn,
        min_size=2,
        max_size=4,
        timeout=CONNECT_S,
        connection_class=asyncpg.Connection if pooled is None else NamelessConnection,
        statement_cache_size=100 if pooled is None else 0,
        server_settings={"application_name": "moorage_queue"},
    )
    try:
        yield ListeningDriver(pool) if pooled is None else PolledDriver(pool, pooled.opening(SYSTEM))
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pool.close(), 5)


class ListeningDriver(AsyncpgPoolDriver):
    """Says nothing before it listens: the library's first probe of its own listener would go unheard, and count as a
    failure ten seconds later.
    """

    poll_s = math.inf

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self._listens = asyncio.Event()

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Listen."""
        await super().add_listener(channel, callback)
        self._listens.set()

    async def notify(self, channel: str, payload: str) -> None:
        """Notify whoever listens, this process among them."""
        await self._listens.wait()
        await super().notify(channel, payload)

    async def ring(self, channel: str) -> None:
        """Make every queue that listens look at once."""
        await self._pool.execute(
            "SELECT pg_notify($1, ($2::jsonb || jsonb_build_object('sent_at', now()))::text)",
            channel,
            json.dumps({"channel": channel, **_TABLE_CHANGED}),
        )


class PolledDriver(Driver):
    """Each statement in a transaction that begins with `opening`. What is notified here is heard here alone."""

    poll_s = POLL_S

    def __init__(self, pool: Pool, opening: str) -> None:
        self._pool, self._opening = pool, opening
        self._heard: dict[str, list[NotifyCallback]] = defaultdict(list)
        self._shutdown, self._tasks = asyncio.Event(), TaskManager()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Run a query in a transaction of its own."""
        async with self._begun() as db:
            return [dict(row) for row in await db.fetch(query, *args)]

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement in a transaction of its own."""
        async with self._begun() as db:
            return await db.execute(query, *args)

    async def notify(self, channel: str, payload: str) -> None:
        """Tell this process alone."""
        for callback in self._heard[channel]:
            callback(payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Hear what this process notifies."""
        self._heard[channel].append(callback)

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Hear no more."""
        self._heard[channel].remove(callback)

    async def ring(self, channel: str) -> None:
        """Make this process's queue look at once."""
        event = {"channel": channel, **_TABLE_CHANGED, "sent_at": datetime.now(UTC).isoformat()}
        await self.notify(channel, json.dumps(event))

    @property
    def shutdown(self) -> asyncio.Event:
        """Set when the queue has to stop."""
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        """The library's tasks."""
        return self._tasks

    async def __aenter__(self) -> "Self":
        return self

    async def __aexit__(self, *_: object) -> None: ...

    @contextlib.asynccontextmanager
    async def _begun(self) -> AsyncIterator[Connection]:
        async with self._pool.acquire() as db, db.transaction():
            await db.execute(self._opening)
            yield db


@contextlib.asynccontextmanager
async def charge_of_chores(
    database: Database, worker_dsn: str, rung: asyncio.Event
) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Wait until nobody else is in charge; the connection that the charge ends with. Rings of other processes set
    `rung`, where they can be heard.
    """
    connection = await connect(worker_dsn, timeout_s=CONNECT_S, application_name="moorage_chores")
    try:
        pooled = database if isinstance(database, PooledDatabase) else None
        # A lock that is waited for would hold a statement, and so a snapshot, open: asked again instead.
        while not await (  # noqa: ASYNC110
            _take(connection) if pooled is None else _take_in_transaction(connection, pooled)
        ):
            await asyncio.sleep(1)
        if pooled is None:
            await connection.add_listener(CHANNEL, lambda *_: rung.set())
        yield connection
    finally:
        with contextlib.suppress(TimeoutError):
            await connection.close(timeout=2)


async def _take(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    taken: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK, timeout=CONNECT_S)
    return taken


async def _take_in_transaction(connection: "asyncpg.Connection[asyncpg.Record]", database: PooledDatabase) -> bool:
    """Whoever takes it stays in the transaction. Nothing is written in it, and as long as its last statement is one
    without arguments, whose portal is closed at once, it holds no snapshot that would keep rows from being vacuumed.
    """
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(database.opening(SYSTEM, idle_in_transaction_session_timeout="0"))
    if await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LEADER_LOCK, timeout=CONNECT_S):
        await connection.execute("SELECT 1")
        return True
    await transaction.rollback()
    return False
