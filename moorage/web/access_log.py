"""The access log: one line of JSON a request, by operation and never by address, which may hold a secret."""

import logging
from datetime import UTC, datetime
from typing import Final

ACCESS: Final = "moorage.access"
_log = logging.getLogger(ACCESS)


def note_request(operation: str, method: str, status: int, seconds: float, request_id: str) -> None:
    """Write the line. Every part of it is ours or has been checked, so nothing needs escaping."""
    if _log.isEnabledFor(logging.INFO):
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        _log.info(
            '{"at":"%s","level":"info","event":"request","operation":"%s","method":"%s","status":%d,"ms":%.1f,'
            '"request_id":"%s"}',
            at,
            operation,
            method if method.isalpha() else "other",
            status,
            seconds * 1000,
            request_id,
        )
