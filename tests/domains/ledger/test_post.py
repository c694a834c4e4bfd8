"""Posting: balanced, once per cause, exact under concurrency, never below zero where guarded."""

import asyncpg
import pytest

from moorage.kernel.ids import uuid7
from tests.builders.money import POST, at_once, balance, books_sum_to_zero, many_connections, post


async def test_a_posting_moves_both_balances_and_says_what_they_are(worker):
    user = uuid7()
    assert await post(worker, {"clearing:sandbox": 10_000, f"credit:{user}": -10_000})
    assert await balance(worker, "clearing:sandbox") == 10_000
    assert await balance(worker, f"credit:{user}") == 10_000
    after = await worker.fetch("SELECT amount_minor, balance_after_minor FROM ledger_entries ORDER BY line")
    assert [tuple(row) for row in after] == [(10_000, None), (-10_000, -10_000)]


async def test_the_same_cause_posts_once(worker):
    lines = {"clearing:sandbox": 500, "held:bookings": -500}
    assert await post(worker, lines, cause="payment:1")
    assert not await post(worker, lines, cause="payment:1")
    assert await balance(worker, "held:bookings") == 500


async def test_the_same_cause_fifty_times_at_once_posts_once(worker, database):
    calls = [
        (uuid7(), "test", "test", uuid7(), "one", "USD", ["clearing:sandbox", "held:bookings"], [7, -7])
        for _ in range(50)
    ]
    async with many_connections(database.worker_dsn, 10) as pool:
        assert sorted(await at_once(pool, POST, calls)) == [False] * 49 + [True]
    assert await balance(worker, "held:bookings") == 7


@pytest.mark.parametrize("lines", [{"clearing:sandbox": 1, "held:bookings": -2}, {"clearing:sandbox": 0}, {"bank": 5}])
async def test_what_does_not_sum_to_zero_is_refused(worker, lines):
    with pytest.raises(asyncpg.PostgresError, match="unbalanced_transaction"):
        await post(worker, lines)


async def test_an_unknown_account_is_refused(worker):
    with pytest.raises(asyncpg.PostgresError, match="unknown_account"):
        await post(worker, {"clearing:sandbox": 1, "somewhere": -1})


async def test_currencies_do_not_mix(worker):
    await post(worker, {"clearing:sandbox": 100, "held:bookings": -100})
    await post(worker, {"clearing:sandbox": 7, "held:bookings": -7}, currency="JPY")
    assert await balance(worker, "held:bookings") == 100
    assert await balance(worker, "held:bookings", "JPY") == 7


async def test_case_23_five_hundred_credits_at_once_are_exact(worker, database):
    account = f"credit:{uuid7()}"
    calls = [
        (uuid7(), "test", "test", uuid7(), f"credit:{n}", "USD", ["promotions", account], [100, -100])
        for n in range(500)
    ]
    async with many_connections(database.worker_dsn, 16) as pool:
        assert await at_once(pool, POST, calls) == [True] * 500
    assert await balance(worker, account) == 50_000
    assert await books_sum_to_zero(worker)


async def test_case_23_two_hundred_withdrawals_of_100_from_10000_let_exactly_100_through(worker, database):
    account = f"credit:{uuid7()}"
    await post(worker, {"promotions": 10_000, account: -10_000})
    calls = [
        (uuid7(), "test", "test", uuid7(), f"spend:{n}", "USD", [account, "held:bookings"], [100, -100])
        for n in range(200)
    ]
    async with many_connections(database.worker_dsn, 16) as pool:
        outcomes = await at_once(pool, POST, calls)
    assert outcomes.count(True) == 100
    assert outcomes.count("refused:insufficient_balance") == 100
    assert await balance(worker, account) == 0
    assert await books_sum_to_zero(worker)


async def test_case_25_spending_credit_while_it_expires_has_one_winner(worker, database):
    accounts = [f"credit:{uuid7()}" for _ in range(30)]
    for account in accounts:
        await post(worker, {"promotions": 700, account: -700})
    calls = [
        (uuid7(), "test", "test", uuid7(), f"{goal}:{account}", "USD", [account, goal], [700, -700])
        for account in accounts
        for goal in ("held:bookings", "breakage")
    ]
    async with many_connections(database.worker_dsn, 12) as pool:
        outcomes = await at_once(pool, POST, calls)
    for spent, expired in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert {spent, expired} == {True, "refused:insufficient_balance"}
    assert [await balance(worker, account) for account in accounts] == [0] * 30
    assert await books_sum_to_zero(worker)


async def test_postings_that_name_accounts_in_opposite_order_do_not_deadlock(worker, database):
    one, two = f"earnings_pending:{uuid7()}", f"earnings_pending:{uuid7()}"
    calls = [
        (uuid7(), "test", "test", uuid7(), f"swap:{n}", "USD", [one, two] if n % 2 else [two, one], [1, -1])
        for n in range(300)
    ]
    async with many_connections(database.worker_dsn, 12) as pool:
        assert await at_once(pool, POST, calls) == [True] * 300
    assert await balance(worker, one) == 0


async def test_a_reversal_posts_the_opposite_once_and_leaves_the_first(worker):
    await post(worker, {"clearing:sandbox": 300, "held:bookings": -300}, cause="mistake")
    first = await worker.fetchval("SELECT id FROM ledger_transactions WHERE cause = 'mistake'")
    reverse = "SELECT reverse_transaction($1, $2, 'correction')"
    assert await worker.fetchval(reverse, uuid7(), first)
    assert not await worker.fetchval(reverse, uuid7(), first)
    assert await balance(worker, "held:bookings") == 0
    assert await worker.fetchval("SELECT count(*) FROM ledger_transactions") == 2
    assert await worker.fetchval("SELECT reverses_id FROM ledger_transactions WHERE cause = 'correction'") == first
