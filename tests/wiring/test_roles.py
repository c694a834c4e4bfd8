"""Who may do what in the database: four roles, created once, of which those that serve own nothing."""

import asyncio

import asyncpg
import pytest
from pydantic import SecretStr

from moorage.wiring.database import DatabaseAddresses, acting_as, plain, prepare_other
from moorage.wiring.house import open_settings_database
from moorage.wiring.postgres import PostgresError
from moorage.wiring.production import refuse_unsafe
from moorage.wiring.roles import ALL, ENGINE, OWNER, WEB, WORKER
from moorage.wiring.secrets import UnsafeSettingsError
from tests.support.databases import in_database


async def test_the_serving_roles_are_plain(superuser):
    rows = await superuser.fetch(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS special"
        " FROM pg_roles WHERE rolname = ANY($1)",
        list(ALL),
    )
    assert [row["special"] for row in rows] == [False] * 4


async def test_the_serving_roles_own_nothing(superuser):
    owned = await superuser.fetch(
        "SELECT oid::regclass::text AS thing FROM pg_class WHERE relowner = ANY(ARRAY[$1, $2]::regrole[])"
        " UNION ALL SELECT oid::regprocedure::text FROM pg_proc WHERE proowner = ANY(ARRAY[$1, $2]::regrole[])",
        WEB,
        WORKER,
    )
    assert owned == []


async def test_the_serving_roles_cannot_become_another(superuser):
    for role in (WEB, WORKER):
        for other in {*ALL} - {role}:
            assert not await superuser.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", role, other), (role, other)


async def test_each_address_acts_as_its_role(database):
    for dsn, role in ((database.owner_dsn, OWNER), (database.web_dsn, WEB), (database.worker_dsn, WORKER)):
        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("SELECT current_user") == role
        await connection.close()


async def test_the_serving_roles_cannot_create_tables(database):
    for dsn in (database.web_dsn, database.worker_dsn):
        connection = await asyncpg.connect(dsn)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE public.mine (a int)")
        await connection.close()


async def test_the_engine_cannot_log_in(superuser):
    assert await superuser.fetchval("SELECT NOT rolcanlogin FROM pg_roles WHERE rolname = $1", ENGINE)


async def test_another_servers_login_acts_as_the_roles(database, superuser):
    await superuser.execute("DROP ROLE IF EXISTS some_login")
    await superuser.execute("CREATE ROLE some_login LOGIN CREATEROLE PASSWORD 'made up'")
    name = f"{database.name}_other"
    await superuser.execute(f'CREATE DATABASE "{name}" OWNER some_login')
    try:
        dsn = login_as("some_login", "made up", in_database(name, database.superuser_dsn))
        await grant_roles(superuser, "some_login")
        addresses = await asyncio.gather(prepare_other(dsn), prepare_other(dsn))
        assert addresses[0] == addresses[1]
        connection = await asyncpg.connect(addresses[0].web_dsn)
        assert await connection.fetchrow("SELECT current_user, session_user") == (WEB, "some_login")
        await connection.close()
    finally:
        await superuser.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await superuser.execute("DROP ROLE some_login")


async def test_a_login_that_may_not_set_up_roles_is_told_what_to_run(database, superuser):
    await superuser.execute("DROP ROLE IF EXISTS a_guest")
    await superuser.execute("CREATE ROLE a_guest LOGIN PASSWORD 'made up'")
    try:
        with pytest.raises(PostgresError, match=f"GRANT {OWNER}, {WEB}, {WORKER}"):
            await prepare_other(login_as("a_guest", "made up", database.superuser_dsn))
    finally:
        await superuser.execute("DROP ROLE a_guest")


async def test_production_does_not_start_on_a_database_that_was_never_migrated(server, superuser, settings):
    await superuser.execute("DROP ROLE IF EXISTS a_server")
    await superuser.execute(f"CREATE ROLE a_server LOGIN PASSWORD 'made up' IN ROLE {WEB}, {WORKER}")
    empty = await server.empty()
    try:
        login = login_as("a_server", "made up", empty.superuser_dsn)
        serving = acting_as(WEB, login), acting_as(WORKER, login)
        addresses = DatabaseAddresses(empty.owner_dsn, *serving, None, empty.major)
        with pytest.raises(UnsafeSettingsError, match="moorage migrate"):
            await refuse_unsafe(settings.model_copy(update={"environment": "production"}), addresses)
    finally:
        await server.drop(empty)
        await superuser.execute("DROP ROLE a_server")


async def test_a_server_that_lets_nobody_in_is_told_in_a_sentence_without_its_password(database, settings):
    superuser = database.superuser_dsn
    for url, said in (
        ("postgresql://a:hidden@127.0.0.1:1/b", "does not let us in"),
        (in_database("nothing_here", superuser), "nothing_here"),
        ("mysql://a:hidden@127.0.0.1/b", "cannot be read"),
        ("postgresql://a:hid:den@127.0.0.1:not/b", "cannot be read"),
    ):
        with pytest.raises(PostgresError, match=said) as refusal:
            await open_settings_database(settings.model_copy(update={"database_url": SecretStr(url)}))
        assert "hid" not in str(refusal.value)


async def grant_roles(superuser: asyncpg.Connection, login: str) -> None:
    """What an administrator does once for a login that did not create the roles itself."""
    with_admin = "WITH ADMIN OPTION"
    await superuser.execute(f"GRANT {', '.join(ALL)} TO {login} {with_admin}")


def login_as(user: str, password: str, dsn: str) -> str:
    scheme, rest = dsn.split("://", 1)
    return f"{scheme}://{user}:{password.replace(' ', '%20')}@{rest.split('@', 1)[1]}"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("postgresql+asyncpg://a:b@c:6543/d", "postgresql://a:b@c:6543/d"),
        ("postgres://a@c/d?ssl=require&pgbouncer=true", "postgresql://a@c/d?sslmode=require"),
        ("postgresql://a:p%40ss@[::1]/d?host=/run/x", "postgresql://a:p%40ss@[::1]/d?host=%2Frun%2Fx"),
    ],
)
def test_an_address_may_be_written_as_other_programs_write_it(written, meant):
    assert plain(written) == meant


def test_an_address_names_its_role_once():
    assert acting_as(WEB, acting_as(OWNER, "postgresql://a@b/c?ssl=disable")) == (
        f"postgresql://a@b/c?ssl=disable&role={WEB}"
    )
