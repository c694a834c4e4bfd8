"""Money for tests: postings and payments by the product's own SQL functions, and reading what the books say."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from moorage.kernel.db import Connection
from moorage.kernel.ids import uuid7

POST = "SELECT post($1, $2, $3, $4, $5, $6, $7, $8)"


async def post(db: Connection, lines: Mapping[str, int], *, cause: str | None = None, currency: str = "USD") -> bool:
    """Post `lines` (account: debit positive, credit negative); False when the cause was posted before."""
    done: bool = await db.fetchval(
        POST, uuid7(), "test", "test", uuid7(), cause or f"test:{uuid7()}", currency, list(lines), list(lines.values())
    )
    return done


async def balance(db: Connection, code: str, currency: str = "USD") -> int:
    """An account's balance as people read it; 0 where there is none."""
    return await db.fetchval("SELECT account_balance($1, $2)", code, currency) or 0


async def books_sum_to_zero(db: Connection) -> bool:
    """Whether all balances of each currency cancel out, and equal the sums of their entries."""
    broken = await db.fetch(
        """
        SELECT a.currency FROM ledger_accounts a JOIN ledger_balances b ON b.account_no = a.no
         GROUP BY 1 HAVING sum(b.balance_minor) <> 0
        UNION ALL
        SELECT a.code FROM ledger_accounts a
         WHERE (SELECT coalesce(sum(balance_minor), 0) FROM ledger_balances WHERE account_no = a.no)
            <> (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries WHERE account_no = a.no)
        """
    )
    return not broken


async def make_payment(
    db: Connection,
    amount: int = 10_000,
    *,
    status: str = "succeeded",
    purpose: str = "booking_full",
    purpose_id: UUID | None = None,
    payer: UUID | None = None,
    currency: str = "USD",
    provider: str = "sandbox",
) -> UUID:
    """A payment opened by `open_payment` and, unless `status` is pending, told that status by its provider.
    What it is for is told nothing: that is `settle_payment`'s part of the story."""
    payment_id = uuid7()
    await db.execute(
        "SELECT open_payment($1, $2, $3, $4, $5, $6, $7, $8)",
        payment_id,
        uuid7(),
        purpose,
        purpose_id or uuid7(),
        payer,
        amount,
        currency,
        provider,
    )
    if status != "pending":
        await tell(db, payment_id, status)
    return payment_id


async def tell(db: Connection, payment_id: UUID, status: str, **facts: Any) -> str:
    """What `record_payment_status` answers to a provider's `status`."""
    outcome: str = await db.fetchval(
        "SELECT record_payment_status($1, $2, 'test', $3, $4, $5)",
        payment_id,
        status,
        facts.get("reference"),
        facts.get("method"),
        facts.get("failure"),
    )
    return outcome


async def payment(db: Connection, payment_id: UUID) -> asyncpg.Record:
    """The payment's row."""
    row = await db.fetchrow("SELECT * FROM payments WHERE id = $1", payment_id)
    assert row is not None
    return row


async def earn(
    db: Connection,
    payment_id: UUID,
    practitioner_id: UUID,
    *,
    booking_id: UUID | None = None,
    bps: int = 1500,
    is_house: bool = False,
) -> UUID:
    """Record what a payment earned, commission by the cumulative rounding; answers the booking's id."""
    booking_id = booking_id or uuid7()
    row = await payment(db, payment_id)
    await db.execute(
        "SELECT record_earning($1, $2, $3, $4, NULL, $5, $6, $7)",
        booking_id,
        payment_id,
        practitioner_id,
        row["amount_minor"],
        bps,
        row["currency"],
        is_house,
    )
    return booking_id


async def refund(db: Connection, payment_id: UUID, amount: int) -> UUID:
    """Plan a refund; answers its id."""
    refund_id = uuid7()
    await db.execute("SELECT plan_refund($1, $2, $3, $4, 'test')", refund_id, uuid7(), payment_id, amount)
    return refund_id


@asynccontextmanager
async def many_connections(dsn: str, count: int) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    """A pool in which `count` connections are open already, so that what starts together runs together."""
    pool = await asyncpg.create_pool(dsn, min_size=count, max_size=count)
    try:
        yield pool
    finally:
        await pool.close()


async def at_once(pool: "asyncpg.Pool[asyncpg.Record]", sql: str, calls: list[tuple[Any, ...]]) -> list[Any]:
    """Run one statement with each of `calls`' arguments, as many at once as the pool has connections; answers the
    values, and the refusals' codes (as `refused:code`) in their places."""

    async def one(arguments: tuple[Any, ...]) -> Any:
        try:
            return await pool.fetchval(sql, *arguments)
        except asyncpg.PostgresError as error:
            if error.sqlstate != "MO000":
                raise
            return f"refused:{error.args[0]}"

    return list(await asyncio.gather(*(one(arguments) for arguments in calls)))
