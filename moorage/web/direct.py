"""A short way to one operation: past FastAPI's search among all routes, which costs more than the operation itself.

The operation stays an ordinary documented route; only requests that match it exactly take the short way.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[..., Awaitable[Response]]


class Direct:
    """Calls `endpoint(request, last_segment)` for POSTs to `prefix` and one more segment; all else goes to `app`."""

    def __init__(self, app: ASGIApp, api: FastAPI, prefix: str, endpoint: Endpoint, operation_id: str) -> None:
        """`api` is what the request is told it belongs to, `operation_id` what measures and logs call it."""
        self._app = app
        self._api = api
        self._prefix: Final = prefix
        self._endpoint = endpoint
        self._route: Final = _Named(operation_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(self._prefix):
            segment: str = scope["path"][len(self._prefix) :]
            if segment and "/" not in segment:
                scope["app"] = self._api
                scope["route"] = self._route
                answer = await self._endpoint(Request(scope, receive), segment)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Named:
    """What measures and logs read of a route."""

    operation_id: str
