"""Databases for tests: one server for a whole run, one migrated template, a fresh copy for each test that asks.

Without TEST_DATABASE_URL the server is the bundled one in a temporary home, shared by all xdist workers and gone with
the last of them, however the run ends. With it, that server is used: its login must be a superuser's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from moorage.wiring.bundled.address import ServerOptions
from moorage.wiring.bundled.starter import Lease, start
from moorage.wiring.database import acting_as, create_database, prepare_bundled
from moorage.wiring.migrate import migrate, wanted_files
from moorage.wiring.postgres import check_version
from moorage.wiring.roles import OWNER, WEB, WORKER, ensure_roles

# Where all processes of one run find the bundled server; set by the first of them (see conftest).
HOME_VARIABLE = "MOORAGE_TEST_HOME"
# Any number; holders make templates.
_TEMPLATE_LOCK = 0x74657374


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """One database of a test, with an address for each role."""

    __test__ = False

    name: str
    owner_dsn: str
    web_dsn: str
    worker_dsn: str
    superuser_dsn: str
    major: int


@contextlib.asynccontextmanager
async def connection_to(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of one's own, while inside."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def asking(web: asyncpg.Connection, user_id: object = None) -> AsyncIterator[asyncpg.Connection]:
    """A transaction in which `user_id`, or nobody, asks; what it changes is undone."""
    transaction = web.transaction()
    await transaction.start()
    await web.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(user_id or ""))
    try:
        yield web
    finally:
        await transaction.rollback()


class TestServer:
    """The server of this run."""

    __test__ = False

    def __init__(self, superuser_dsn: str, lease: Lease | None) -> None:
        self.superuser_dsn = superuser_dsn
        self._lease = lease
        self._template: str | None = None

    @classmethod
    def open(cls) -> TestServer:
        """Connect to TEST_DATABASE_URL, or start or join the bundled server of this run."""
        if url := os.environ.get("TEST_DATABASE_URL"):
            return cls(url, None)
        # The workers' pools add up: each test that runs an application holds some forty connections.
        lease = start(Path(os.environ[HOME_VARIABLE]), ServerOptions(durable=False, max_connections=300))
        return cls(lease.address.dsn(), lease)

    def close(self) -> None:
        """Give the server back."""
        if self._lease is not None:
            self._lease.stop()

    async def clone(self) -> TestDatabase:
        """Return a fresh copy of the migrated template (about 20 ms)."""
        template = await self.template()
        name = f"{template}_{secrets.token_hex(4)}"
        admin = await asyncpg.connect(self.superuser_dsn)
        try:
            await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy OWNER {OWNER}')
            return await self._addresses(name, admin)
        finally:
            await admin.close()

    async def empty(self) -> TestDatabase:
        """Return a new database without any table, for tests of migrations."""
        name = f"moorage_test_empty_{secrets.token_hex(4)}"
        admin = await asyncpg.connect(self.superuser_dsn)
        try:
            await self._see_to_roles(admin)
            await create_database(admin, name)
            return await self._addresses(name, admin)
        finally:
            await admin.close()

    async def drop(self, database: TestDatabase) -> None:
        """Drop a copy, whoever is still connected to it."""
        admin = await asyncpg.connect(self.superuser_dsn)
        try:
            await admin.execute(f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')
        finally:
            await admin.close()

    async def template(self) -> str:
        """Return the name of the migrated template, made by whichever process needs it first."""
        digest = hashlib.sha256(repr(sorted(wanted_files().items())).encode()).hexdigest()[:12]
        name = f"moorage_test_{digest}"
        if self._template == name:
            return name
        admin = await asyncpg.connect(self.superuser_dsn)
        try:
            await self._see_to_roles(admin)
            await admin.execute("SELECT pg_advisory_lock($1)", _TEMPLATE_LOCK)
            # The mark is set last: a run that is killed half-way leaves nothing that looks finished.
            if not await admin.fetchval("SELECT datistemplate FROM pg_database WHERE datname = $1", name):
                await self._make_template(admin, name)
        finally:
            await admin.close()
        self._template = name
        return name

    async def _make_template(self, admin: asyncpg.Connection, name: str) -> None:
        for stale in await admin.fetch("SELECT datname FROM pg_database WHERE datname ~ '^moorage_test_[0-9a-f]{12}$'"):
            await admin.execute(f'ALTER DATABASE "{stale["datname"]}" IS_TEMPLATE false')
            await admin.execute(f'DROP DATABASE "{stale["datname"]}" WITH (FORCE)')
        await create_database(admin, name)
        await migrate((await self._addresses(name, admin)).owner_dsn)
        await admin.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE true')

    async def _see_to_roles(self, admin: asyncpg.Connection) -> None:
        if self._lease is None:
            await ensure_roles(admin)
        else:
            await prepare_bundled(self._lease.address, "postgres")

    async def _addresses(self, name: str, admin: asyncpg.Connection) -> TestDatabase:
        major = await check_version(admin)
        superuser_dsn = in_database(name, self.superuser_dsn)
        if self._lease is None:
            logins = {role: acting_as(role, superuser_dsn) for role in (OWNER, WEB, WORKER)}
        else:
            logins = {role: self._lease.address.role_dsn(name, role) for role in (OWNER, WEB, WORKER)}
        return TestDatabase(name, logins[OWNER], logins[WEB], logins[WORKER], superuser_dsn, major)


def in_database(name: str, dsn: str) -> str:
    """`dsn` for another database of the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{quote(name, safe='')}"))
