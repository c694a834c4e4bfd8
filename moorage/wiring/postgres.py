"""The PostgreSQL server that everything runs on: the one DATABASE_URL names, or the bundled one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg

from moorage.wiring.bundled.address import ServerAddress, ServerOptions
from moorage.wiring.bundled.starter import Lease, start
from moorage.wiring.postgres_errors import BundledPostgresError, PostgresError, UnsupportedPostgresError

__all__ = [
    "BundledPostgresError",
    "Lease",
    "PostgresError",
    "ServerAddress",
    "ServerOptions",
    "UnsupportedPostgresError",
    "check_version",
    "ensure_postgres",
]

OLDEST_MAJOR = 15


async def ensure_postgres(home: Path, options: ServerOptions | None = None) -> Lease:
    """Start or join the bundled server of `home` (`starter.start`), off the event loop."""
    return await asyncio.to_thread(start, home, options)


async def check_version(connection: asyncpg.Connection) -> int:
    """Return the server's major version; raise UnsupportedPostgresError below 15."""
    number = int(await connection.fetchval("show server_version_num"))
    major = number // 10_000
    if major < OLDEST_MAJOR:
        raise UnsupportedPostgresError(
            f"the server of DATABASE_URL is PostgreSQL {major}; Moorage needs {OLDEST_MAJOR} or later"
        )
    return major
