"""Brings a database to the schema of this version: migrations, then the SQL files, in one transaction.

Called by `moorage migrate`, by `serve` in development, and by the tests. When nothing has changed it is one query.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from moorage.domains.availability.zones import RELEASE, load_zone_offsets
from moorage.wiring.pooler import connect
from moorage.wiring.postgres_errors import PostgresError
from moorage.wiring.roles import OWNER
from moorage.wiring.sql_files import PACKAGE, apply_sql_files, drop_sql_objects, sql_files

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

ROOT = PACKAGE.parent
MIGRATIONS = ROOT / "migrations"
# One number per database: whoever migrates holds this advisory lock until the end of the transaction.
_LOCK = 0x6D6F6F72616765  # "moorage"
LOCK_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 300_000

# Tables that no model describes: the bookkeeping of migrations, and the job queue's (its library's own).
_QUEUE_TABLES = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")
NOT_MODELLED = frozenset(("alembic_version", "sql_files", "sql_objects", *_QUEUE_TABLES))

_BOOKKEEPING = """
CREATE TABLE IF NOT EXISTS sql_files (
  path text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS sql_objects (position integer PRIMARY KEY, drop_statement text NOT NULL);
DO $$ BEGIN
  -- Asked first, because CREATE SCHEMA IF NOT EXISTS needs the right to create one even where it exists.
  IF to_regnamespace('sandbox') IS NULL THEN CREATE SCHEMA sandbox; END IF;
END $$;
"""


class MigrationChangedError(PostgresError):
    """A migration that this database has taken has been changed since."""


async def migrate(owner_dsn: str, revision: str = "head") -> bool:
    """Bring the database up (or down) to `revision`. True when something changed, False when all was as it should be.

    Everything or nothing: one transaction, one advisory lock, so that two starts at once are safe. Raises
    MigrationChangedError, and whatever PostgreSQL says of a statement it refuses.
    """
    if revision == "head" and await is_current(owner_dsn):
        return False
    # Imported here because these take a quarter of a second, and most starts have nothing to migrate.
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    async def creator() -> asyncpg.Connection:
        # Handed over whole: SQLAlchemy takes the address apart in another way than asyncpg does.
        return await connect(owner_dsn)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"SET LOCAL ROLE {OWNER}")
        return await _migrate_locked(connection, revision)


async def is_current(owner_dsn: str) -> bool:
    """Whether the database holds this version's schema, in one query."""
    owner = await connect(owner_dsn)
    try:
        async with owner.transaction(readonly=True):
            await owner.execute(f"SET LOCAL ROLE {OWNER}")
            return await _applied(owner) == wanted_files()
    finally:
        await owner.close()


async def _migrate_locked(connection: AsyncConnection, revision: str) -> bool:
    owner = (await connection.get_raw_connection()).driver_connection
    assert isinstance(owner, asyncpg.Connection)  # noqa: S101 - made by connect() above
    await owner.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    await owner.execute(_BOOKKEEPING)
    applied, wanted = await _applied(owner), wanted_files()
    if revision == "head" and applied == wanted:
        return False  # another process was first
    _refuse_changed_migrations(applied, wanted)
    # From here on locks are waited for briefly: whoever waits for one of ours waits behind us.
    await owner.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
    await owner.execute(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
    await drop_sql_objects(owner)
    at_head = await connection.run_sync(_run_alembic, revision)
    if at_head:
        await apply_sql_files(owner)
        await load_zone_offsets(owner)
    await _record(owner, wanted, at_head=at_head)
    return True


def wanted_files() -> dict[str, str]:
    """Return the hash of every file that makes the schema, by its path from the root, and the zone data's release."""
    files = [*sorted((MIGRATIONS / "versions").glob("*.py")), *sql_files()]
    hashes = {path.relative_to(ROOT).as_posix(): _sha256(path) for path in files}
    return {**hashes, "tzdata": RELEASE}


async def _applied(owner: asyncpg.Connection) -> dict[str, str]:
    try:
        return {row["path"]: row["sha256"] for row in await owner.fetch("SELECT path, sha256 FROM sql_files")}
    except asyncpg.UndefinedTableError:
        return {}


def _refuse_changed_migrations(applied: dict[str, str], wanted: dict[str, str]) -> None:
    for path, digest in applied.items():
        if path.endswith(".py") and wanted.get(path) != digest:
            what = "has changed since" if path in wanted else "is gone"
            raise MigrationChangedError(
                f"{path} was applied to this database and {what}: put it back and write a new migration"
                " (a development database without data worth keeping can be removed instead)",
            )


def _run_alembic(connection: Connection, revision: str) -> bool:
    """Run the migrations up or down to `revision` and say whether the database is at the newest one."""
    from alembic import command  # noqa: PLC0415 - see migrate()
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = alembic_config()
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    context = MigrationContext.configure(connection)
    current = context.get_current_revision()
    passed = {step.revision for step in script.iterate_revisions(current, "base")} if current else set()
    down = revision == "base" or (revision != current and revision in passed)
    (command.downgrade if down else command.upgrade)(config, revision)
    return MigrationContext.configure(connection).get_current_revision() == script.get_current_head()


def alembic_config() -> Config:
    """Return Alembic's configuration for our migrations; no file, because there is nothing to choose."""
    from alembic.config import Config  # noqa: PLC0415 - see migrate()

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


async def _record(owner: asyncpg.Connection, wanted: dict[str, str], *, at_head: bool) -> None:
    """Note what the database holds; below the newest migration nothing, so that the next migrate looks again."""
    await owner.execute("DELETE FROM sql_files WHERE NOT $1 OR path <> ALL ($2)", at_head, list(wanted))
    if at_head:
        await owner.executemany(
            """
            INSERT INTO sql_files (path, sha256) VALUES ($1, $2)
            ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()
             WHERE sql_files.sha256 <> excluded.sha256
            """,
            list(wanted.items()),
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
