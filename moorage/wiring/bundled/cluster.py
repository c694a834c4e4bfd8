"""Creates the bundled server's data and runs it: the programs, their arguments, their account."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from moorage.wiring.bundled import guard
from moorage.wiring.bundled.address import BOOTSTRAP_USER, ServerOptions, bootstrap_password, write_address
from moorage.wiring.bundled.place import MAJOR, Place, settle
from moorage.wiring.postgres_errors import BundledPostgresError

# sizeof(sockaddr_un.sun_path) is 108 on Linux and 104 on macOS; the socket's name takes 21 of it at most.
SOCKET_DIRECTORY_BYTES = 80
START_TIMEOUT_S = 120.0  # a server that was killed under load replays its log first
LOG_LIMIT_BYTES = 16 * 1024 * 1024
LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class _Cluster:
    """What every step needs: the directory of the locks, the place of the files, and two open descriptors."""

    directory: Path
    place: Place
    alive: int  # inherited by the server's processes, see guard.py
    log: int
    options: ServerOptions


def launch(directory: Path, alive: int, options: ServerOptions) -> subprocess.Popen[bytes]:
    """Start the server in `directory` and wait until it takes connections; `lock` and `alive` are held.

    Returns its first process. Raises BundledPostgresError with the end of the log when it does not start.
    """
    log = _open_log(directory)
    try:
        cluster = _Cluster(directory, settle(directory), alive, log, options)
        _initialise(cluster)
        server = _run_server(cluster)
        try:
            _wait_until_ready(cluster, server)
        except BaseException:
            server.kill()
            server.wait()
            raise
        return server
    finally:
        os.close(log)


def _open_log(directory: Path) -> int:
    path = directory / "server.log"
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(directory / "server.log.1")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def _initialise(cluster: _Cluster) -> None:
    """Create the data beside its final place and move it there whole: a crash leaves all of it or none."""
    directory, place = cluster.directory, cluster.place
    data = place.base / "data"
    if (data / "PG_VERSION").exists():
        found = (data / "PG_VERSION").read_text().strip()
        if found != str(MAJOR):
            raise BundledPostgresError(
                f"{data} was made by PostgreSQL {found}, the bundled one is {MAJOR}: dump it with the old one"
            )
        bootstrap_password(directory)
        return
    nursery = place.base / "data.new"
    shutil.rmtree(nursery, ignore_errors=True)
    nursery.mkdir(mode=0o700)
    password_file = nursery / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(bootstrap_password(directory, create=True))
    place.own(password_file)
    place.own(nursery)
    command = [
        *(str(place.programs / "initdb"), "--pgdata", str(nursery / "data"), "--username", BOOTSTRAP_USER),
        *("--pwfile", str(password_file), "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"),
        *([] if cluster.options.durable else ["--no-sync"]),
    ]
    initdb = _spawn(cluster, command)
    try:
        failed = initdb.wait() != 0
    except BaseException:
        initdb.kill()
        raise
    if failed:
        raise BundledPostgresError(f"PostgreSQL could not create its data in {data}:\n{_log_tail(directory)}")
    (nursery / "data").rename(data)
    shutil.rmtree(nursery)


def _run_server(cluster: _Cluster) -> subprocess.Popen[bytes]:
    place, options = cluster.place, cluster.options
    # No process of the server lives (`alive` is ours), so a process id left in the data is a dead one's.
    # PostgreSQL itself would refuse to start where that number belongs to another process by now.
    (place.base / "data" / "postmaster.pid").unlink(missing_ok=True)
    guard.remove_sockets(cluster.directory)
    sockets = _socket_directory(cluster)
    port = 5432 if options.tcp_port is None else options.tcp_port or _free_port()
    write_address(cluster.directory, sockets, port, tcp=options.tcp_port is not None)
    command = [str(place.programs / "postgres"), "-D", str((place.base / "data").resolve())]
    for name, value in _settings(sockets, port, options).items():
        command += ["-c", f"{name}={value}"]
    return _spawn(cluster, command)


def _wait_until_ready(cluster: _Cluster, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not guard.is_ready(cluster.directory):
        if server.poll() is not None or time.monotonic() > deadline:
            log = cluster.directory / "server.log"
            raise BundledPostgresError(f"PostgreSQL did not start. The end of {log}:\n{_log_tail(cluster.directory)}")
        time.sleep(guard.POLL_S)


def _settings(sockets: Path, port: int, options: ServerOptions) -> dict[str, str]:
    settings = {
        "listen_addresses": "" if options.tcp_port is None else "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": str(options.max_connections),
        "shared_buffers": f"{options.shared_buffers_mib}MB",
        "jit": "off",  # our queries are short: compiling them costs more than it saves
        "random_page_cost": "1.1",  # solid-state disks
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_checkpoints": "off",
        "log_lock_waits": "on",
    }
    if not options.durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    return settings


def _socket_directory(cluster: _Cluster) -> Path:
    """A directory that only the server's account can enter; elsewhere if beside the data is too long."""
    place = cluster.place
    beside = place.base / "run"
    # PostgreSQL and its clients split a list of directories at commas, and treat a leading @ as abstract.
    if len(os.fsencode(beside)) <= SOCKET_DIRECTORY_BYTES and re.fullmatch(r"[\w/.+-]+", str(beside), re.ASCII):
        beside.mkdir(mode=0o700, exist_ok=True)
        sockets = beside
    else:
        sockets = _last_outside(cluster) or Path(tempfile.mkdtemp(prefix=guard.OUTSIDE_PREFIX, dir="/tmp"))
    place.own(sockets)
    sockets.chmod(0o700)
    return sockets


def _last_outside(cluster: _Cluster) -> Path | None:
    """The short directory of the last run, so that a server started again is found where it was; only if still ours."""
    last = guard.socket_directory(cluster.directory)
    if last is None or not last.name.startswith(guard.OUTSIDE_PREFIX):
        return None
    account = cluster.place.account
    try:
        found = last.lstat()
    except OSError:
        return None
    ours = found.st_uid == (account.uid if account else os.geteuid())
    return last if ours and stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _spawn(cluster: _Cluster, command: list[str]) -> subprocess.Popen[bytes]:
    """Run a program as the server's account, in its own session (Ctrl-C is ours), without our environment."""
    account = cluster.place.account
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=cluster.log,
        stderr=cluster.log,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        pass_fds=(cluster.alive,),
        start_new_session=True,
        umask=0o077,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def _log_tail(directory: Path) -> str:
    with contextlib.suppress(OSError):
        return "\n".join((directory / "server.log").read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
    return "(no log)"
