"""A short way to the hottest operations: past FastAPI's search among all routes, which costs more than some of them.

They stay ordinary documented routes; only requests that match exactly take the short way. Their handlers take the
request (and the last segment of the path) and answer a response; what they raise, the front door answers.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Where it leads, and what measures and logs call it."""

    endpoint: Endpoint
    operation_id: str


class Direct:
    """POSTs only. `exact`: whole paths; `below`: a path's beginning, to which one more segment belongs, which the
    endpoint takes as its second argument. All else goes to `app`.
    """

    def __init__(
        self, app: ASGIApp, api: FastAPI, *, exact: Mapping[str, Shortcut], below: Mapping[str, Shortcut]
    ) -> None:
        """`api` is what the request is told it belongs to."""
        self._app = app
        self._api = api
        self._exact = dict(exact)
        self._below = tuple(below.items())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and scope["method"] == "POST":
            path: str = scope["path"]
            shortcut = self._exact.get(path)
            if shortcut is not None:
                answer = await shortcut.endpoint(self._request(scope, receive, shortcut))
                await answer(scope, receive, send)
                return
            for prefix, further in self._below:
                segment = path.removeprefix(prefix)
                if segment and segment != path and "/" not in segment:
                    answer = await further.endpoint(self._request(scope, receive, further), segment)
                    await answer(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    def _request(self, scope: Scope, receive: Receive, shortcut: Shortcut) -> Request:
        scope["app"] = self._api
        scope["route"] = shortcut
        return Request(scope, receive)
