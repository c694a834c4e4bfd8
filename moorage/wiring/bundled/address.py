"""Where the bundled server listens, how it was asked to run, and its bootstrap account's password."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from moorage.wiring.postgres_errors import BundledPostgresError

BOOTSTRAP_USER = "moorage_bootstrap"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the bundled server runs. `durable=False` is for tests: a crash of the machine may lose all."""

    tcp_port: int | None = None  # None: socket only; 0: any free port of 127.0.0.1
    max_connections: int = 200
    shared_buffers_mib: int = 128
    durable: bool = True


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a running server listens, and the password of its bootstrap superuser."""

    socket_directory: str
    port: int
    tcp: bool
    password: str

    def dsn(self, database: str = "postgres", user: str = BOOTSTRAP_USER, password: str | None = None) -> str:
        """Return an address over the socket; the bootstrap superuser's unless told otherwise."""
        return self._dsn(
            "", f"?host={quote(self.socket_directory, safe='')}&port={self.port}", database, user, password
        )

    def role_dsn(self, database: str, role: str) -> str:
        """Return an address over the socket that logs in as one of Moorage's roles."""
        return self.dsn(database, role, self.role_password(role))

    def role_password(self, role: str) -> str:
        """Derive a role's password from the bootstrap account's: one secret is kept, and none can be lost alone."""
        return hmac.new(self.password.encode(), role.encode(), hashlib.sha256).hexdigest()

    def tcp_dsn(self, database: str = "postgres", user: str = BOOTSTRAP_USER, password: str | None = None) -> str:
        """Return a `postgresql://` address over 127.0.0.1; only for a server started with a TCP port."""
        return self._dsn(f"127.0.0.1:{self.port}", "", database, user, password)

    def _dsn(self, host: str, query: str, database: str, user: str, password: str | None) -> str:
        secret = self.password if password is None else password
        login = f"{quote(user, safe='')}:{quote(secret, safe='')}"
        return f"postgresql://{login}@{host}/{quote(database, safe='')}{query}"


@dataclass(frozen=True, slots=True)
class _Listening:
    socket_directory: str
    port: int
    tcp: bool


def write_address(directory: Path, sockets: Path, port: int, *, tcp: bool) -> None:
    """Record where the server in `directory` is about to listen, for those who join it."""
    fresh = directory / "address.json.new"
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(asdict(_Listening(str(sockets), port, tcp))))
    fresh.rename(directory / "address.json")


def socket_path(directory: Path) -> str:
    """Return the path of the socket that the server in `directory` listens on."""
    listening = _Listening(**json.loads((directory / "address.json").read_text()))
    return f"{listening.socket_directory}/.s.PGSQL.{listening.port}"


def read_address(directory: Path, options: ServerOptions) -> ServerAddress:
    """Return where the server listens; BundledPostgresError when that is not what `options` ask for."""
    listening = _Listening(**json.loads((directory / "address.json").read_text()))
    if options.tcp_port is not None and not (listening.tcp and options.tcp_port in {0, listening.port}):
        where = f"on port {listening.port}" if listening.tcp else "without TCP"
        raise BundledPostgresError(
            f"the server in {directory} already runs {where}: stop what uses it, then start again"
        )
    return ServerAddress(listening.socket_directory, listening.port, listening.tcp, bootstrap_password(directory))


def bootstrap_password(directory: Path, *, create: bool = False) -> str:
    """Return the bootstrap account's password, making one up first for data that is about to be created."""
    path = directory / "password"
    try:
        return path.read_text()
    except FileNotFoundError:
        if not create:
            raise BundledPostgresError(
                f"{path} is missing: restore it, or remove {directory} to begin anew without its data"
            ) from None
    secret = secrets.token_urlsafe(32)
    fresh = directory / "password.new"
    fresh.touch(mode=0o600)
    fresh.write_text(secret)
    fresh.rename(path)
    return secret
