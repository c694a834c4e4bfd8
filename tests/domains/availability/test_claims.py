"""Claims: an overlap is impossible, whoever asks at once; a claim changes state, it is never written anew."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from asyncpg import Range

from moorage.kernel.ids import uuid7
from tests.builders import make_hours, make_practitioner
from tests.domains.availability.conftest import utc

CLAIM = "SELECT claim_time($1, $2, $3, $4, $5, $6, NULL)"
AHEAD = timedelta(minutes=15)
TEN, ELEVEN, NOON = utc("2030-06-03T10:00"), utc("2030-06-03T11:00"), utc("2030-06-03T12:00")


async def hold(db, resource_no: int, begins: datetime, ends: datetime, booking=None) -> bool:
    return await db.fetchval(
        CLAIM, uuid7(), resource_no, Range(begins, ends), "hold", datetime.now(UTC) + AHEAD, booking or uuid7()
    )


@pytest.fixture
async def resource(owner) -> int:
    practitioner = await make_practitioner(owner)
    await make_hours(owner, practitioner)
    return practitioner.resource_no


async def active(db) -> list[tuple[datetime, str]]:
    rows = await db.fetch("SELECT lower(during) AS begins, kind FROM claims WHERE active ORDER BY 1")
    return [(row["begins"], row["kind"]) for row in rows]


@pytest.mark.parametrize("has_lock", [True, False])
async def test_of_many_overlapping_claims_at_once_exactly_one_wins_and_nobody_deadlocks(database, resource, has_lock):
    pool = await asyncpg.create_pool(database.superuser_dsn, min_size=10, max_size=10)
    barrier = asyncio.Barrier(10)

    async def one(number: int) -> bool:
        async with pool.acquire() as db, db.transaction():
            await barrier.wait()
            if has_lock:
                await db.execute("SELECT pg_advisory_xact_lock($1)", resource)
            begins = TEN + timedelta(minutes=5 * number)
            return await hold(db, resource, begins, begins + timedelta(hours=1))

    for _ in range(5):
        assert sorted(await asyncio.gather(*(one(number) for number in range(10)))) == [False] * 9 + [True]
        await pool.execute("DELETE FROM claims")
    await pool.close()


async def test_the_constraint_stands_whatever_the_code_above_does(superuser, resource):
    assert await hold(superuser, resource, TEN, ELEVEN)
    with pytest.raises(asyncpg.ExclusionViolationError):
        await superuser.execute(
            "INSERT INTO claims (id, resource_no, during, kind) VALUES ($1, $2, $3, 'booking')",
            uuid7(),
            resource,
            Range(ELEVEN - timedelta(microseconds=1), NOON),
        )
    await superuser.execute(
        "INSERT INTO claims (id, resource_no, during, kind) VALUES ($1, $2, $3, 'booking')",
        uuid7(), resource + 1, Range(TEN, NOON),
    )  # fmt: skip


async def test_a_hold_is_confirmed_and_released_as_the_same_row(superuser, resource):
    booking = uuid7()
    assert await hold(superuser, resource, TEN, ELEVEN, booking)
    claim = await superuser.fetchval("SELECT id FROM claims")
    assert await superuser.fetchval("SELECT confirm_claim($1)", booking)
    assert await active(superuser) == [(TEN, "booking")]
    await superuser.execute("SELECT release_claim($1)", booking)
    assert await active(superuser) == []
    assert not await superuser.fetchval("SELECT confirm_claim($1)", booking)
    assert await superuser.fetchval("SELECT reclaim($1)", booking)
    assert await active(superuser) == [(TEN, "booking")]
    assert await superuser.fetch("SELECT id FROM claims") == [(claim,)]


async def test_a_move_that_fails_leaves_the_original_and_a_move_that_works_frees_the_old_time(superuser, resource):
    mine, theirs = uuid7(), uuid7()
    assert await hold(superuser, resource, TEN, ELEVEN, mine)
    assert await hold(superuser, resource, ELEVEN, NOON, theirs)
    move = "SELECT move_claim($1, $2)"
    assert not await superuser.fetchval(move, mine, Range(ELEVEN - timedelta(minutes=30), NOON))
    assert await active(superuser) == [(TEN, "hold"), (ELEVEN, "hold")]
    assert await superuser.fetchval(move, mine, Range(TEN - timedelta(minutes=30), ELEVEN - timedelta(minutes=30)))
    assert await hold(superuser, resource, ELEVEN - timedelta(minutes=30), ELEVEN)
    assert not await superuser.fetchval(move, uuid7(), Range(TEN, ELEVEN))


async def test_the_old_time_of_a_move_is_free_only_after_commit(database, superuser, resource):
    mine = uuid7()
    assert await hold(superuser, resource, TEN, ELEVEN, mine)
    other = await asyncpg.connect(database.superuser_dsn)
    moving = superuser.transaction()
    await moving.start()
    assert await superuser.fetchval("SELECT move_claim($1, $2)", mine, Range(ELEVEN, NOON))
    waiting = asyncio.create_task(hold(other, resource, TEN, ELEVEN))
    done, _ = await asyncio.wait({waiting}, timeout=0.1)
    assert not done  # it cannot know yet
    await moving.commit()
    assert await waiting
    await other.close()


async def test_paying_late_claims_the_time_again_unless_somebody_has_it(superuser, resource):
    late, quick = uuid7(), uuid7()
    assert await hold(superuser, resource, TEN, ELEVEN, late)
    await superuser.execute("UPDATE claims SET expires_at = now() - interval '1 second'")
    assert await superuser.fetchval("SELECT free_expired_claims($1)", resource) == 1
    assert await hold(superuser, resource, TEN, ELEVEN, quick)
    assert not await superuser.fetchval("SELECT reclaim($1)", late)
    await superuser.execute("SELECT release_claim($1)", quick)
    assert await superuser.fetchval("SELECT reclaim($1)", late)
    assert await active(superuser) == [(TEN, "booking")]


async def test_a_hold_is_extended_while_it_lasts(superuser, resource):
    booking, later = uuid7(), datetime.now(UTC) + timedelta(minutes=30)
    assert await hold(superuser, resource, TEN, ELEVEN, booking)
    assert await superuser.fetchval("SELECT extend_claim($1, $2)", booking, later)
    assert await superuser.fetchval("SELECT expires_at FROM claims") == later
    await superuser.execute("UPDATE claims SET expires_at = now() - interval '1 second'")
    assert not await superuser.fetchval("SELECT extend_claim($1, $2)", booking, later)
