"""Disputes: money and earnings held from the first event, given back or taken with the last."""

from datetime import UTC, datetime

import asyncpg
import pytest
import pytest_asyncio

from moorage.journeys.audit_checks import PAYMENTS
from moorage.kernel.ids import uuid7
from tests.builders import make_practitioner
from tests.builders.money import balance, books_sum_to_zero, earn, make_payment, payment, refund

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RECORD = "SELECT record_dispute($1, $2, 'dp_1', $3, $4)"


@pytest_asyncio.fixture
async def practitioner_id(superuser):
    return (await make_practitioner(superuser)).id


async def told(db, paid, status, amount=10_000):
    return await db.fetchval(RECORD, uuid7(), paid, amount, status)


async def test_case_22_a_refund_while_disputed_is_refused_and_calls_nobody(worker):
    paid = await make_payment(worker)
    await told(worker, paid, "opened")
    with pytest.raises(asyncpg.PostgresError, match="payment_disputed"):
        await refund(worker, paid, 100)
    assert await worker.fetchval("SELECT count(*) FROM provider_operations WHERE kind = 'refund'") == 0


async def test_case_22_what_was_refunded_before_is_not_exposed(worker):
    paid = await make_payment(worker)
    done = await refund(worker, paid, 3_000)
    await worker.execute("SELECT record_refund($1, true)", done)
    await told(worker, paid, "opened")
    assert await worker.fetchval("SELECT held_minor FROM disputes") == 7_000
    assert await balance(worker, "disputed:sandbox") == 7_000
    assert await balance(worker, "clearing:sandbox") == 0
    await told(worker, paid, "won")
    assert (await payment(worker, paid))["status"] == "partially_refunded"


async def test_a_won_dispute_puts_all_back_and_lets_the_earning_go(worker, practitioner_id):
    paid = await make_payment(worker)
    booking = await earn(worker, paid, practitioner_id)
    await worker.execute("SELECT schedule_earnings($1, $2)", booking, NOW)
    assert [await told(worker, paid, word) for word in ("opened", "opened", "under_review")] == [
        "moved",
        "repeated",
        "moved",
    ]
    assert (await payment(worker, paid))["status"] == "disputed"
    assert await worker.fetchval("SELECT release_earnings($1)", NOW) == 0
    assert [await told(worker, paid, word) for word in ("won", "won", "opened", "lost")] == [
        "moved",
        "repeated",
        "repeated",
        "impossible",
    ]
    assert await worker.fetchval("SELECT release_earnings($1)", NOW) == 1
    assert await balance(worker, "clearing:sandbox") == 10_000
    assert (await payment(worker, paid))["status"] == "succeeded"
    assert await books_sum_to_zero(worker)


async def test_an_earning_that_was_available_is_held_again(worker, practitioner_id):
    paid = await make_payment(worker)
    booking = await earn(worker, paid, practitioner_id)
    await worker.execute("SELECT schedule_earnings($1, $2)", booking, NOW)
    await worker.execute("SELECT release_earnings($1)", NOW)
    await told(worker, paid, "opened")
    assert await balance(worker, f"earnings_available:{practitioner_id}") == 0
    await told(worker, paid, "won")
    await worker.execute("SELECT release_earnings($1)", NOW)
    assert await balance(worker, f"earnings_available:{practitioner_id}") == 8_500


async def test_a_lost_dispute_takes_earning_and_commission(worker, practitioner_id):
    paid = await make_payment(worker)
    await earn(worker, paid, practitioner_id)
    await told(worker, paid, "lost")  # the first that we hear of it
    accounts = ("clearing:sandbox", "disputed:sandbox", "commission", f"earnings_pending:{practitioner_id}")
    assert [await balance(worker, code) for code in accounts] == [0, 0, 0, 0]
    assert (await payment(worker, paid))["status"] == "charged_back"
    assert await books_sum_to_zero(worker)


async def test_a_lost_dispute_of_the_businesss_own_sale_is_its_loss(worker, practitioner_id):
    paid = await make_payment(worker)
    await earn(worker, paid, practitioner_id, is_house=True)
    await told(worker, paid, "lost")
    assert await balance(worker, "dispute_losses") == 10_000
    assert await balance(worker, "sales") == 10_000


async def test_a_lost_dispute_of_a_free_amount_is_a_loss_and_no_sale_less(worker):
    paid = await make_payment(worker, purpose="free_amount")
    await told(worker, paid, "lost")
    assert [await balance(worker, code) for code in ("sales", "dispute_losses", "clearing:sandbox")] == [
        10_000,
        10_000,
        0,
    ]
    assert await books_sum_to_zero(worker)


async def test_a_dispute_of_what_was_refunded_wholly_holds_nothing(worker):
    paid = await make_payment(worker)
    done = await refund(worker, paid, 10_000)
    await worker.execute("SELECT record_refund($1, true)", done)
    await told(worker, paid, "opened")
    assert (await payment(worker, paid))["status"] == "refunded"
    assert await balance(worker, "disputed:sandbox") == 0


