"""Through a pooler that gives each transaction to any of its sessions and drops what they were to start with, all works
as without: a transaction says itself who acts and who asks, and leaves nothing behind.
"""

import asyncio
import contextlib
import re
import subprocess
import sys
from dataclasses import dataclass

import asyncpg
import pytest
import pytest_asyncio

from moorage.journeys.audit_books import audit
from moorage.kernel.db import ANONYMOUS, SYSTEM, Actor
from moorage.kernel.errors import UnavailableError
from moorage.kernel.jobs import enqueue
from moorage.kernel.pooled import PooledDatabase
from moorage.wiring import worker as worker_module
from moorage.wiring.database import prepare_other
from moorage.wiring.house import connect_database, make_house
from moorage.wiring.migrate import is_current, migrate
from moorage.wiring.pooler import keeps_sessions
from moorage.wiring.roles import OWNER, WEB, WORKER
from moorage.wiring.worker import work
from moorage.wiring.worker_connections import LEADER_LOCK, charge_of_chores
from tests.builders import make_user
from tests.builders.money import make_payment
from tests.laws.running.house import ROOT, RunningHouse
from tests.support.pooler import SESSIONS, Pooler, pooling
from tests.support.worker import until
from tests.wiring.test_roles import login_as

WHO = "SELECT current_user, current_setting('statement_timeout'), current_setting('jit'), session_user"
WHOSE = "SELECT array_agg(payer_id) FROM payments"


@dataclass
class Way:
    """A pooler in front of a test's database, with a login that serves and one that migrates."""

    pooler: Pooler
    serve: str
    migrate: str


@contextlib.asynccontextmanager
async def way_to(database):
    superuser = await asyncpg.connect(database.superuser_dsn)
    serve, owner = f"{database.name}_serve", f"{database.name}_migrate"
    for login, roles in ((serve, f"{WEB}, {WORKER}"), (owner, f"{OWNER}, {WEB}, {WORKER}")):
        await superuser.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'made up'")
        await superuser.execute(f"GRANT {roles} TO {login}")
    async with pooling(
        {login: login_as(login, "made up", database.superuser_dsn) for login in (serve, owner)}
    ) as pooler:
        yield Way(pooler, pooler.dsn(serve), pooler.dsn(owner))
    await superuser.execute(f"DROP ROLE {serve}; DROP ROLE {owner}")
    await superuser.close()


@pytest_asyncio.fixture
async def way(database):
    async with way_to(database) as way:
        yield way


@pytest_asyncio.fixture
async def pooled(way, settings):
    """The Database through the pooler, as `serve` opens it."""
    opened = await connect_database(settings, await prepare_other(way.serve, way.migrate))
    yield opened
    await opened.close()


async def test_a_pooler_is_seen_by_what_it_drops(database, way, server):
    assert await keeps_sessions(database.worker_dsn, WORKER)
    assert not await keeps_sessions(way.serve, WORKER)
    assert way.pooler.dropped == {"role", "statement_timeout"}
    through, straight = await prepare_other(way.serve, way.migrate), await prepare_other(database.superuser_dsn)
    assert (through.pooled, straight.pooled) == (True, False)
    assert (await prepare_other(way.serve, way.migrate, pooled=False)).web_dsn != way.serve


async def test_each_transaction_acts_as_its_role_within_its_limits(pooled):
    assert isinstance(pooled, PooledDatabase)
    for actor, role in ((Actor(), WEB), (SYSTEM, WORKER)):
        for begun in (pooled.transaction, pooled.reading, pooled.hot):
            async with begun(actor) as db:
                row = await db.fetchrow(WHO)
            assert tuple(row)[:3] == (role, "10s", "off")
            assert row["session_user"] not in {WEB, WORKER}


async def test_each_sees_their_own_however_transactions_take_turns(pooled, superuser):
    payers = [await make_user(superuser) for _ in range(3)]
    worker = await superuser.fetchval("SELECT current_user")
    await superuser.execute(f"SET ROLE {WORKER}")
    for payer in payers:
        await make_payment(superuser, payer=payer)
    await superuser.execute(f"SET ROLE {worker}")

    async def look(actor):
        async with pooled.transaction(actor) as db:
            first = await db.fetchval(WHOSE)
            async with db.transaction():  # a savepoint
                await asyncio.sleep(0)
                assert await db.fetchval(WHOSE) == first
        return first

    async def look_without_claims():
        async with pooled.hot(ANONYMOUS) as db:
            return await db.fetchval(WHOSE)

    for _ in range(3):
        seen = await asyncio.gather(*(look(Actor(payer)) for payer in payers), look(ANONYMOUS), look_without_claims())
        assert seen == [*([payer] for payer in payers), None, None]


async def test_the_books_are_audited_as_of_one_moment(pooled, settings, superuser):
    # The sandbox, which has no part in this, is not served here.
    found = await audit(make_house(settings, pooled))
    assert [one for one in found if one.check != "provider_can_be_asked"] == []
    async with pooled.reading(SYSTEM, at_one_moment=True) as db:
        before = await db.fetchval("SELECT count(*) FROM users")
        await make_user(superuser)
        assert await db.fetchval("SELECT count(*) FROM users") == before


