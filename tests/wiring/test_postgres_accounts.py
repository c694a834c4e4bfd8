"""The bundled PostgreSQL lets nobody else in, and runs as an account that may do little."""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from moorage.wiring.bundled import guard
from moorage.wiring.postgres import ensure_postgres
from moorage.wiring.scratch import remove_home
from tests.support.bundled import CHECKOUT, QUICK, ask, is_alive, leave, server_of, user_process

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


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
