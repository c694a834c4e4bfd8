"""Web processes for benchmarks: the whole application, as `moorage serve` runs it, on a socket that they share.

`python -m benchmarks.web FD` is one of them; its settings come from the environment.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import uvicorn

from moorage.wiring.app import build_app
from moorage.wiring.serve import server_config
from moorage.wiring.settings import Settings

_READY = b"HTTP/1.1 "
_UP_WITHIN_S = 30.0


@contextlib.asynccontextmanager
async def web_processes(count: int, environment: Mapping[str, str]) -> AsyncIterator[int]:
    """`count` processes with these settings, ready to answer; the port that they share on 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        port = listener.getsockname()[1]
        listener.set_inheritable(True)
        started = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "benchmarks.web", str(listener.fileno())),
                cwd=Path(__file__).parent.parent,
                env={**os.environ, **environment, "BASE_URL": f"http://127.0.0.1:{port}"},
                pass_fds=(listener.fileno(),),
            )
            for _ in range(count)
        ]
        try:
            await _wait_until_up(port)
            yield port
        finally:
            for process in started:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
            await asyncio.gather(*(process.wait() for process in started))


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """Send one request over a kept connection and read the answer whole; its status."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    if length:
        await reader.readexactly(int(length))
    return int(head[9:12])


async def _wait_until_up(port: int) -> None:
    async with asyncio.timeout(_UP_WITHIN_S):
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status = await ask(reader, writer, b"GET /health HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            writer.close()
            if status:
                return


def main() -> None:
    """Serve on the inherited socket until told to stop."""
    settings = Settings()
    config = server_config(build_app(settings), settings)
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        asyncio.set_event_loop_policy(None)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
