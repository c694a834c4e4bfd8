"""Watches over one bundled server: stops it when its last user is gone, however that one died.

Standard library only, and no import of Moorage: the starter runs this file by its path, in a process of its
own that costs a few milliseconds to start. Everything is decided by locks that the kernel releases at a
process's death, so a `kill -9` needs no clean-up and a recycled process id fools nobody. In the server's
directory:

    lock    exclusive: whoever starts or stops the server
    users   shared: held by each process that uses the server for as long as it lives
    alive   exclusive: inherited by the server and all its children, so held until the last of them is gone
    guard   exclusive: held by the one guard
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

POLL_S = 0.01
FAST_STOP_S = 30.0
IMMEDIATE_STOP_S = 10.0
# Where the path beside the data is too long for a socket, it lies in a directory of this name and random letters.
OUTSIDE_PREFIX = "moorage-"
# Line numbers of postmaster.pid, counted from zero (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*).
_PID_LINE, _STATUS_LINE = 0, 7


def main(directory: Path) -> None:
    """Wait until nobody uses the server in `directory`, stop it, and leave. A second guard leaves at once."""
    guard = take(directory / "guard", fcntl.LOCK_EX | fcntl.LOCK_NB)
    if guard is None:
        return
    while True:
        wait_until_unused(directory)
        with locked(directory):
            if stop_if_unused(directory):
                os.close(guard)  # before `lock` is free: the next start must see that it needs a new guard
                return


def wait_until_unused(directory: Path) -> None:
    """Block until no process holds `users`, in the kernel and without polling."""
    users = take(directory / "users", fcntl.LOCK_EX)
    if users is not None:
        os.close(users)


def stop_if_unused(directory: Path) -> bool:
    """Stop the server unless somebody uses it; call with `lock` held. True when no server runs afterwards."""
    users = take(directory / "users", fcntl.LOCK_EX | fcntl.LOCK_NB)
    if users is None:
        return False
    try:
        stop(directory)
        return True
    finally:
        os.close(users)


def stop(directory: Path) -> None:
    """Stop the server in `directory`: roll back what is open and write all data; harder only if it hangs."""
    for signum, patience_s in (
        (signal.SIGINT, FAST_STOP_S),
        (signal.SIGQUIT, IMMEDIATE_STOP_S),
        (signal.SIGKILL, IMMEDIATE_STOP_S),
    ):
        if not is_alive(directory):
            break
        pid = postmaster_pid(directory)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)
        wait_until_dead(directory, patience_s)
    remove_sockets(directory)
    _remove_outside_socket_directory(directory)


def remove_sockets(directory: Path) -> None:
    """Remove what a server that is dead left where it listened: the next one would take it for a living one's."""
    sockets = socket_directory(directory)
    if sockets is not None:
        for left in sockets.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)


def socket_directory(directory: Path) -> Path | None:
    """Return where the server listened last."""
    try:
        return Path(json.loads((directory / "address.json").read_text())["socket_directory"])
    except (OSError, ValueError, KeyError):
        return None


def _remove_outside_socket_directory(directory: Path) -> None:
    sockets = socket_directory(directory)
    if sockets is not None and sockets.name.startswith(OUTSIDE_PREFIX):
        with contextlib.suppress(OSError):
            sockets.rmdir()


def wait_until_dead(directory: Path, patience_s: float) -> bool:
    """Wait for the last process of the server to be gone; False when `patience_s` seconds were not enough."""
    deadline = time.monotonic() + patience_s
    while is_alive(directory):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def is_alive(directory: Path) -> bool:
    """Whether any process of the server in `directory` lives; call with `lock` held."""
    probe = take(directory / "alive", fcntl.LOCK_EX | fcntl.LOCK_NB)
    if probe is None:
        return True
    os.close(probe)
    return False


def is_ready(directory: Path) -> bool:
    """Whether a living server says that it takes connections."""
    lines = _pid_file(directory)
    return (
        len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready" and postmaster_pid(directory) is not None
    )


def postmaster_pid(directory: Path) -> int | None:
    """Return the process id of the server's first process, or None when that process is gone."""
    lines = _pid_file(directory)
    if not lines or not lines[_PID_LINE].strip().isdigit():
        return None
    pid = int(lines[_PID_LINE])
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        # Without /proc (macOS) the file is believed: it is only read while `alive` is held.
        return None if Path("/proc/self/cmdline").exists() else pid
    # A process that was killed and not yet waited for has an empty command line; another program has another
    # one.
    return pid if os.fsencode((directory / "data").resolve()) in command else None


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold `lock`: nobody else starts or stops the server meanwhile."""
    lock = take(directory / "lock", fcntl.LOCK_EX)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def take(path: Path, how: int) -> int | None:
    """Open `path` and lock it; the lock lives as long as the descriptor. None when somebody else has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _pid_file(directory: Path) -> list[str]:
    try:
        return (directory / "data" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    main(Path(sys.argv[1]))
