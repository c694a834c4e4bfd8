"""Refunds: never more than is left, whoever asks at once; posted when planned, put back when they fail."""

import asyncpg
import pytest

from moorage.kernel.ids import uuid7
from tests.builders.money import at_once, balance, books_sum_to_zero, make_payment, many_connections, payment, refund

PLAN = "SELECT plan_refund($1, $2, $3, $4, 'test')"


async def test_case_15_a_refund_of_more_than_is_left_is_refused_with_what_is_left(worker):
    paid = await make_payment(worker, 10_000)
    await refund(worker, paid, 7_000)
    with pytest.raises(asyncpg.PostgresError, match="refund_exceeds_payment") as refusal:
        await refund(worker, paid, 3_001)
    assert refusal.value.detail == "30.00 USD is left to refund."
    assert await worker.fetchval("SELECT count(*) FROM provider_operations WHERE kind = 'refund'") == 1


async def test_case_15_of_150_refunds_of_100_at_once_exactly_100_succeed(worker, database):
    paid = await make_payment(worker, 10_000)
    async with many_connections(database.worker_dsn, 16) as pool:
        outcomes = await at_once(pool, PLAN, [(uuid7(), uuid7(), paid, 100) for _ in range(150)])
    assert outcomes.count("refused:refund_exceeds_payment") == 50
    assert await worker.fetchval("SELECT count(*) FROM refunds") == 100
    assert await balance(worker, "held:bookings") == 0
    assert await books_sum_to_zero(worker)


async def test_case_16_a_refund_that_fails_is_available_again_and_both_postings_stay(worker):
    paid = await make_payment(worker, 10_000)
    planned = await refund(worker, paid, 4_000)
    assert (await payment(worker, paid))["refund_pending_minor"] == 4_000
    assert await balance(worker, "held:bookings") == 6_000
    assert await worker.fetchval("SELECT record_refund($1, false, 're_1', 'expired_card')", planned) == "moved"
    assert await worker.fetchval("SELECT record_refund($1, false, 're_1', 'expired_card')", planned) == "repeated"
    row = await payment(worker, paid)
    assert (row["refund_pending_minor"], row["refunded_minor"], row["status"]) == (0, 0, "succeeded")
    assert await balance(worker, "held:bookings") == 10_000
    kinds = await worker.fetch("SELECT kind FROM ledger_transactions ORDER BY posted_at")
    assert [row["kind"] for row in kinds] == ["payment", "refund", "refund_reversed"]
    await refund(worker, paid, 10_000)


async def test_refunds_that_succeed_move_the_payment_and_a_late_failure_moves_it_back(worker):
    paid = await make_payment(worker, 10_000)
    first, second = await refund(worker, paid, 4_000), await refund(worker, paid, 6_000)
    seen = []
    for planned, succeeded in ((first, True), (second, True), (second, False)):
        await worker.execute("SELECT record_refund($1, $2)", planned, succeeded)
        row = await payment(worker, paid)
        seen.append((row["status"], row["refunded_minor"]))
    assert seen == [("partially_refunded", 4_000), ("refunded", 10_000), ("partially_refunded", 4_000)]
    assert await worker.fetchval("SELECT record_refund($1, true)", second) == "impossible"
    assert await books_sum_to_zero(worker)


async def test_what_was_not_collected_cannot_be_refunded(worker):
    for status in ("pending", "processing", "failed", "canceled"):
        unpaid = await make_payment(worker, status=status)
        with pytest.raises(asyncpg.PostgresError, match="not_refundable"):
            await refund(worker, unpaid, 1)


async def test_case_17_a_refund_from_the_providers_dashboard_is_recorded_once(worker):
    paid = await make_payment(worker, 10_000)
    record = "SELECT record_external_refund($1, $2, 2500, 're_dashboard')"
    recorded = await worker.fetchval(record, uuid7(), paid)
    assert await worker.fetchval(record, uuid7(), paid) is None
    await worker.execute("SELECT record_refund($1, true)", recorded)
    assert await worker.fetchval("SELECT origin FROM refunds") == "external"
    assert await balance(worker, "held:bookings") == 7_500
    assert (await payment(worker, paid))["status"] == "partially_refunded"