async def test_nothing_is_left_in_the_sessions_of_the_pooler(pooled, way):
    async with pooled.transaction(SYSTEM) as db:
        _ = [row async for row in db.cursor("SELECT n FROM generate_series(1, $1::int) AS n", 200)]
        await db.executemany("SELECT $1::uuid", [(None,), (None,)])
        await db.fetchval("SELECT 'queued'::pgqueuer_status")  # a type that has to be asked for
    with contextlib.suppress(asyncpg.DivisionByZeroError):
        async with pooled.transaction(Actor()) as db:
            await db.fetch("SELECT 1 / 0")
    client = await asyncpg.connect(way.serve, statement_cache_size=0)
    for _ in range(2 * SESSIONS):
        row = await client.fetchrow(
            "SELECT current_user = session_user, (SELECT count(*) FROM pg_prepared_statements WHERE name <> ''),"
            " coalesce(current_setting('request.jwt.claims', true), ''),"
            " ARRAY(SELECT name FROM pg_settings WHERE source = 'session')"
        )
        assert tuple(row) == (True, 0, "", [])
    await client.close()


async def test_a_pooler_that_is_full_is_a_database_that_is_away(pooled, way):
    way.pooler.full = True
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(pooled.hot(SYSTEM))  # opened at the start
        with pytest.raises(UnavailableError):
            await stack.enter_async_context(pooled.hot(SYSTEM))


async def test_migrations_run_up_and_down_through_a_pooler(server):
    empty = await server.empty()
    try:
        async with way_to(empty) as way:
            assert await migrate(way.migrate)
            assert await is_current(way.migrate)
            await migrate(way.migrate, "base")
            assert not await is_current(way.migrate)
    finally:
        await server.drop(empty)


async def test_a_worker_through_a_pooler_runs_what_is_queued(pooled, way, settings, monkeypatch):
    ran = []

    async def note(_, payload):
        if not ran:
            ran.append("stumbled")
            raise RuntimeError
        ran.append(payload["n"])

    monkeypatch.setattr(worker_module, "jobs", lambda: [("note", note)])
    monkeypatch.setattr(worker_module, "periodic", lambda *_: [])
    patient = settings.model_copy(update={"worker_poll_s": 3600})
    house = make_house(patient, pooled)
    working = asyncio.create_task(work(patient, house, way.serve))
    for n in range(3):  # as another process would: nobody here rings
        async with pooled.transaction(SYSTEM) as db:
            await enqueue(db, "note", {"n": n})
    await until(lambda: _has_run(ran))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def _has_run(ran):
    return {0, 1, 2} <= set(ran)


async def test_one_worker_is_in_charge_of_the_chores_through_a_pooler_or_not(pooled, way, superuser):
    async with charge_of_chores(pooled, way.serve, asyncio.Event()) as connection:
        role, pid = await connection.fetchrow("SELECT current_user, pg_backend_pid()")
        assert role == WORKER
        assert not await superuser.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK)
        await connection.execute("SELECT 1")  # as it does every second
        held = "SELECT backend_xmin, backend_xid FROM pg_stat_activity WHERE pid = $1"
        assert tuple(await superuser.fetchrow(held, pid)) == (None, None)
    await until(lambda: superuser.fetchval("SELECT pg_try_advisory_lock($1)", LEADER_LOCK))


async def test_a_client_signs_up_books_and_pays_through_a_pooler(way, tmp_path):
    house = RunningHouse(tmp_path, {"DATABASE_URL": way.serve, "DATABASE_OWNER_URL": way.migrate})
    try:
        await asyncio.to_thread(house.start)
        script = [sys.executable, ROOT / "examples" / "marketplace.py", "--demo", tmp_path / "demo.json"]
        done = await asyncio.to_thread(subprocess.run, script, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "cancelled and refunded" in done.stdout
        assert "worker_interrupted" not in house.output_tail(100_000)
        assert way.pooler.transactions > 100
    finally:
        await asyncio.to_thread(house.stop)


# What ends with a session instead of a transaction, or must come before what each transaction begins with.
_OF_SESSIONS = re.compile(
    r"\b(SET (ROLE|SESSION) |SET TRANSACTION |LISTEN \w+\b|pg_(try_)?advisory_(un)?lock\(|CREATE TEMP)"
    r"|set_config\([^()]*, false\)|\.add_listener\("
)
_WHERE_SESSIONS_ARE_KEPT = {"moorage/wiring/worker_connections.py"}


def test_nothing_else_counts_on_keeping_its_session():
    sources = [path for ending in ("py", "sql") for path in (ROOT / "moorage").rglob(f"*.{ending}")]
    found = {str(path.relative_to(ROOT)) for path in sources if _OF_SESSIONS.search(path.read_text())}
    assert found == _WHERE_SESSIONS_ARE_KEPT
