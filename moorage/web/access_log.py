"""The access log: one line of JSON a request, by operation and its path's template, never by address, which may hold a
secret.
"""

import logging
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from starlette.types import Scope

ACCESS: Final = "moorage.access"
_log = logging.getLogger(ACCESS)


def note_request(
    scope: Scope, operation: str, template: str, status: int, seconds: float, *, user_id: UUID | None = None
) -> None:
    """Write the line; `user_id` where it is known who asked. Every part of it is ours or has been checked, so nothing
    needs escaping.
    """
    if _log.isEnabledFor(logging.INFO):
        method = scope["method"]
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        _log.info(
            '{"at":"%s","level":"info","event":"request","operation":"%s","method":"%s","path":"%s","status":%d,'
            '"ms":%.1f,"request_id":"%s","user_id":%s}',
            at,
            operation,
            method if method.isalpha() else "other",
            template,
            status,
            seconds * 1000,
            scope["state"]["request_id"],
            f'"{user_id}"' if user_id else "null",
        )
