"""The worker: runs queued jobs, and the periodic chores of which one worker at a time is in charge.

Any number may run; each queued job is taken by one (SKIP LOCKED), and a job whose worker died is taken again when its
heartbeat is HEARTBEAT_S old. The chores belong to whoever holds an advisory lock, which ends with its connection.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import asyncpg
import structlog
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.models import Job as QueuedJob
from pgqueuer.queries import Queries

from moorage.journeys.house import House
from moorage.kernel.bell import CHANNEL
from moorage.wiring.jobs import Job, Periodic, jobs, periodic
from moorage.wiring.settings import Settings
from moorage.wiring.worker_connections import charge_of_chores, queue_driver

HEARTBEAT_S = 5
BATCH = 10
STOP_S = 10.0  # how long a job that has begun may take once the worker is told to stop
AWAY_S = 1.0  # how long to wait before trying again when the database is away

log = structlog.get_logger(__name__)


async def work(settings: Settings, house: House, worker_dsn: str) -> None:
    """Run jobs and chores until cancelled; outlives a database that goes away and comes back."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_again_and_again("queue", partial(_run_queue, settings, house, worker_dsn)))
        group.create_task(_again_and_again("chores", partial(_lead_chores, settings, house, worker_dsn)))


async def announce(house: House) -> None:
    """Until cancelled: carry this process's bell to workers in others."""
    pool = house.database.worker
    await house.bell.announce(lambda: pool.execute("SELECT pg_notify($1, '')", CHANNEL))


async def _again_and_again(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run for ever, each time in a task of its own: libraries that give up on a dead server now and then leave a
    cancellation behind, which must not end the worker.
    """
    while True:
        turn = asyncio.ensure_future(run())
        try:
            await asyncio.wait({turn})
        finally:
            turn.cancel()
        error = None if turn.cancelled() else turn.exception()
        log.warning("worker_interrupted", part=name, error=type(error).__name__, detail=str(error)[:300])
        await asyncio.sleep(AWAY_S * random.uniform(0.5, 1.5))  # noqa: S311 - jitter


async def _run_queue(settings: Settings, house: House, worker_dsn: str) -> None:
    async with queue_driver(house.database, worker_dsn) as driver:
        manager = QueueManager(Queries(driver))
        for entrypoint, job in jobs():
            manager.entrypoint(
                entrypoint,
                on_failure="hold",
                concurrency_limit=0,
                executor_factory=partial(_retrying, max_attempts=settings.job_attempts),
            )(_runner(entrypoint, job, house))
        # A ring in this process makes the queue look at once, debounced, as the library's own event would.
        ringing = asyncio.create_task(house.bell.announce(partial(driver.ring, manager.channel)))
        running = asyncio.create_task(
            manager.run(
                dequeue_timeout=timedelta(seconds=min(settings.worker_poll_s, driver.poll_s)),
                batch_size=BATCH,
                max_concurrent_tasks=max(settings.worker_concurrency, 2 * BATCH),
                shutdown_on_listener_failure=True,
                heartbeat_timeout=timedelta(seconds=HEARTBEAT_S),
            )
        )
        try:
            await asyncio.shield(running)
        finally:
            # Jobs that have begun are finished: a worker that is told to stop leaves nothing for a heartbeat to find.
            manager.shutdown.set()
            ringing.cancel()
            await asyncio.wait({running}, timeout=STOP_S)
            running.cancel()


def _retrying(parameters: EntrypointExecutorParameters, *, max_attempts: int) -> DatabaseRetryEntrypointExecutor:
    return DatabaseRetryEntrypointExecutor(
        parameters=parameters, max_attempts=max_attempts, initial_delay=timedelta(seconds=1)
    )


def _runner(entrypoint: str, job: Job, house: House) -> Callable[[QueuedJob], Awaitable[None]]:
    async def run(queued: QueuedJob) -> None:
        payload = json.loads(queued.payload or b"{}")
        await job(house, payload)
        log.info("job_done", job=entrypoint, id=queued.id, attempts=queued.attempts)

    return run


async def _lead_chores(settings: Settings, house: House, worker_dsn: str) -> None:
    """Wait until this worker is in charge, then do every chore in its own time until the connection is lost."""
    rung = house.bell.listener()
    async with charge_of_chores(house.database, worker_dsn, rung) as connection:
        chores = list(periodic(settings, house))
        prompts = {chore.name: asyncio.Event() for chore in chores if chore.prompt}
        async with asyncio.TaskGroup() as group:
            group.create_task(_still_in_charge(connection))
            group.create_task(_spread(rung, list(prompts.values())))
            for chore in chores:
                group.create_task(_do_in_time(chore, prompts.get(chore.name)))


async def _still_in_charge(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    while True:
        await connection.execute("SELECT 1", timeout=5)
        await asyncio.sleep(1)


async def _spread(rung: asyncio.Event, prompts: list[asyncio.Event]) -> None:
    while True:
        await rung.wait()
        rung.clear()
        for prompt in prompts:
            prompt.set()


async def _do_in_time(chore: Periodic, prompt: asyncio.Event | None) -> None:
    """A chore that fails is logged and done again at its next time."""
    while not _cancelled():
        try:
            await chore.chore()
        except Exception as error:  # noqa: BLE001 - one chore's failure is not another's
            log.warning("chore_failed", chore=chore.name, error=type(error).__name__, detail=str(error)[:300])
        if prompt is None:
            await asyncio.sleep(chore.every_s)
            continue
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(prompt.wait(), chore.every_s)
        prompt.clear()


def _cancelled() -> bool:
    """Whether this task was told to stop: before Python 3.12 `wait_for` may swallow that when it comes together with
    what is waited for.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
