"""A bundled PostgreSQL with a home of its own, and processes that use it."""

import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg

from moorage.wiring.bundled import guard
from moorage.wiring.bundled.address import ServerAddress, ServerOptions
from moorage.wiring.bundled.place import program

QUICK = ServerOptions(durable=False)
CHECKOUT = Path(__file__).resolve().parents[2]

# A process that uses the server: says which server it got, then holds it until its input ends.
USER = """
import sys
from pathlib import Path
from moorage.wiring.bundled import guard
from moorage.wiring.bundled.starter import start
from moorage.wiring.bundled.address import ServerOptions

home = Path(sys.argv[1])
lease = start(home, ServerOptions(durable=False))
print(guard.postmaster_pid(home / "postgres"), flush=True)
sys.stdin.read()
lease.stop()
"""


def user_process(
    home: Path, *, python: str = sys.executable, account: pwd.struct_passwd | None = None
) -> subprocess.Popen[str]:
    """Start a process that uses the server of a home, by another account where one is named."""
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
    """Have a user let go of its server, and wait for its end."""
    user.stdin.close()
    assert user.wait() == 0


def is_alive(home: Path) -> bool:
    """Whether the server of a home runs."""
    with guard.locked(home / "postgres"):
        return guard.is_alive(home / "postgres")


def stop_what_runs(home: Path) -> None:
    """Stop every server below a home."""
    for directory in home.rglob("address.json"):
        with guard.locked(directory.parent):
            guard.stop(directory.parent)


async def ask(address: ServerAddress, query: str) -> Any:
    """The one value a query answers, as the server's superuser."""
    return await ask_at(address.dsn(), query)


async def ask_at(dsn: str, query: str) -> Any:
    """As `ask`, at an address in words."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()
