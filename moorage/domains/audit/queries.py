"""Reads of the audit log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from moorage.kernel.db import Connection


@dataclass(frozen=True, slots=True)
class Action:
    """One row: `actor_id` None is the product itself; `details` are facts of the action, never secrets."""

    no: int
    actor_id: UUID | None
    action: str
    subject_type: str
    subject_id: UUID | None
    details: dict[str, Any] | None
    created_at: datetime


_LIST = """
SELECT no, actor_id, action, subject_type, subject_id, details, created_at
  FROM audit_log
 WHERE ($1::uuid IS NULL OR subject_id = $1) AND ($2::bigint IS NULL OR no < $2)
 ORDER BY no DESC
 LIMIT $3
"""


async def list_actions(
    db: Connection, *, subject_id: UUID | None = None, before_no: int | None = None, limit: int = 100
) -> list[Action]:
    """The newest actions first, of one subject or of all, below row `before_no`. An administrator sees them; others
    see none.
    """
    return [Action(**dict(row)) for row in await db.fetch(_LIST, subject_id, before_no, limit)]
