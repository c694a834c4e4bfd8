"""The worker runs what is queued, again when it failed, and keeps what cannot be done."""

import asyncio
import contextlib

import pytest

from moorage.kernel.db import SYSTEM
from moorage.kernel.failed_jobs import list_failed, retry_failed
from moorage.kernel.jobs import enqueue
from moorage.wiring import worker as worker_module
from moorage.wiring.jobs import Periodic
from tests.support.worker import queue_is_empty, until, working


class Diary:
    """Jobs that write down that they ran."""

    def __init__(self):
        self.ran = []
        self.failures = 0

    async def note(self, house, payload):
        self.ran.append(payload["n"])

    async def stumble(self, house, payload):
        self.ran.append(payload["n"])
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("stumbled over secret")


@pytest.fixture
def diary(monkeypatch):
    diary = Diary()
    monkeypatch.setattr(worker_module, "jobs", lambda: [("note", diary.note), ("stumble", diary.stumble)])
    monkeypatch.setattr(worker_module, "periodic", lambda *_: [])
    return diary


async def queue(house, entrypoint, n, **options):
    async with house.database.transaction(SYSTEM) as db:
        await enqueue(db, entrypoint, {"n": n}, **options)


async def test_a_job_runs_after_the_transaction_that_queued_it_commits(house, settings, database, diary):
    async with working(house, settings, database):
        await queue(house, "note", 1)
        with contextlib.suppress(RuntimeError):
            async with house.database.transaction(SYSTEM) as db:
                await enqueue(db, "note", {"n": 2})
                raise RuntimeError
        await queue(house, "note", 3)
        await until(lambda: queue_is_empty(house))
    assert sorted(diary.ran) == [1, 3]


async def test_a_worker_is_woken_at_once_after_a_commit(house, settings, database, diary):
    patient = settings.model_copy(update={"worker_poll_s": 3600})
    async with working(house, patient, database):
        for n in range(3):
            await queue(house, "note", n)
            house.bell.ring()
            await until(lambda n=n: asyncio.sleep(0, n in diary.ran))


async def test_a_second_job_of_the_same_key_waits_for_nothing_and_is_dropped(house, settings, database, diary):
    await queue(house, "note", 1, key="once")
    await queue(house, "note", 1, key="once")
    async with working(house, settings, database):
        await until(lambda: queue_is_empty(house))
    assert diary.ran == [1]


async def test_a_job_that_fails_is_tried_again(house, settings, database, diary):
    diary.failures = 1
    await queue(house, "stumble", 1)
    async with working(house, settings, database):
        await until(lambda: queue_is_empty(house))
    assert diary.ran == [1, 1]


async def test_a_job_that_never_succeeds_is_held_and_can_be_retried(house, settings, database, diary, sign_up):
    diary.failures = 1
    await queue(house, "stumble", 1)
    once = settings.model_copy(update={"job_attempts": 0})

    async def failed():
        async with house.database.reading(SYSTEM) as db:
            return await list_failed(db)

    async with working(house, once, database):
        [job] = await until(failed)
        assert (job.job, job.error) == ("stumble", "RuntimeError: stumbled over secret")
        admin = await sign_up(admin=True)
        shown = await admin.client.get("/api/v1/admin/failed-jobs/")
        assert shown.json()["data"]["results"][0]["id"] == job.id
        again = await admin.client.post(f"/api/v1/admin/failed-jobs/{job.id}/retry/")
        assert again.status_code == 200
        await until(lambda: queue_is_empty(house))
    assert diary.ran == [1, 1]
    async with house.database.transaction(SYSTEM) as db:
        assert await retry_failed(db, job.id) is False


async def test_a_job_of_a_worker_that_died_is_taken_again(house, settings, database, diary, superuser):
    await queue(house, "note", 1)
    await superuser.execute(
        """
        UPDATE pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(),
               heartbeat = now() - interval '4 s', updated = now() - interval '4 s'
        """
    )
    async with working(house, settings, database):
        await until(lambda: queue_is_empty(house))
    assert diary.ran == [1]


async def test_the_worker_begins_again_when_its_connections_are_cut(house, settings, database, diary, superuser):
    async with working(house, settings, database):
        await queue(house, "note", 1)
        await until(lambda: queue_is_empty(house))
        await superuser.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'moorage_queue'
            """
        )
        await queue(house, "note", 2)
        await until(lambda: queue_is_empty(house))
    assert diary.ran == [1, 2]


async def test_only_admins_see_failed_jobs(sign_up, api):
    ann = await sign_up()
    assert (await ann.client.get("/api/v1/admin/failed-jobs/")).status_code == 403
    assert (await api.get("/api/v1/admin/failed-jobs/")).status_code == 401


async def test_a_periodic_task_is_run_by_one_worker_at_a_time(house, settings, database, monkeypatch):
    inside, most, runs = 0, 0, 0

    async def task():
        nonlocal inside, most, runs
        inside += 1
        runs += 1
        most = max(most, inside)
        await asyncio.sleep(0.02)
        inside -= 1

    monkeypatch.setattr(worker_module, "periodic", lambda *_: [Periodic("tick", 0.01, task)])
    async with working(house, settings, database), working(house, settings, database):
        await until(lambda: asyncio.sleep(0, runs > 5))
    assert most == 1
