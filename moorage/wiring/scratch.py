"""A bundled server of its own in a temporary directory: for tests, benchmarks and writing migrations."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from moorage.wiring.bundled.address import ServerOptions
from moorage.wiring.bundled.guard import take
from moorage.wiring.bundled.place import is_outside
from moorage.wiring.bundled.starter import Lease, start

_PREFIX = "moorage-home-"
# Where there is room in memory a copy of a database takes 20 ms, on a slow disk 400.
_MEMORY = Path("/dev/shm")  # noqa: S108 - a new directory in it, closed to others
_ROOM_BYTES = 2 * 1024**3
_SETTLING_S = 60.0


@contextlib.contextmanager
def scratch_server(options: ServerOptions | None = None) -> Iterator[Lease]:
    """Run a server that nobody else uses and that leaves nothing behind; not durable unless `options` say so."""
    options = options or ServerOptions(durable=False)
    home = scratch_home(in_memory=not options.durable)
    try:
        lease = start(home, options)
        try:
            yield lease
        finally:
            lease.stop()
    finally:
        remove_home(home)


def scratch_home(*, in_memory: bool = True) -> Path:
    """Make a temporary home that the server's account can pass through, so that the data stays inside.

    It is ours for as long as this process lives; what a killed process left behind is removed by the next call.
    """
    parent = _MEMORY if in_memory and _has_room(_MEMORY) else Path(tempfile.gettempdir())
    for place in (_MEMORY, Path(tempfile.gettempdir())):
        for old in place.glob(f"{_PREFIX}*"):
            _remove_if_abandoned(old)
    home = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    if os.geteuid() == 0:
        home.chmod(0o711)
    take(home / "in-use", fcntl.LOCK_SH)  # never closed: the process's death releases it
    return home


def remove_home(home: Path) -> None:
    """Remove a home whose server has stopped, and its data where that lies outside."""
    data = home / "postgres" / "data"
    if data.is_symlink() and is_outside(data.readlink()):
        shutil.rmtree(data.readlink().parent, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _has_room(directory: Path) -> bool:
    return os.access(directory, os.W_OK) and shutil.disk_usage(directory).free > _ROOM_BYTES


def _remove_if_abandoned(home: Path) -> None:
    with contextlib.suppress(OSError):  # another user's, or gone in this moment
        if time.time() - home.stat().st_mtime < _SETTLING_S:
            return
        in_use = take(home / "in-use", fcntl.LOCK_EX | fcntl.LOCK_NB)
        if in_use is not None:
            os.close(in_use)
            remove_home(home)