@pytest.mark.parametrize("given_back", [3_000, 10_000])
@pytest.mark.parametrize("verdict", [None, "won", "lost"])
async def test_what_a_refund_under_way_had_reserved_is_disputed_too_when_it_fails(
    worker, practitioner_id, given_back, verdict
):
    paid = await make_payment(worker)
    await earn(worker, paid, practitioner_id)
    under_way = await refund(worker, paid, given_back)
    await told(worker, paid, "opened")
    assert await balance(worker, "disputed:sandbox") == 10_000 - given_back
    if verdict is not None:
        await told(worker, paid, verdict)
    await worker.execute("SELECT record_refund($1, false)", under_way)
    where = {name: await balance(worker, f"{name}:sandbox") for name in ("clearing", "disputed")}
    pending = await balance(worker, f"earnings_pending:{practitioner_id}")
    status = (await payment(worker, paid))["status"]
    expected = {
        None: ("disputed", 0, 10_000, 8_500),
        "won": ("succeeded", 10_000, 0, 8_500),
        "lost": ("charged_back", 0, 0, 0),
    }
    assert (status, where["clearing"], where["disputed"], pending) == expected[verdict]
    if verdict is None:
        await told(worker, paid, "won")
        assert (await payment(worker, paid))["status"] == "succeeded"
        assert await balance(worker, "clearing:sandbox") == 10_000
    assert await worker.fetch(PAYMENTS["dispute_holds_what_is_left_of_it"]) == []
    assert await worker.fetch(PAYMENTS["dispute_is_posted_as_it_stands"]) == []
    assert await books_sum_to_zero(worker)


@pytest.mark.parametrize("verdict", [None, "won", "lost"])
@pytest.mark.parametrize("given_back", [3_000, 10_000])
async def test_case_22_a_refund_before_a_dispute_and_the_dispute_end_alike_in_either_order(
    worker, practitioner_id, given_back, verdict
):
    ends = []
    for order in (("refund", "dispute"), ("dispute", "refund")):
        paid = await make_payment(worker)
        await earn(worker, paid, practitioner_id)
        before = await books(worker, practitioner_id)
        for told_now in order:
            if told_now == "refund":
                await worker.execute(
                    "SELECT settle_external_refund($1, $2, $3, 're_1', 'succeeded', '{}')", uuid7(), paid, given_back
                )
            else:
                await worker.execute("SELECT record_dispute($1, $2, $3, 10000, 'opened')", uuid7(), paid, str(paid))
        if verdict is not None:
            await worker.execute("SELECT record_dispute($1, $2, $3, 10000, $4)", uuid7(), paid, str(paid), verdict)
        after = await books(worker, practitioner_id)
        row = await payment(worker, paid)
        ends.append(
            (
                row["status"],
                row["refunded_minor"],
                row["disputed_minor"],
                [b - a for a, b in zip(before, after, strict=True)],
            )
        )
    assert ends[0] == ends[1]
    assert await worker.fetch(PAYMENTS["dispute_is_posted_as_it_stands"]) == []
    assert await books_sum_to_zero(worker)


async def books(db, practitioner_id) -> list[int]:
    codes = ("clearing:sandbox", "disputed:sandbox", "commission", f"earnings_pending:{practitioner_id}")
    return [await balance(db, code) for code in codes]


async def test_a_reversal_during_a_dispute_is_the_dispute_and_no_refund_besides(worker):
    paid = await make_payment(worker)
    await told(worker, paid, "opened")
    reversal = (
        """SELECT settle_external_refund($1, $2, 10000, 're_1', 'succeeded', '{"type": "PAYMENT.CAPTURE.REVERSED"}')"""
    )
    with pytest.raises(asyncpg.PostgresError, match="payment_disputed"):
        await worker.execute(reversal, uuid7(), paid)


@pytest.mark.parametrize("second", ["opened", "won", "lost"])
async def test_a_second_dispute_heard_of_before_the_first_was_won_holds_what_that_gave_back(
    worker, practitioner_id, second
):
    paid = await make_payment(worker)
    await earn(worker, paid, practitioner_id)
    await told(worker, paid, "opened")
    for status in dict.fromkeys(("opened", second)):
        await worker.execute("SELECT record_dispute($1, $2, 'dp_2', 5000, $3)", uuid7(), paid, status)
    await told(worker, paid, "won")
    row = await payment(worker, paid)
    expected = {"opened": ("disputed", 5_000), "won": ("succeeded", 0), "lost": ("charged_back", 5_000)}
    assert (row["status"], row["disputed_minor"]) == expected[second]
    assert await balance(worker, "clearing:sandbox") == (10_000 if second == "won" else 5_000)
    assert await balance(worker, f"earnings_pending:{practitioner_id}") == (4_250 if second == "lost" else 8_500)
    assert await worker.fetch(PAYMENTS["dispute_holds_what_is_left_of_it"]) == []
    assert await worker.fetch(PAYMENTS["dispute_is_posted_as_it_stands"]) == []
    assert await books_sum_to_zero(worker)
