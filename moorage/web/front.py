"""The front door: one pure ASGI layer around everything. A request id, paths with or without a slash at their end, the
body's limit, headers that every answer carries, and an answer for what nobody caught.

One layer and not five: each further wrapping of `send` is paid by every request.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moorage.kernel.errors import MoorageError
from moorage.web.body import limited
from moorage.web.contracts import normal
from moorage.web.errors import BodyTooLargeError, MalformedRequestError
from moorage.web.problems import Rendered, render
from moorage.web.recorded import told
from moorage.web.request_id import current_request_id, request_id_from

NOT_FOUND: Final = 404
TOO_LARGE: Final = 413
LINGER_S: Final = 5.0
LINGER_BYTES: Final = 64 * 1024 * 1024
_SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    # No other site learns an address. Our own does, because with `no-referrer` browsers send a form's Origin as "null",
    # and nobody could tell whether another site posted it (Fetch, section 3.2).
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)

RawHeaders = list[tuple[bytes, bytes]]


class Gate(Protocol):
    """Asked before each request is told: may refuse it, and has headers for its answer."""

    async def admit(self, scope: Scope) -> RawHeaders:
        """Headers for the answer. Raises MoorageError (whose `facts` may hold `headers`) to refuse."""
        ...

    async def missed(self, scope: Scope) -> None:
        """Told of each request that found nothing (404)."""
        ...


Watch = Callable[[Scope, int, float], None]
"""Told of each finished request: its scope, its status, and how many seconds it took."""


class Front:
    """See the module."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        body_max_bytes: int,
        prepare: Callable[[Scope], Awaitable[None]] | None = None,
        gate: Gate | None = None,
        watch: Watch | None = None,
    ) -> None:
        """`app` is everything behind the door; `prepare` is waited for before the gate."""
        self._app = app
        self._body_max_bytes = body_max_bytes
        self._prepare = prepare
        self._gate = gate
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (or the server's own start and stop)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        started = time.perf_counter()
        answer = _Answer(receive, send, request_id_from(scope["headers"]))
        scope.setdefault("state", {})["request_id"] = answer.request_id
        token = current_request_id.set(answer.request_id)
        try:
            await self._tell(scope, receive, answer)
        finally:
            current_request_id.reset(token)
            if self._watch is not None:
                self._watch(scope, answer.status, time.perf_counter() - started)

    async def _tell(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            _normalise(scope)
            if self._prepare is not None:
                await self._prepare(scope)
            if self._gate is not None:
                answer.headers.extend(await self._gate.admit(scope))
            await self._app(scope, self._within_limit(scope, receive), answer.send)
            if self._gate is not None and answer.status == NOT_FOUND:
                await self._gate.missed(scope)
        except Exception as error:  # noqa: BLE001 - the last place where anything can be caught
            await answer.refuse(scope["path"], error)

    def _within_limit(self, scope: Scope, receive: Receive) -> Receive:
        declared: bytes | None = None
        for name, value in scope["headers"]:
            if name == b"content-length":
                declared = value
            elif name == b"transfer-encoding":
                return limited(receive, self._body_max_bytes)
        if declared is None:
            return receive
        if not declared.isdigit() or int(declared) > self._body_max_bytes:
            raise BodyTooLargeError
        return receive


class _Answer:
    """One answer on its way out: adds the headers that all carry, and remembers whether it has begun."""

    __slots__ = ("_receive", "_send", "headers", "request_id", "status")

    def __init__(self, receive: Receive, send: Send, request_id: str) -> None:
        self._receive = receive
        self._send = send
        self.request_id = request_id
        self.status = 0
        self.headers: RawHeaders = [(b"request-id", request_id.encode())]

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], *self.headers, *_SECURITY_HEADERS]
            if self.status == TOO_LARGE:
                message["headers"].append((b"connection", b"close"))
        elif self.status == TOO_LARGE and not message.get("more_body", False):
            await self._linger(message)
            return
        await self._send(message)

    async def _linger(self, last: Message) -> None:
        """Give the answer, then throw away what still comes for a while before the connection ends: one that ends
        with unread data in it takes the answer along (RFC 9112, section 9.6).
        """
        await self._send({**last, "more_body": True})
        left = LINGER_BYTES
        with contextlib.suppress(TimeoutError, MoorageError):
            async with asyncio.timeout(LINGER_S):
                while left > 0:
                    message = await self._receive()
                    left -= len(message.get("body", b""))
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        break
        await self._send({"type": "http.response.body", "body": b""})

    async def refuse(self, path: str, error: Exception) -> None:
        """Answer for what was raised: a refusal as itself, anything else as a fault of ours."""
        if isinstance(error, MoorageError):
            raw: RawHeaders = error.facts.pop("headers", [])
            self.headers.extend(raw)
        if self.status:  # the answer had begun; Starlette's own handler has logged what followed
            return
        await self._send_rendered(render(path, told(error, self.request_id)))

    async def _send_rendered(self, rendered: Rendered) -> None:
        headers = {
            "content-type": rendered.media_type,
            "content-length": str(len(rendered.body)),
            **rendered.headers,
        }
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": rendered.status, "headers": raw})
        await self.send({"type": "http.response.body", "body": rendered.body})


def _without_body(send: Send) -> Send:
    """The answer to a HEAD: that to the same GET but for its content (RFC 9110, section 9.3.2)."""

    async def sent(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return sent


def _normalise(scope: dict[str, Any] | Any) -> None:
    """Refuse NUL in the address; write API paths as their contract does, with or without a slash at their end."""
    path: str = scope["path"]
    if b"%00" in scope["query_string"] or "\x00" in path:
        raise MalformedRequestError("The address holds a NUL character.")
    wanted = normal(path)
    if wanted != path:
        scope["path"] = wanted
        raw = scope.get("raw_path")
        if raw is not None:
            scope["raw_path"] = raw + b"/" if len(wanted) > len(path) else raw.rstrip(b"/")
