"""How a provider's fake is served: real HTTP on a free port, what was said kept, faults on demand, webhooks out.

A fake is an ASGI application with its state in memory. `Served(app, provider)` puts the log and the faults around it:

    async with serving(Served(app, "stripe")) as base_url: ...

`Deliveries` holds its webhooks until the test says `deliver()`, or sends at once where it runs by hand.
"""

import asyncio
import contextlib
import json
import random
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.fakes.forms import parse_form
from tests.fakes.schemas import validate_answer, validate_request
from tests.support.servers import running

FaultKind = Literal[
    "timeout_before",  # holds the line without acting until the caller hangs up
    "timeout_after",  # acts, then the same
    "lost_before",  # the connection breaks without acting
    "lost_after",  # acts, then the connection breaks in the middle of the answer: quick, for tests
    "500_before",
    "500_after",
    "429",
    "broken_body",  # acts, answers 200 with something that is no JSON
]


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose method and path contain `method` and `path`."""

    kind: FaultKind
    times: int = 1
    method: str = ""
    path: str = ""


@dataclass
class Exchange:
    """One request and its answer, as they went over the line."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int = 0  # 0: never answered
    answer: bytes = b""

    def sent(self) -> Any:
        """The body as JSON or nested form values; None where there was none."""
        if not self.body:
            return None
        form = self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        return parse_form(self.body.decode()) if form else json.loads(self.body)

    def told(self) -> Any:
        """The answer as JSON; None where it was empty."""
        return json.loads(self.answer) if self.answer else None


@dataclass
class Served:
    """A fake's application with its log of exchanges and its faults. `refusal(status)` is an error as that provider
    writes it; paths for which `own(path)` is true (a payer's page) are the fake's own and not logged.
    """

    app: ASGIApp
    provider: str
    refusal: Callable[[int], Mapping[str, Any]] = lambda status: {"error": {"type": "api_error", "status": status}}
    own: Callable[[str], bool] = lambda _: False
    exchanges: list[Exchange] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, kind: FaultKind, times: int = 1, method: str = "", path: str = "") -> None:
        """Let the next requests of that kind go wrong."""
        self.faults.append(Fault(kind, times, method, path))

    def calls(self, method: str = "", path: str = "") -> int:
        """How many requests came in whose method and path contain these."""
        return sum(method in one.method and path in one.path for one in self.exchanges)

    def check(
        self,
        *,
        unless: Callable[[Exchange], bool] = lambda _: False,
        as_published: Callable[[Any], Any] = lambda told: told,
    ) -> int:
        """Every exchange so far against the provider's published schema; how many were checked. Raises
        SchemaBreakError. `unless` names those for which what is published is out of date, `as_published` leaves out
        of an answer what is.
        """
        checked = [one for one in self.exchanges if one.status and not unless(one)]
        for one in checked:
            if one.status < 400:  # a refused request may be just what the schema forbids
                query = parse_form(one.query) if "[" in one.query else dict(parse_qsl(one.query))
                validate_request(self.provider, one.method, one.path, one.sent(), query)
            validate_answer(self.provider, one.method, one.path, one.status, as_published(one.told()))
        return len(checked)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.own(scope["path"]):
            await self.app(scope, receive, send)
            return
        body = await _whole(receive)
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        exchange = Exchange(scope["method"], scope["path"], scope["query_string"].decode(), headers, body)
        self.exchanges.append(exchange)
        fault = self._next_fault(exchange)
        if fault in ("429", "500_before"):
            await _answer(send, 429 if fault == "429" else 500, json.dumps(self.refusal(500)).encode())
        elif fault in ("timeout_before", "lost_before"):
            await (_hold(receive) if fault == "timeout_before" else _break(send))
        else:
            await self._act(scope, exchange, fault, receive, send)

    async def _act(
        self, scope: Scope, exchange: Exchange, fault: FaultKind | None, receive: Receive, send: Send
    ) -> None:
        kept: list[Message] = []
        handed = False

        async def once() -> Message:
            nonlocal handed
            if handed:
                return await receive()
            handed = True
            return {"type": "http.request", "body": exchange.body, "more_body": False}

        async def keep(message: Message) -> None:
            kept.append(message)

        await self.app(scope, once, keep)
        if fault == "timeout_after":
            await _hold(receive)
        elif fault == "lost_after":
            await _break(send)
        elif fault == "500_after":
            await _answer(send, 500, json.dumps(self.refusal(500)).encode())
        elif fault == "broken_body":
            await _answer(send, 200, b"<html>upstream went away")
        else:
            exchange.status = kept[0]["status"]
            exchange.answer = b"".join(message.get("body", b"") for message in kept[1:])
            for message in kept:
                await send(message)

    def _next_fault(self, exchange: Exchange) -> FaultKind | None:
        for fault in self.faults:
            if fault.times > 0 and fault.method in exchange.method and fault.path in exchange.path:
                fault.times -= 1
                return fault.kind
        return None


