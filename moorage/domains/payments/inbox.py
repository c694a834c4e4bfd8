"""The inbox of providers' events: what comes in at the same time is stored with one statement and one commit.

Each waits for its own event to be on disk, and for nothing else. While one batch is being stored the next one gathers,
so that a busy moment makes larger batches instead of a longer queue.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from moorage.domains.payments.operations import NewEvent, store_events
from moorage.kernel.db import SYSTEM, Database

MAX_BATCH: Final = 100

_Waiting = tuple[NewEvent, "asyncio.Future[bool]"]


@dataclass(slots=True)
class Inbox:
    """One per process."""

    _waiting: list[_Waiting] = field(default_factory=list)
    _storing: "asyncio.Task[None] | None" = None

    async def put(self, database: Database, event: NewEvent) -> bool:
        """Store the event; False when it was here already. Returns when it is committed. Raises UnavailableError."""
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, stored))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_all(database))
        return await stored

    async def _store_all(self, database: Database) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            await self._store(database, batch)

    async def _store(self, database: Database, batch: list[_Waiting]) -> None:
        try:
            async with database.hot(SYSTEM) as db:
                outcomes = await store_events(db, [event for event, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it was, whoever waits has to hear of it
            if len(batch) > 1:  # It may be one event's fault: each alone.
                for one in batch:
                    await self._store(database, [one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, stored), is_new in zip(batch, outcomes, strict=True):
            if not stored.done():  # Somebody who no longer waits has hung up.
                stored.set_result(is_new)
