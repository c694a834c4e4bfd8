"""Starts the bundled PostgreSQL, shares it between processes, and stops it with the last of them.

`start(home)` returns a lease. Everything lies in `home/postgres`: the data, the log, the password of the
bootstrap account, and the locks that `guard` explains. The server takes passwords only, on a socket
that no other user can open, and on 127.0.0.1 when a port is asked for.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from moorage.wiring.bundled import guard
from moorage.wiring.bundled.address import ServerAddress, ServerOptions, read_address, socket_path
from moorage.wiring.bundled.cluster import START_TIMEOUT_S, launch
from moorage.wiring.postgres_errors import BundledPostgresError

# "May we speak TLS?": the smallest question that a server's child answers (PostgreSQL manual, "SSLRequest").
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_ANSWER_TIMEOUT_S = 1.0
# Servers and guards that this process started. They may outlive it; stop() waits for those that have ended.
_children: list[subprocess.Popen[bytes]] = []


class Lease:
    """One process's use of the bundled server; it ends with `stop()` or with the process."""

    def __init__(self, directory: Path, address: ServerAddress, options: ServerOptions, users: int) -> None:
        self.address = address
        self.directory = directory
        # Started again, it listens where it did: addresses that were handed out stay good.
        self._options = replace(options, tcp_port=address.port if address.tcp else None)
        self._users: int | None = users

    def is_running(self) -> bool:
        """Whether the server lives and takes connections; reads two small files."""
        return guard.is_ready(self.directory)

    def revive(self) -> None:
        """Start the server again where it has died under its users. Raises BundledPostgresError when it does not."""
        with guard.locked(self.directory):
            if self._users is not None and not _join(self.directory):
                _launch(self.directory, self._options)

    def stop(self) -> None:
        """Give the server back; the last one to do so stops it and returns when it has stopped."""
        if self._users is None:
            return
        os.close(self._users)
        self._users = None
        with guard.locked(self.directory):
            guard.stop_if_unused(self.directory)
        _children[:] = [child for child in _children if child.poll() is None]


def start(home: Path, options: ServerOptions | None = None) -> Lease:
    """Start the bundled server in `home`, or join the one that runs there. Blocks until it takes connections.

    A server that is joined keeps the options it was started with. Raises BundledPostgresError when none comes up.
    """
    options = options or ServerOptions()
    directory = _directory(home)
    with guard.locked(directory):
        users = guard.take(directory / "users", fcntl.LOCK_SH)
        assert users is not None  # noqa: S101 - a blocking lock is had or raises
        try:
            if not _join(directory):
                _launch(directory, options)
            _guard(directory)
            return Lease(directory, read_address(directory, options), options, users)
        except BaseException:
            os.close(users)
            guard.stop_if_unused(directory)
            raise


def _directory(home: Path) -> Path:
    directory = home.resolve() / "postgres"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # The server's own account only has to get through to what it owns inside.
        directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
        os.close(os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600))
    except PermissionError as error:
        raise BundledPostgresError(
            f"{directory} belongs to another user ({error.strerror}): run as that user, or set MOORAGE_HOME"
        ) from error
    return directory


def _join(directory: Path) -> bool:
    """True when a server is ready here, False when there is none; waits for one that is on its way."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while guard.is_alive(directory):
        if guard.is_ready(directory) and _answers(directory):
            return True
        if time.monotonic() > deadline:
            raise BundledPostgresError(
                f"the server in {directory} neither becomes ready nor stops: see {directory / 'server.log'}"
            )
        time.sleep(guard.POLL_S)
    return False


def _answers(directory: Path) -> bool:
    """Whether the server answers: one that was killed a moment ago still looks alive until the kernel gets to it."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_ANSWER_TIMEOUT_S)
            connection.connect(socket_path(directory))
            connection.sendall(_SSL_REQUEST)
            return connection.recv(1) != b""
    except OSError:
        return False


def _launch(directory: Path, options: ServerOptions) -> None:
    alive = guard.take(directory / "alive", fcntl.LOCK_EX | fcntl.LOCK_NB)
    if alive is None:
        raise BundledPostgresError(f"a server has started in {directory} behind our back")
    try:
        _children.append(launch(directory, alive, options))
    finally:
        os.close(alive)  # the server has inherited it


def _guard(directory: Path) -> None:
    """Start the guard unless one watches already."""
    probe = guard.take(directory / "guard", fcntl.LOCK_EX | fcntl.LOCK_NB)
    if probe is None:
        return
    os.close(probe)
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, str(directory)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        start_new_session=True,
    )
    _children.append(watcher)
