"""The bundled PostgreSQL: starts for anybody, is shared, survives anything, lets nobody else in."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from moorage.wiring import postgres_guard as guard
from moorage.wiring.bundled_postgres import start
from moorage.wiring.database import open_database
from moorage.wiring.postgres import BundledPostgresError, ensure_postgres
from moorage.wiring.postgres_address import ServerAddress, ServerOptions
from moorage.wiring.postgres_place import program
from moorage.wiring.scratch import remove_home, scratch_home

QUICK = ServerOptions(durable=False)
CHECKOUT = Path(__file__).resolve().parents[2]
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

# A process that uses the server: says which server it got, then holds it until its input ends.
USER = """
import sys
from pathlib import Path
from moorage.wiring import postgres_guard as guard
from moorage.wiring.bundled_postgres import start
from moorage.wiring.postgres_address import ServerOptions

home = Path(sys.argv[1])
lease = start(home, ServerOptions(durable=False))
print(guard.postmaster_pid(home / "postgres"), flush=True)
sys.stdin.read()
lease.stop()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    path = scratch_home()
    yield path
    stop_what_runs(path)
    remove_home(path)


@pytest.fixture
def use() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Start processes that use the server of a home."""
    started = []

    def start_one(home: Path) -> subprocess.Popen[str]:
        started.append(user_process(home))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.wait()


async def test_it_starts_with_our_settings_and_stops(home):
    lease = await ensure_postgres(home, ServerOptions(durable=False, max_connections=37))
    names = ("jit", "random_page_cost", "max_connections", "timezone", "listen_addresses", "server_encoding")
    shown = [await ask(lease.address, f"SHOW {name}") for name in names]
    assert shown == ["off", "1.1", "37", "UTC", "", "UTF8"]
    lease.stop()
    assert not is_alive(home)


async def test_it_is_durable_unless_told_otherwise(home):
    lease = await ensure_postgres(home)
    shown = [await ask(lease.address, f"SHOW {name}") for name in ("fsync", "full_page_writes", "synchronous_commit")]
    assert shown == ["on", "on", "on"]
    lease.stop()


async def test_data_is_kept_from_start_to_start(home):
    lease = await ensure_postgres(home, QUICK)
    await ask(lease.address, "CREATE TABLE kept AS SELECT 42 AS answer")
    lease.stop()
    lease = await ensure_postgres(home, QUICK)
    assert await ask(lease.address, "SELECT answer FROM kept") == 42
    lease.stop()


async def test_a_wrong_password_and_none_are_refused(home):
    lease = await ensure_postgres(home, QUICK)
    for password in ("guess", ""):
        with pytest.raises(asyncpg.PostgresError, match="password"):
            await asyncpg.connect(lease.address.dsn(password=password))
    lease.stop()


async def test_its_socket_and_secrets_are_closed_to_other_users(home):
    lease = await ensure_postgres(home, QUICK)
    sockets = Path(lease.address.socket_directory).stat()
    data = (home / "postgres" / "data").stat()
    assert stat.S_IMODE(sockets.st_mode) == 0o700
    assert sockets.st_uid == data.st_uid
    socket = next(Path(lease.address.socket_directory).glob(".s.PGSQL.*[0-9]"))
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    for secret in ("password", "server.log"):
        assert stat.S_IMODE((home / "postgres" / secret).stat().st_mode) == 0o600
    lease.stop()


async def test_it_answers_on_the_loopback_address_when_asked(home):
    lease = await ensure_postgres(home, ServerOptions(durable=False, tcp_port=0))
    connection = await asyncpg.connect(lease.address.tcp_dsn())
    assert await connection.fetchval("SELECT host(inet_server_addr())") == "127.0.0.1"
    assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
    await connection.close()
    lease.stop()


async def test_a_port_that_the_running_server_lacks_is_said(home):
    lease = await ensure_postgres(home, QUICK)
    with pytest.raises(BundledPostgresError, match="without TCP"):
        start(home, ServerOptions(tcp_port=0))
    assert await ask(lease.address, "SELECT 1") == 1
    lease.stop()


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


@pytest.mark.parametrize("name", ["deep" * 40, "a, comma and a space", "ünï 'quoted'"])
async def test_any_path_will_do(home, name):
    inside = home / name
    inside.mkdir()
    lease = await ensure_postgres(inside, QUICK)
    assert await ask(lease.address, "SELECT 1") == 1
    sockets = Path(lease.address.socket_directory)
    lease.stop()
    assert not sockets.exists() or sockets.is_relative_to(inside)


async def test_a_server_that_does_not_start_says_why(home):
    lease = await ensure_postgres(home, QUICK)
    lease.stop()
    with (home / "postgres" / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    with pytest.raises(BundledPostgresError, match="no_such_setting"):
        await ensure_postgres(home, QUICK)
    assert not is_alive(home)


async def test_data_without_its_password_is_not_touched(home):
    lease = await ensure_postgres(home, QUICK)
    lease.stop()
    (home / "postgres" / "password").unlink()
    with pytest.raises(BundledPostgresError, match="password is missing"):
        await ensure_postgres(home, QUICK)


@only_root
async def test_root_runs_it_as_an_unprivileged_account(home):
    lease = await ensure_postgres(home, QUICK)
    server = guard.postmaster_pid(home / "postgres")
    status = Path(f"/proc/{server}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    assert "0" not in uids
    assert "Groups:\t \n" in status
    lease.stop()


@only_root
async def test_root_may_keep_it_below_a_directory_that_is_closed_to_others(home):
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    lease = await ensure_postgres(closed, QUICK)
    await ask(lease.address, "CREATE TABLE kept AS SELECT 42 AS answer")
    data = (closed / "postgres" / "data").readlink()
    lease.stop()
    assert not data.is_relative_to(closed)
    lease = await ensure_postgres(closed, QUICK)
    assert await ask(lease.address, "SELECT answer FROM kept") == 42
    lease.stop()
    remove_home(closed)
    assert not data.exists()


@only_root
def test_an_ordinary_user_needs_no_help(home):
    nobody = pwd.getpwnam("nobody")
    own = home / "own"
    own.mkdir()
    os.chown(own, nobody.pw_uid, nobody.pw_gid)
    python = python_that_can_be_run_by(nobody)
    user = user_process(own, python=python, account=nobody)
    server = server_of(user)
    assert Path(f"/proc/{server}").stat().st_uid == nobody.pw_uid
    assert stat.S_IMODE((own / "postgres").stat().st_mode) == 0o700
    leave(user)
    assert not is_alive(own)


def python_that_can_be_run_by(account: pwd.struct_passwd) -> str:
    needed = f"import sys; assert sys.version_info >= (3, 11); open({str(CHECKOUT / 'Makefile')!r})"
    for python in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        with contextlib.suppress(PermissionError):
            if python and not subprocess.run([python, "-c", needed], check=False, user=account.pw_uid).returncode:
                return python
    pytest.skip("no Python and checkout that an ordinary user can reach")


def user_process(home: Path, *, python: str = sys.executable, account: pwd.struct_passwd | None = None):
    packages = program("psql").parents[3]
    return subprocess.Popen(
        [python, "-c", USER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{CHECKOUT}:{packages}", "PATH": os.environ["PATH"]},
        cwd="/",
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def server_of(user: subprocess.Popen[str]) -> str:
    """Wait until a user has its server; returns the server's process id."""
    answer = user.stdout.readline().strip()
    assert answer.isdigit(), "the user could not start the server"
    return answer


def leave(user: subprocess.Popen[str]) -> None:
    user.stdin.close()
    assert user.wait() == 0


def is_alive(home: Path) -> bool:
    with guard.locked(home / "postgres"):
        return guard.is_alive(home / "postgres")


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def stop_what_runs(home: Path) -> None:
    for directory in home.rglob("address.json"):
        with guard.locked(directory.parent):
            guard.stop(directory.parent)


async def ask(address: ServerAddress, query: str):
    return await ask_at(address.dsn(), query)


async def ask_at(dsn: str, query: str):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def test_an_address_says_every_character_safely():
    address = ServerAddress(socket_directory="/a b", port=1, tcp=False, password="p@ss/word")
    assert quote("p@ss/word", safe="") in address.dsn("näme")
