"""A uvicorn server in the running loop, for as long as a test wants it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn


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
    server.should_exit = True
    await serving


class _QuietServer(uvicorn.Server):
    """Leaves the signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self):
        yield
