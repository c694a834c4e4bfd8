"""The bundled PostgreSQL is shared by processes, and survives the death of any of them, and its own."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable

import asyncpg
import pytest

from moorage.wiring.bundled import guard
from moorage.wiring.database import open_database
from moorage.wiring.postgres import ensure_postgres
from tests.support.bundled import QUICK, ask, ask_at, is_alive, leave, server_of


def test_processes_that_start_at_once_share_one_server(home, use):
    users = [use(home) for _ in range(4)]
    assert len({server_of(user) for user in users}) == 1
    for user in users[:-1]:
        leave(user)
        assert is_alive(home)
    leave(users[-1])
    assert not is_alive(home)


def test_the_death_of_one_user_leaves_the_server_to_the_other(home, use):
    first, second = use(home), use(home)
    server = server_of(first)
    assert server_of(second) == server
    first.kill()
    first.wait()
    third = use(home)
    assert server_of(third) == server
    leave(second)
    leave(third)
    assert not is_alive(home)


def test_the_death_of_the_last_user_stops_the_server(home, use):
    user = use(home)
    server_of(user)
    user.kill()
    user.wait()
    assert eventually(lambda: not is_alive(home))


async def test_a_killed_server_is_recovered_by_the_next_start(home):
    lease = await ensure_postgres(home)
    await ask(lease.address, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(guard.postmaster_pid(home / "postgres"), signal.SIGKILL)
    again = await ensure_postgres(home)
    assert await ask(again.address, "SELECT answer FROM kept") == 42
    lease.stop()
    assert await ask(again.address, "SELECT answer FROM kept") == 42
    again.stop()


@pytest.mark.parametrize("name", ["near", "deep" * 40])
async def test_a_server_killed_under_its_user_is_started_again_where_it_was(home, name):
    opened = await open_database(home / name)
    os.kill(guard.postmaster_pid(home / name / "postgres"), signal.SIGKILL)
    answer = None
    deadline = time.monotonic() + 30
    while answer is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            answer = await ask_at(opened.addresses.web_dsn, "SELECT 42")
        await asyncio.sleep(0.02)
    assert answer == 42
    await opened.close()
    assert not is_alive(home / name)


async def test_a_killed_server_and_user_are_recovered_by_the_next_start(home, use):
    user = use(home)
    server = int(server_of(user))
    user.kill()
    os.kill(server, signal.SIGKILL)
    lease = await ensure_postgres(home, QUICK)
    assert await ask(lease.address, "SELECT 1") == 1
    lease.stop()


async def test_a_process_id_left_behind_that_another_process_has_now_does_not_stop_a_start(home):
    lease = await ensure_postgres(home, QUICK)
    lease.stop()
    (home / "postgres" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n/elsewhere\n0\n5432\n\n\n\nready\n")
    lease = await ensure_postgres(home, QUICK)
    assert await ask(lease.address, "SELECT 1") == 1
    lease.stop()


async def test_data_half_made_by_a_start_that_was_killed_is_made_anew(home):
    nursery = home / "postgres" / "data.new"
    (nursery / "data").mkdir(parents=True)
    (nursery / "data" / "PG_VERSION").write_text("18")
    lease = await ensure_postgres(home, QUICK)
    assert await ask(lease.address, "SELECT 1") == 1
    lease.stop()


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()
