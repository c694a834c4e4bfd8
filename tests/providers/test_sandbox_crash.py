"""The sandbox's books are whole whatever dies in the middle: database sessions here, whole processes in the laws."""

import asyncio
import contextlib
import itertools

import asyncpg
import pytest_asyncio

from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.kernel.ids import uuid7
from tests.support.sandbox import Town

# What must never be found: (what is wrong, the rows that show it).
BREAKS = {
    "a paid intent without its charge, or the other way round": """
        SELECT i.id FROM sandbox.intents i
          FULL JOIN (SELECT * FROM sandbox.charges WHERE status = 'succeeded') c ON c.intent_id = i.id
         WHERE (i.status = 'paid') IS DISTINCT FROM (c.id IS NOT NULL)""",
    "a charge that was not told, or told twice": """
        SELECT c.id FROM sandbox.charges c
          LEFT JOIN sandbox.events e ON e.subject = c.intent_id AND e.event_type = 'intent.succeeded'
         GROUP BY c.id HAVING count(e.id) <> 1""",
    "an event without its webhook": """
        SELECT e.id FROM sandbox.events e
          LEFT JOIN sandbox.deliveries d ON d.event_id = e.id WHERE d.no IS NULL""",
    "a charge whose refunds are not its sum": """
        SELECT c.id FROM sandbox.charges c LEFT JOIN sandbox.refunds r ON r.charge_id = c.id
         GROUP BY c.id HAVING coalesce(sum(r.amount_minor) FILTER (WHERE r.status = 'succeeded'), 0) <> c.refunded_minor
             OR coalesce(sum(r.amount_minor) FILTER (WHERE r.status = 'pending'), 0) <> c.refund_pending_minor""",
    "a key without its answer": "SELECT key FROM sandbox.idempotency_keys WHERE status IS NULL",
}


@pytest_asyncio.fixture
async def killer(session_database):
    """Ends a random busy session of the worker's, thirty times."""
    connection = await asyncpg.connect(session_database.superuser_dsn)

    async def kill() -> None:
        killed = 0
        while killed < 30:
            killed += await connection.fetchval(
                """
                SELECT count(pg_terminate_backend(pid)) FROM (
                  SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'
                     AND application_name = 'moorage_worker' ORDER BY random() LIMIT 1) AS unlucky
                """
            )
            await asyncio.sleep(0.05)

    yield kill
    await connection.close()


async def test_sessions_that_die_at_any_moment_leave_whole_books(town: Town, killer, session_database):
    async def buy_and_refund() -> int:
        """How many answers were lost."""
        asked, mine = town.request(1_000), str(uuid7())
        made, lost_one = await insisting(lambda: town.gateway.create(asked, key=f"create-{mine}"))
        _, lost_two = await insisting(
            lambda: town.gateway.confirm(made.reference, payment_method="pm_card_visa", key=f"confirm-{mine}")
        )
        refund_id = uuid7()
        refund = {"refund_id": refund_id, "amount_minor": 400, "currency": "GBP", "key": f"refund-{mine}"}
        _, lost_three = await insisting(lambda: town.gateway.refund(made.reference, **refund))
        return lost_one + lost_two + lost_three

    killing = asyncio.create_task(killer())
    lost_answers = sum(await asyncio.gather(*(buy_and_refund() for _ in range(20))))
    killing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await killing
    assert lost_answers > 0
    records = [one async for one in town.gateway.records()]
    assert sorted(one.kind for one in records) == ["charge"] * 20 + ["refund"] * 20
    assert await breaks(session_database.superuser_dsn) == {}


async def insisting(call):
    """Ask again, with the same key, until there is an answer: (the answer, how many were lost before it)."""
    async with asyncio.timeout(60):
        for lost in itertools.count():
            try:
                return await call(), lost
            except OutcomeUnknownError:
                await asyncio.sleep(0.05)
    raise AssertionError  # the loop has no end but an answer, or the time's


async def breaks(superuser_dsn: str) -> dict[str, list]:
    connection = await asyncpg.connect(superuser_dsn)
    found = {name: [tuple(row) for row in await connection.fetch(query)] for name, query in BREAKS.items()}
    await connection.close()
    return {name: rows for name, rows in found.items() if rows}