@dataclass
class Deliveries:
    """Webhooks on their way. `sign(body)` makes the headers at the moment of sending; `url` None: they only queue up.
    A delivery that is not answered with 2xx stays queued, as providers do it.
    """

    sign: Callable[[bytes], Mapping[str, str]]
    url: str | None = None
    at_once: bool = False
    queue: deque[bytes] = field(default_factory=deque)
    sent: list[bytes] = field(default_factory=list)
    _running: set[asyncio.Task[int]] = field(default_factory=set)

    def put(self, event: Mapping[str, Any]) -> None:
        """Queue an event, made into bytes once, so that a repeat is the same bytes."""
        self.queue.append(json.dumps(event, separators=(",", ":")).encode())
        if self.at_once and self.url is not None:
            task = asyncio.get_running_loop().create_task(self.deliver())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def deliver(self, *, copies: int = 1, shuffled: random.Random | None = None) -> int:
        """Send all that is queued, `copies` times each, in order or shuffled; how many were taken (2xx)."""
        if self.url is None:
            raise RuntimeError("this fake was given no address to send webhooks to")
        waiting = [body for body in self.queue for _ in range(copies)]
        self.queue.clear()
        if shuffled is not None:
            shuffled.shuffle(waiting)
        taken = 0
        if not waiting:
            return taken  # a client is slow to make
        async with httpx.AsyncClient(timeout=30, trust_env=False, verify=not self.url.startswith("http:")) as client:
            for body in waiting:
                headers = {"Content-Type": "application/json", **self.sign(body)}
                try:
                    good = (await client.post(self.url, content=body, headers=headers)).is_success
                except httpx.HTTPError:
                    good = False
                taken += good
                (self.sent if good else self.queue).append(body)
        return taken


@dataclass
class Stage:
    """One served address for many tests: each puts its own fake on it."""

    app: ASGIApp | None = None
    base_url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is not None and scope["type"] == "http":
            await self.app(scope, receive, send)


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0) -> AsyncIterator[str]:
    """Serve `app` on 127.0.0.1 (port 0: a free one) in the running loop while inside; the base URL."""
    told = uvicorn.Config(
        app,
        lifespan="off",
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
        # A connection that is closed in the moment of its next use looks like a call that was lost; adapters that serve
        # many tests rest for longer than the usual 5 s.
        timeout_keep_alive=600,
    )
    with socket.create_server(("127.0.0.1", port)) as door:
        async with running(told, door) as base_url:
            yield base_url


_HELD_AT_MOST_S: Final = 60


async def _whole(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _break(send: Send) -> None:
    """Promise more than is sent: the server closes the connection in the middle of the body."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b'{"id":'})


async def _hold(receive: Receive) -> None:
    """Say nothing until the caller hangs up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_HELD_AT_MOST_S):
            while (await receive())["type"] != "http.disconnect":
                pass
