"""The state table: every move of money.md, and what late, repeated and impossible events do."""

import itertools
from typing import get_args

import asyncpg
import pytest

from moorage.domains.payments.states import PaymentStatus
from moorage.kernel.ids import uuid7
from tests.builders.money import at_once, balance, make_payment, many_connections, payment, tell

STATUSES = get_args(PaymentStatus)
FORWARD = ("pending", "requires_action", "processing", "succeeded")
AFTER_SUCCESS = ("succeeded", "partially_refunded", "refunded", "disputed", "charged_back")


def expected(now: str, told: str) -> str:
    """money.md's table in other words than the SQL's."""
    if now == told or (told == "succeeded" and now in AFTER_SUCCESS):
        return "repeated"
    if now in AFTER_SUCCESS or told in AFTER_SUCCESS[1:]:
        return "impossible"
    if told == "succeeded":
        return "moved"  # money arrived: honoured also after failed and canceled
    if now == "canceled" or (now == "processing" and told == "pending"):
        return "impossible"
    return "moved"


async def test_every_pair_of_states_moves_as_the_table_says(worker):
    moves = {
        (row["a"], row["b"]): row["outcome"]
        for row in await worker.fetch(
            "SELECT a, b, payment_move(a, b) AS outcome FROM unnest($1::text[]) a, unnest($1::text[]) b", list(STATUSES)
        )
    }
    assert moves == {pair: expected(*pair) for pair in itertools.product(STATUSES, repeat=2)}


async def test_success_posts_once_and_every_change_leaves_an_audit_row(worker):
    paid = await make_payment(worker, 10_000, status="pending")
    assert [await tell(worker, paid, status) for status in ("processing", "succeeded", "succeeded")] == [
        "moved",
        "moved",
        "repeated",
    ]
    assert await balance(worker, "held:bookings") == 10_000
    audit = await worker.fetch(
        "SELECT old_status, new_status FROM payment_audit WHERE payment_id = $1 ORDER BY no", paid
    )
    assert [tuple(row) for row in audit] == [(None, "pending"), ("pending", "processing"), ("processing", "succeeded")]


async def test_case_3_a_late_word_after_capture_changes_nothing(worker):
    paid = await make_payment(worker)
    for late in ("pending", "requires_action", "processing", "failed", "canceled"):
        assert await tell(worker, paid, late) == "impossible"
    assert (await payment(worker, paid))["status"] == "succeeded"


async def test_case_3_failed_and_then_captured_is_captured_once(worker):
    paid = await make_payment(worker, status="failed")
    assert await tell(worker, paid, "processing") == "moved"
    assert await tell(worker, paid, "succeeded") == "moved"
    assert await tell(worker, paid, "succeeded") == "repeated"
    assert await balance(worker, "clearing:sandbox") == 10_000


async def test_money_that_arrives_after_canceling_is_honoured(worker):
    paid = await make_payment(worker, status="canceled")
    assert await tell(worker, paid, "succeeded") == "moved"
    assert await balance(worker, "held:bookings") == 10_000


async def test_the_same_success_fifty_times_at_once_posts_once(worker, database):
    paid = await make_payment(worker, status="pending")
    async with many_connections(database.worker_dsn, 12) as pool:
        outcomes = await at_once(pool, "SELECT record_payment_status($1, 'succeeded', 'test')", [(paid,)] * 50)
    assert sorted(outcomes) == ["moved"] + ["repeated"] * 49
    assert await balance(worker, "clearing:sandbox") == 10_000


async def test_a_failure_keeps_its_code_until_the_next_try(worker):
    paid = await make_payment(worker, status="pending")
    await tell(worker, paid, "failed", failure="card_declined")
    assert (await payment(worker, paid))["failure_code"] == "card_declined"
    await tell(worker, paid, "succeeded", method="visa")
    row = await payment(worker, paid)
    assert (row["failure_code"], row["payment_method"], row["status"]) == (None, "visa", "succeeded")


async def test_the_audit_of_payments_is_append_only(worker, superuser):
    await make_payment(worker)
    for statement in (
        "UPDATE payment_audit SET new_status = 'x'",
        "DELETE FROM payment_audit",
        "TRUNCATE payment_audit",
    ):
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await superuser.execute(statement)


async def test_case_13_a_canceled_payment_cannot_be_confirmed(worker):
    opened = await make_payment(worker, status="pending")
    assert await worker.fetchval("SELECT plan_cancel($1, $2, 'test')", uuid7(), opened) == "canceled"
    with pytest.raises(asyncpg.PostgresError, match="invalid_state"):
        await worker.execute("SELECT plan_confirm($1, $2, 'pm_card_visa')", uuid7(), opened)
    assert await worker.fetchval("SELECT count(*) FROM provider_operations WHERE status <> 'abandoned'") == 0


async def test_confirming_twice_at_once_plans_one_call(worker, database):
    opened = await make_payment(worker, status="pending")
    calls = [(uuid7(), opened) for _ in range(20)]
    async with many_connections(database.worker_dsn, 10) as pool:
        planned = await at_once(pool, "SELECT plan_confirm($1, $2, 'pm_card_visa')", calls)
    assert len(set(planned)) == 1
    assert await worker.fetchval("SELECT count(*) FROM provider_operations WHERE kind = 'confirm'") == 1
