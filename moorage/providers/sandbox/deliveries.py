"""Sending webhooks: what is due is claimed, sent over HTTP with its signature, and tried again until it is taken."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby

from moorage.kernel.clock import Clock
from moorage.kernel.db import SYSTEM, Connection, Database
from moorage.providers.http import HttpClient, NoAnswerError
from moorage.providers.sandbox.call import Row
from moorage.providers.sandbox.signatures import HEADER, sign

TIMEOUT_S = 5.0
# Whoever claimed a delivery and died gives it back after this.
LEASE_S = 10
AT_ONCE = 8
# Some three hours of tries: 0.5 s, 1, 2, 4 … 1800 s.
MAX_ATTEMPTS = 20
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 1800.0

_CLAIM = """
WITH due AS (
  SELECT no FROM sandbox.deliveries WHERE status = 'due' AND next_at <= now()
   ORDER BY next_at, no LIMIT $1 FOR UPDATE SKIP LOCKED
), claimed AS (
  UPDATE sandbox.deliveries d SET attempts = attempts + 1, next_at = now() + $2 * interval '1 s'
    FROM due WHERE d.no = due.no RETURNING d.no, d.event_id, d.endpoint, d.attempts
)
SELECT c.*, e.subject, e.body FROM claimed c JOIN sandbox.events e ON e.id = c.event_id
 ORDER BY c.endpoint, e.subject, c.no
"""
_RECORD = """
UPDATE sandbox.deliveries SET answer_status = $2, error = $3, delivered_at = CASE WHEN $4 THEN now() END,
       status = CASE WHEN $4 THEN 'delivered' WHEN attempts >= $5 THEN 'given_up' ELSE 'due' END,
       next_at = now() + $6::interval
 WHERE no = $1
"""


async def plan_once_more(db: Connection, event_id: str, endpoints: Sequence[str]) -> None:
    """Have every endpoint told of an event again. An event that does not exist is told to nobody."""
    await db.execute(
        "INSERT INTO sandbox.deliveries (event_id, endpoint)"
        " SELECT e.id, endpoint FROM sandbox.events e, unnest($2::text[]) AS endpoint WHERE e.id = $1",
        event_id,
        list(endpoints),
    )


@dataclass(slots=True)
class Courier:
    """Carries webhooks to the merchant's endpoints."""

    database: Database
    secrets: Sequence[str]
    clock: Clock
    _http: HttpClient = field(
        init=False,
        default_factory=lambda: HttpClient("", timeout_s=TIMEOUT_S, headers={"User-Agent": "Moorage-Sandbox/1"}),
    )

    async def deliver(self, limit: int) -> int:
        """Send what is due, events of one subject one after the other, others side by side. Answers how many
        deliveries were tried.
        """
        async with self.database.transaction(SYSTEM) as db:
            claimed = await db.fetch(_CLAIM, limit, LEASE_S)
        doors = asyncio.Semaphore(AT_ONCE)

        async def carry(one_subject: Sequence[Row]) -> None:
            async with doors:
                for delivery in one_subject:
                    await self._send(delivery)

        subjects = [list(rows) for _, rows in groupby(claimed, key=lambda row: (row["endpoint"], row["subject"]))]
        await asyncio.gather(*(carry(rows) for rows in subjects))
        return len(claimed)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _send(self, delivery: Row) -> None:
        status, error = None, None
        try:
            answer = await self._http.request(
                "POST",
                delivery["endpoint"],
                content=delivery["body"],
                # A retry is signed again: its time must be near the receiver's.
                headers={
                    HEADER: sign(self.secrets, delivery["body"], int(self.clock().timestamp())),
                    "Content-Type": "application/json",
                },
            )
            status = answer.status
        except NoAnswerError as failure:
            error = failure.why
        taken = status is not None and 200 <= status < 300
        wait_s = min(_FIRST_WAIT_S * 2 ** (delivery["attempts"] - 1), _LONGEST_WAIT_S)
        async with self.database.transaction(SYSTEM) as db:
            await db.execute(_RECORD, delivery["no"], status, error, taken, MAX_ATTEMPTS, timedelta(seconds=wait_s))
