"""The jobs that failed for good: kept by the queue until somebody looks."""

from dataclasses import dataclass
from datetime import datetime

from moorage.kernel.db import Connection

_LIST = """
SELECT q.id, q.entrypoint AS job, q.attempts, q.updated AS failed_at,
       concat_ws(': ', l.traceback ->> 'exception_type', l.traceback ->> 'exception_message') AS error
  FROM pgqueuer q
  LEFT JOIN LATERAL (SELECT traceback FROM pgqueuer_log WHERE job_id = q.id AND traceback IS NOT NULL
                      ORDER BY created DESC LIMIT 1) l ON true
 WHERE q.status = 'failed'
 ORDER BY q.id DESC
 LIMIT $1 OFFSET $2
"""
_RETRY = """
UPDATE pgqueuer SET status = 'queued', attempts = 0, execute_after = now(), updated = now(), queue_manager_id = NULL
 WHERE id = $1 AND status = 'failed'
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that used up its attempts; its payload is not shown, for it may name people."""

    id: int
    job: str
    attempts: int
    failed_at: datetime
    error: str


async def list_failed(db: Connection, limit: int = 100, offset: int = 0) -> list[FailedJob]:
    """The newest failed jobs."""
    return [FailedJob(**row) for row in await db.fetch(_LIST, limit, offset)]


async def count_failed(db: Connection) -> int:
    """How many jobs failed for good."""
    count: int = await db.fetchval("SELECT count(*) FROM pgqueuer WHERE status = 'failed'")
    return count


async def retry_failed(db: Connection, job_id: int) -> bool:
    """Put a failed job back into the queue; False when no failed job has that id."""
    return await db.fetchval(_RETRY, job_id) is not None
