"""Jobs: rows of the queue's table, written in the transaction that causes them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from moorage.kernel.db import Connection

_ENQUEUE = """
SELECT enqueue_job($1, $2::jsonb, $3::text, $4::interval)
"""


async def enqueue(
    db: Connection,
    entrypoint: str,
    payload: Mapping[str, Any],
    *,
    key: str | None = None,
    after: timedelta = timedelta(0),
) -> None:
    """Have a worker run `entrypoint` with `payload` (JSON) at the earliest `after` from now.
    A second job with the same `key` is dropped while the first waits or runs. Every job may run twice.
    """
    await db.execute(_ENQUEUE, entrypoint, dict(payload), key, after)
