"""A uvicorn server in the running loop, for as long as a test wants it, and what its clients need."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator

import uvicorn

PLAIN_HTTP = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For `verify` of a client that asks 127.0.0.1 alone: reading the roots it trusts takes longer than most requests."""


@contextlib.asynccontextmanager
async def running(config: uvicorn.Config, door: socket.socket) -> AsyncIterator[str]:
    """Serve on `door`, a listening socket of 127.0.0.1, while inside; the base URL."""
    server = _QuietServer(config)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    while not server.started:
        if serving.done():
            await serving
        await asyncio.sleep(0.002)
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    server.stop()
    await serving


class _QuietServer(uvicorn.Server):
    """Leaves the signals to whoever runs it, and stops when told and not at its next look."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Close what rests, and serve no more."""
        for connection in list(self.server_state.connections):
            connection.shutdown()
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1)

    @contextlib.contextmanager
    def capture_signals(self):
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it, without its pause where nobody is left to wait for."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for door in (*self.servers, *(sockets or [])):
            door.close()
        await self.lifespan.shutdown()
