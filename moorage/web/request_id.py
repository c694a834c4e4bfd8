"""Request ids: one per request, in the answer's `Request-Id` header, in every error and in every line of the log."""

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Final

current_request_id: ContextVar[str] = ContextVar("current_request_id", default="-")

_ACCEPTED: Final = re.compile(rb"[A-Za-z0-9_-]{8,64}")


def request_id_from(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The caller's own `Request-Id` (or `X-Request-Id`) where it is 8 to 64 plain characters, else a new one."""
    for name, value in headers:
        if name in {b"request-id", b"x-request-id"} and _ACCEPTED.fullmatch(value):
            return value.decode("ascii")
    return "req_" + os.urandom(12).hex()
