"""Opens the database that everything runs on: server, database, roles. The one place that knows where it comes from."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from moorage.wiring.bundled.address import ServerAddress, ServerOptions
from moorage.wiring.bundled.starter import Lease
from moorage.wiring.pooler import connect, keeps_sessions
from moorage.wiring.postgres import check_version, ensure_postgres
from moorage.wiring.postgres_errors import BundledPostgresError
from moorage.wiring.roles import LOGINS, OWNER, WEB, WORKER, ensure_roles

DATABASE = "moorage"
WATCH_S = 1.0
_OF_DRIVERS = frozenset(
    {
        "pgbouncer",
        "prepared_statement_cache_size",
        "statement_cache_size",
        "async_fallback",
        "connection_limit",
        "schema",
    }
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DatabaseAddresses:
    """One address for each role. Where all share a login, the address says which role its sessions act as; not behind a
    pooler (`pooled`), where each transaction says it.
    """

    owner_dsn: str
    web_dsn: str
    worker_dsn: str
    # The bundled server's own superuser: for bootstrap, benchmarks and tests, never for the product.
    superuser_dsn: str | None
    major: int  # PostgreSQL's major version
    pooled: bool = False


class OpenDatabase:
    """A database that is ready to be migrated. Where it is the bundled one it is kept running until `close()`."""

    def __init__(self, addresses: DatabaseAddresses, lease: Lease | None) -> None:
        self.addresses = addresses
        self.lease = lease
        self._keeper = asyncio.create_task(_keep_running(lease)) if lease is not None else None

    async def close(self) -> None:
        """Give the bundled server back; the last one to do so stops it."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self.lease is not None:
            await asyncio.to_thread(self.lease.stop)


async def _keep_running(lease: Lease) -> None:
    """Start the bundled server again when it dies: nobody else would."""
    while True:
        await asyncio.sleep(WATCH_S)
        if lease.is_running():
            continue
        _log.warning("the bundled PostgreSQL is gone and is started again")
        try:
            await asyncio.to_thread(lease.revive)
        except BundledPostgresError:
            _log.exception("the bundled PostgreSQL did not start again")


async def open_database(
    home: Path,
    database_url: str | None = None,
    owner_url: str | None = None,
    options: ServerOptions | None = None,
    *,
    pooled: bool | None = None,
) -> OpenDatabase:
    """Open the database of `database_url`, or the bundled one in `home`, and see to the roles.

    `owner_url` is the login that migrates where that is not `database_url`'s; `pooled` says whether a pooler stands in
    front of `database_url` (None: look). Raises PostgresError with what to do.
    """
    if database_url is not None:
        owner_url = plain(owner_url) if owner_url else None
        return OpenDatabase(await prepare_other(plain(database_url), owner_url, pooled=pooled), None)
    lease = await ensure_postgres(home, options)
    try:
        return OpenDatabase(await prepare_bundled(lease.address, DATABASE), lease)
    except BaseException:
        await asyncio.to_thread(lease.stop)
        raise


async def prepare_bundled(server: ServerAddress, name: str) -> DatabaseAddresses:
    """Make the database `name` on the bundled server unless it exists, with logins of its own for each role."""
    passwords = {role: server.role_password(role) for role in LOGINS}
    admin = await asyncpg.connect(server.dsn("postgres"))
    try:
        major = await check_version(admin)
        await ensure_roles(admin, passwords)
        await create_database(admin, name)
    finally:
        await admin.close()
    return DatabaseAddresses(
        owner_dsn=server.role_dsn(name, OWNER),
        web_dsn=server.role_dsn(name, WEB),
        worker_dsn=server.role_dsn(name, WORKER),
        superuser_dsn=server.dsn(name),
        major=major,
    )


async def create_database(admin: asyncpg.Connection, name: str) -> None:
    """Create the database `name`, owned by the owner role, unless it exists or is being created elsewhere."""
    if await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
        return
    try:
        await admin.execute(f"CREATE DATABASE {_quoted(name)} OWNER {OWNER}")
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        return


async def prepare_other(
    database_url: str, owner_url: str | None = None, *, pooled: bool | None = None
) -> DatabaseAddresses:
    """Check the server behind `database_url` and see to the roles that its login acts as."""
    admin = await connect(owner_url or database_url)
    try:
        major = await check_version(admin)
        await ensure_roles(admin)
    finally:
        await admin.close()
    if pooled is None:
        pooled = not await keeps_sessions(database_url, WORKER)
    return DatabaseAddresses(
        owner_dsn=owner_url or database_url,
        web_dsn=database_url if pooled else acting_as(WEB, database_url),
        worker_dsn=database_url if pooled else acting_as(WORKER, database_url),
        superuser_dsn=None,
        major=major,
        pooled=pooled,
    )


def plain(url: str) -> str:
    """An address as PostgreSQL itself knows them: as other programs write it, with a driver's name or its options
    (`postgresql+asyncpg://…?ssl=require`, `pgbouncer=true`), it means the same.
    """
    parts = urlsplit(url)
    query = [
        ("sslmode" if name == "ssl" else name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in _OF_DRIVERS
    ]
    scheme = "postgresql" if parts.scheme.split("+")[0] in ("postgres", "postgresql") else parts.scheme
    return urlunsplit(parts._replace(scheme=scheme, query=urlencode(query, quote_via=quote)))


def acting_as(role: str, dsn: str) -> str:
    """Return `dsn` with every session of it acting as `role` (asyncpg sends what it does not know as a setting)."""
    parts = urlsplit(dsn)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "role"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("role", role)], quote_via=quote)))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
