"""A client that costs little: raw connections, each with one request on its way at a time."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, cast

CONNECTIONS: Final = 16


async def post_for(port: int, seconds: float, next_request: Callable[[], bytes], *, status: int) -> int:
    """Send requests on every connection to 127.0.0.1 for `seconds`, one after the other; answers how many were answered
    with `status`. Raises RuntimeError with the answer where one was not.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    lanes = []
    for _ in range(CONNECTIONS):
        done: asyncio.Future[int] = loop.create_future()
        await loop.create_connection(
            partial(_Lane, next_request, b"HTTP/1.1 %d" % status, end, done), "127.0.0.1", port
        )
        lanes.append(done)
    return sum(await asyncio.gather(*lanes))


class _Lane(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(
        self, next_request: Callable[[], bytes], wanted: bytes, end: float, done: "asyncio.Future[int]"
    ) -> None:
        self._next_request, self._wanted, self._end, self._done = next_request, wanted, end, done
        self._count, self._buffer = 0, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # TCP's is one; uvloop's does not say so
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lowered = head.lower()
        length = int(lowered[lowered.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        if not head.startswith(self._wanted):
            self._finish(RuntimeError(f"{head.decode()}\n\n{body.decode()}"))
            return
        self._buffer, self._count = b"", self._count + 1
        if asyncio.get_running_loop().time() < self._end:
            self._send()
        else:
            self._finish(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or RuntimeError("the server closed the connection"))

    def _send(self) -> None:
        if self._transport is not None:
            self._transport.write(self._next_request())

    def _finish(self, error: Exception | None) -> None:
        if self._done.done():
            return
        if error is None:
            self._done.set_result(self._count)
        else:
            self._done.set_exception(error)
        if self._transport is not None:
            self._transport.close()
