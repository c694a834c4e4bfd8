"""A bundled server of its own in a temporary directory: for tests, benchmarks and writing migrations."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from moorage.wiring.bundled_postgres import Lease, start
from moorage.wiring.postgres_address import ServerOptions
from moorage.wiring.postgres_place import is_outside


@contextlib.contextmanager
def scratch_server(options: ServerOptions | None = None) -> Iterator[Lease]:
    """Run a server that nobody else uses and that leaves nothing behind; not durable unless `options` say so."""
    home = scratch_home()
    try:
        lease = start(home, options or ServerOptions(durable=False))
        try:
            yield lease
        finally:
            lease.stop()
    finally:
        remove_home(home)


def scratch_home() -> Path:
    """Make a temporary home that the server's account can pass through, so that the data stays inside."""
    home = Path(tempfile.mkdtemp(prefix="moorage-home-"))
    if os.geteuid() == 0:
        home.chmod(0o711)
    return home


def remove_home(home: Path) -> None:
    """Remove a home whose server has stopped, and its data where that lies outside."""
    data = home / "postgres" / "data"
    if data.is_symlink() and is_outside(data.readlink()):
        shutil.rmtree(data.readlink().parent, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
