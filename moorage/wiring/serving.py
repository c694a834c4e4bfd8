"""`moorage serve`: database, migrations, demo, web and worker, until it is told to stop.

One process by default. With more web workers, each is a process of its own on the same socket, started again when it
dies, and this one runs the jobs.
"""

import asyncio
import contextlib
import gc
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from moorage.journeys.demo import pay_for_booking
from moorage.journeys.house import House
from moorage.journeys.set_tax_rate import apply_tax_settings
from moorage.wiring.app import build_app
from moorage.wiring.database import DatabaseAddresses
from moorage.wiring.demo import Demo, open_demo
from moorage.wiring.house import connect_database, make_house, open_settings_database
from moorage.wiring.migrate import migrate
from moorage.wiring.production import refuse_settings, refuse_unsafe
from moorage.wiring.serve import server_config
from moorage.wiring.settings import Settings
from moorage.wiring.worker import announce, work

PORTS_TRIED = 50
RESTART_S = 1.0
DEMO_PAYS_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Ready:
    """What the banner tells: where it listens, how long it took, and the demo's people."""

    settings: Settings
    seconds: float
    postgres_major: int
    bundled: bool
    wanted_port: int
    demo: Demo | None


async def serve(settings: Settings, *, workers: int, tell: Callable[[Ready], None]) -> None:
    """Run until SIGINT or SIGTERM. Raises PostgresError or UnsafeSettingsError when it cannot start."""
    refuse_settings(settings)
    began, wanted_port = time.monotonic(), settings.port
    with listening_socket(settings) as listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        opened = await open_settings_database(settings)
        try:
            await refuse_unsafe(settings, opened.addresses)
            if settings.environment != "production":
                await migrate(opened.addresses.owner_dsn)
            async with _house(settings, opened.addresses) as house:
                await apply_tax_settings(house)
                demo = await open_demo(settings, house) if settings.environment != "production" else None
                ready = Ready(
                    settings,
                    time.monotonic() - began,
                    opened.addresses.major,
                    opened.lease is not None,
                    wanted_port,
                    demo,
                )
                await _run(ready, house, opened.addresses.worker_dsn, listener, workers=workers, tell=tell)
        finally:
            await opened.close()


async def serve_on(settings: Settings, descriptor: int) -> None:
    """One web process of several, on the socket that the first one opened; its jobs run there."""
    with socket.socket(fileno=descriptor) as listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})
        opened = await open_settings_database(settings)
        try:
            async with _house(settings, opened.addresses) as house:
                ringing = asyncio.create_task(announce(house))
                await _Server(server_config(build_app(settings, house), settings)).serve(sockets=[listener])
                await _end(ringing)
        finally:
            await opened.close()


async def run_worker(settings: Settings) -> None:
    """Run jobs alone, until SIGINT or SIGTERM. Raises as `serve`."""
    refuse_settings(settings)
    opened = await open_settings_database(settings)
    try:
        await refuse_unsafe(settings, opened.addresses)
        async with _house(settings, opened.addresses) as house:
            working = asyncio.create_task(work(settings, house, opened.addresses.worker_dsn))
            await _stop_asked()
            await _end(working)
    finally:
        await opened.close()


def listening_socket(settings: Settings) -> socket.socket:
    """A socket on HOST:PORT, or on the next free port when that one is taken."""
    for port in range(settings.port, settings.port + PORTS_TRIED):
        listener = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, port))
            listener.listen(2048)  # bound alone, two processes may both believe that the port is theirs
        except OSError as error:
            listener.close()
            if port == settings.port + PORTS_TRIED - 1 or error.errno != 98:
                raise
            continue
        return listener
    raise AssertionError  # the loop above returns or raises


@contextlib.asynccontextmanager
async def _house(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[House]:
    database = await connect_database(settings, addresses)
    try:
        yield make_house(settings, database)
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(database.close(), timeout=5)


async def _run(
    ready: Ready,
    house: House,
    worker_dsn: str,
    listener: socket.socket,
    *,
    workers: int,
    tell: Callable[[Ready], None],
) -> None:
    settings = ready.settings
    working = asyncio.create_task(work(settings, house, worker_dsn))
    try:
        if workers > 1:
            environment = _shared_measures(settings.moorage_home)
            children = [asyncio.create_task(_child(listener, environment)) for _ in range(workers)]
            await _begin(ready, house, tell)
            await _stop_asked()
            await _end(*children)
            return
        ringing = asyncio.create_task(announce(house))
        server = _Server(server_config(build_app(settings, house), settings))
        server.when_started = lambda: _begin(ready, house, tell)
        await server.serve(sockets=[listener])
        await _end(ringing)
    finally:
        await _end(working)


async def _begin(ready: Ready, house: House, tell: Callable[[Ready], None]) -> None:
    """What waits until requests are taken: the demo's client pays at the sandbox, which is one of ours."""
    if ready.demo is not None and ready.demo.facts["client_has_booking"]:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(pay_for_booking(house), DEMO_PAYS_WITHIN_S)
    _announce_ready(ready, tell)


def _announce_ready(ready: Ready, tell: Callable[[Ready], None]) -> None:
    if ready.demo is not None:
        write_whole(ready.settings.moorage_home / "demo.json", json.dumps(ready.demo.facts, indent=2) + "\n")
    tell(ready)


def write_whole(path: Path, text: str) -> None:
    """Write a file that others read while it appears: all of it or nothing, and only for this user's eyes."""
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)


def _shared_measures(home: Path) -> dict[str, str]:
    """The environment of web processes that count together: any of them then answers `/metrics` for all."""
    directory = home / "metrics"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory.resolve())}


async def _child(listener: socket.socket, environment: dict[str, str]) -> None:
    """One web process, started again whenever it ends by itself."""
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "moorage",
            "serve-on",
            str(listener.fileno()),
            pass_fds=[listener.fileno()],
            env=environment,
        )
        try:
            await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        await asyncio.sleep(RESTART_S)


class _Server(uvicorn.Server):
    """Says when it takes requests; SIGINT and SIGTERM end it in order, so that what was started before it is ended
    after it (uvicorn's own handlers would raise the signal again and end the process there).
    """

    when_started: Callable[[], Awaitable[None]] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, self._asked_to_stop)
        yield

    def _asked_to_stop(self) -> None:
        self.force_exit = self.should_exit  # a second time: at once
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what has been loaded stays: the collector need not look at it again, at no request and at no exit
        if self.when_started is not None and self.started:
            await self.when_started()


async def _stop_asked() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    await stop.wait()


async def _end(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
