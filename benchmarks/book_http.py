"""Two web processes on one port, and bookings posted to them: for `moorage bench book --http`."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from benchmarks.harness import Bench
from benchmarks.lanes import post_for
from moorage.kernel.db import Database
from moorage.wiring.house import connect_database
from moorage.wiring.secrets import access_tokens
from moorage.wiring.settings import Settings

PROCESSES: Final = 2
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")

Slot = tuple[UUID, datetime, UUID]


@dataclass(slots=True)
class WebProcesses:
    """The web processes, and connections to them."""

    port: int
    pids: list[int]
    settings: Settings
    database: Database
    tokens: dict[UUID, bytes] = field(default_factory=dict)

    def cpu_s(self) -> float:
        """CPU seconds that the web processes have taken."""
        return sum(_cpu_ticks(pid) for pid in self.pids) / _TICKS_A_SECOND

    def peak_memory_mb(self) -> int:
        """The largest resident memory that one of them has had."""
        return max(_peak_kb(pid) for pid in self.pids) // 1024

    async def post_for(self, seconds: float, next_slot: Callable[[], Slot]) -> int:
        """Post bookings on every connection for `seconds`, one after the other; answers how many were made."""
        return await post_for(self.port, seconds, lambda: self.request(next_slot()), status=201)

    def request(self, slot: Slot) -> bytes:
        """One POST as a client sends it."""
        service, start, client = slot
        body = f'{{"service_id": "{service}", "start_time": "{start.isoformat()}", "timezone": "UTC"}}'.encode()
        token = self.tokens.get(client) or self._token(client)
        return (
            b"POST /api/v1/bookings/ HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            b"accept: application/json\r\nauthorization: Bearer %b\r\ncontent-length: %d\r\n\r\n%b"
            % (token, len(body), body)
        )

    def _token(self, client: UUID) -> bytes:
        token = access_tokens(self.settings).issue(client, client, is_practitioner=False).encode()
        self.tokens[client] = token
        return token


@contextlib.asynccontextmanager
async def web_processes(bench: Bench, settings: Settings) -> AsyncIterator[WebProcesses]:
    """Start the web processes as `moorage serve --workers 2` does, on a free port of 127.0.0.1, and wait for them."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        database = await connect_database(settings, bench.addresses)
        web = WebProcesses(listener.getsockname()[1], [], settings, database)
        environment = _environment(bench, settings, web.port)
        running = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "moorage", "serve-on", str(listener.fileno())),
                pass_fds=[listener.fileno()],
                env=environment,
            )
            for _ in range(PROCESSES)
        ]
        try:
            web.pids += [process.pid for process in running]
            await _until_ready(web.port)
            yield web
        finally:
            for process in running:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
            await asyncio.gather(*(process.wait() for process in running))
            await database.close()


def _environment(bench: Bench, settings: Settings, port: int) -> dict[str, str]:
    secret, url = settings.secret_key, bench.addresses.superuser_dsn
    assert secret is not None  # noqa: S101 - the caller sets it
    assert url is not None  # noqa: S101 - the benchmark has a server of its own
    return os.environ | {
        "ENVIRONMENT": "test",
        "DATABASE_URL": url,
        "SECRET_KEY": secret.get_secret_value(),
        "DATABASE_POOL_MIN": "8",
        "DATABASE_POOL_SIZE": "8",
        "DATABASE_POOL_OVERFLOW": "0",
        "RATE_LIMIT_USER_PER_HOUR": str(settings.rate_limit_user_per_hour),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "MOORAGE_HOME": str(bench.lease.directory.parent / "home"),
        "LOG_LEVEL": "WARNING",
        "ACCESS_LOG": json.dumps(False),
    }


async def _until_ready(port: int) -> None:
    for _ in range(150):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            answer = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            if answer.startswith(b"HTTP/1.1 200"):
                return
        await asyncio.sleep(0.2)
    raise RuntimeError("the web processes did not come up")


def _cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _peak_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0
