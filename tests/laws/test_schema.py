"""The schema is what the models say, what the migrations make, and what the repository shows."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from migrations.revise import whole_metadata
from migrations.snapshot import SNAPSHOT, dumped_schema, only_tables
from moorage.wiring.migrate import NOT_MODELLED, MigrationChangedError, alembic_config, migrate
from moorage.wiring.sql_files import PACKAGE, drop_sql_objects, sql_files
from tests.support.databases import TestDatabase, TestServer
from tests.support.rows import one_row_each


@pytest_asyncio.fixture
async def empty(server: TestServer) -> AsyncIterator[TestDatabase]:
    """A database without any table."""
    fresh = await server.empty()
    yield fresh
    await server.drop(fresh)


async def test_models_and_migrated_schema_agree(database, superuser, empty):
    await create_from_models(empty.owner_dsn)
    async with superuser.transaction():
        await drop_sql_objects(superuser)
        await superuser.execute(f"DROP TABLE {', '.join(NOT_MODELLED)}")
        await superuser.execute("DROP FUNCTION fn_pgqueuer_changed; DROP TYPE pgqueuer_status")
    migrated = dumped_schema(database.superuser_dsn, "--no-privileges")
    modelled = dumped_schema(empty.superuser_dsn, "--no-privileges")
    assert only_tables(migrated) == only_tables(modelled)


async def test_the_snapshot_of_the_schema_is_current(database):
    if database.major != 18:
        pytest.skip("the snapshot is of PostgreSQL 18")
    assert SNAPSHOT.read_text() == dumped_schema(database.superuser_dsn), "run `make schema`"


async def test_migrations_run_down_and_up_with_data_inside(database, superuser):
    await one_row_each(superuser, whole_metadata().sorted_tables)
    before = dumped_schema(database.superuser_dsn)
    script = ScriptDirectory.from_config(alembic_config())
    steps = list(script.walk_revisions())
    for step in steps:
        below = step.down_revision or "base"
        await migrate(database.owner_dsn, below)
        await migrate(database.owner_dsn, step.revision)
        await migrate(database.owner_dsn, below)
    assert await tables(superuser) <= NOT_MODELLED
    assert await migrate(database.owner_dsn)
    assert dumped_schema(database.superuser_dsn) == before


async def test_four_migrations_at_once_do_the_work_once(empty):
    did = await asyncio.gather(*(migrate(empty.owner_dsn) for _ in range(4)))
    assert sorted(did) == [False, False, False, True]


async def test_a_failed_migration_leaves_nothing_behind(empty, monkeypatch):
    broken = PACKAGE.parent / "tests" / "support" / "broken.sql"
    monkeypatch.setattr("moorage.wiring.sql_files.sql_files", lambda: [broken])
    with pytest.raises(asyncpg.PostgresSyntaxError) as failure:
        await migrate(empty.owner_dsn)
    assert failure.value.__notes__ == ["in tests/support/broken.sql, line 2"]
    connection = await asyncpg.connect(empty.superuser_dsn)
    assert await tables(connection) == set()
    await connection.close()


async def test_a_changed_sql_file_leaves_nothing_of_what_it_said_before(database, owner, superuser):
    before = dumped_schema(database.superuser_dsn)
    path = sql_files()[0].relative_to(PACKAGE.parent).as_posix()
    await owner.execute("UPDATE sql_files SET sha256 = 'an older one' WHERE path = $1", path)
    await owner.execute("CREATE FUNCTION long_gone() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    await owner.execute("INSERT INTO sql_objects VALUES (-1, 'DROP ROUTINE IF EXISTS public.long_gone()')")
    await owner.execute("GRANT DELETE ON users TO moorage_web")
    assert await migrate(database.owner_dsn)
    assert dumped_schema(database.superuser_dsn) == before


async def test_a_migration_changed_after_it_was_applied_is_refused(database, owner):
    await owner.execute("UPDATE sql_files SET sha256 = 'another' WHERE path LIKE '%/0001_%'")
    with pytest.raises(MigrationChangedError, match="0001_"):
        await migrate(database.owner_dsn)


def test_every_sql_file_of_the_package_is_applied():
    assert set(sql_files()) == set(PACKAGE.rglob("*.sql"))


async def create_from_models(owner_dsn: str) -> None:
    connection = await asyncpg.connect(owner_dsn)
    dialect = postgresql.dialect()
    for schema in {table.schema for table in whole_metadata().sorted_tables} - {None}:
        await connection.execute(f"CREATE SCHEMA {schema}")
    for table in whole_metadata().sorted_tables:
        await connection.execute(str(CreateTable(table).compile(dialect=dialect)))
        for index in table.indexes:
            await connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
    await connection.close()


async def tables(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    return {row["relname"] for row in rows}
