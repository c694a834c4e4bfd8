"""Earnings: recorded for money received, reversed pro rata, released, held; every part adds up."""

from datetime import UTC, datetime

import pytest_asyncio

from moorage.kernel.ids import uuid7
from tests.builders import make_practitioner
from tests.builders.money import balance, books_sum_to_zero, earn, make_payment, payment, refund

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def practitioner_id(superuser):
    return (await make_practitioner(superuser)).id


async def test_case_21_each_account_reads_what_it_should(worker, practitioner_id):
    paid = await make_payment(worker, 10_000)
    for fee in (320, 320, 321):  # told twice, and then otherwise: the first word counts
        await worker.fetchval(
            "SELECT record_payment_status($1, 'succeeded', 'test', p_data => $2)", paid, {"fee_minor": fee}
        )
    await earn(worker, paid, practitioner_id, bps=1500)
    accounts = (
        "clearing:sandbox",
        "provider_fees",
        "commission",
        f"earnings_pending:{practitioner_id}",
        "held:bookings",
    )
    assert [await balance(worker, code) for code in accounts] == [9680, 320, 1500, 8500, 0]
    assert await books_sum_to_zero(worker)


async def test_case_20_the_tax_in_a_free_amount_is_owed_and_goes_back_with_it(worker):
    paid = await make_payment(worker, 9_999, purpose="free_amount")
    for _ in range(2):
        await worker.fetchval(
            "SELECT record_payment_status($1, 'succeeded', 'test', p_data => $2)", paid, {"tax_minor": 1_667}
        )
    assert [await balance(worker, code) for code in ("sales", "tax_payable")] == [8_332, 1_667]
    await refund(worker, paid, 9_999)
    assert [await balance(worker, code) for code in ("sales", "tax_payable", "clearing:sandbox")] == [0, 0, 0]


async def test_an_earning_is_recorded_once_per_payment(worker, practitioner_id):
    paid = await make_payment(worker, 10_000)
    await earn(worker, paid, practitioner_id)
    await earn(worker, paid, practitioner_id)
    assert await balance(worker, "commission") == 1500


async def test_commission_of_part_payments_adds_up_to_the_wholes(worker, practitioner_id):
    booking = uuid7()
    for amount in (333, 333, 334):  # half_up(1000 * 555 / 10000) = 56; each alone would give 18 + 18 + 19
        await earn(worker, await make_payment(worker, amount), practitioner_id, booking_id=booking, bps=555)
    assert await balance(worker, "commission") == 56
    assert await worker.fetch("SELECT commission_minor FROM earnings ORDER BY created_at, id") == [(18,), (19,), (19,)]


async def test_refunds_in_parts_reverse_all_of_the_commission_in_the_end(worker, practitioner_id):
    paid = await make_payment(worker, 9_999)
    await earn(worker, paid, practitioner_id, bps=333)  # commission 333
    seen = []
    for amount in (1, 3_333, 3_333, 3_332):
        await refund(worker, paid, amount)
        seen.append(await balance(worker, "commission"))
    assert seen == [333, 222, 111, 0]
    assert await balance(worker, f"earnings_pending:{practitioner_id}") == 0
    assert await worker.fetchval("SELECT status FROM earnings") == "reversed"
    assert await books_sum_to_zero(worker)


async def test_a_refund_before_anything_was_earned_comes_from_what_is_held(worker):
    paid = await make_payment(worker, 10_000)
    await refund(worker, paid, 4_000)
    assert await balance(worker, "held:bookings") == 6_000
    assert await balance(worker, "clearing:sandbox") == 6_000


async def test_what_the_business_itself_delivers_is_sales(worker, practitioner_id):
    paid = await make_payment(worker, 10_000)
    await earn(worker, paid, practitioner_id, is_house=True)
    assert await balance(worker, "sales") == 10_000
    await refund(worker, paid, 2_500)
    assert await balance(worker, "sales") == 7_500
    assert await balance(worker, "commission") == 0


async def test_earnings_become_available_when_their_time_has_come_and_only_once(worker, practitioner_id):
    booking = await earn(worker, await make_payment(worker, 10_000), practitioner_id)
    release = "SELECT release_earnings($1)"
    assert await worker.fetchval(release, NOW) == 0
    await worker.execute("SELECT schedule_earnings($1, $2)", booking, NOW)
    assert await worker.fetchval(release, NOW) == 1
    assert await worker.fetchval(release, NOW) == 0
    assert await balance(worker, f"earnings_available:{practitioner_id}") == 8_500
    assert await balance(worker, f"earnings_pending:{practitioner_id}") == 0


async def test_a_refund_after_release_comes_from_what_is_available_also_below_zero(worker, practitioner_id):
    paid = await make_payment(worker, 10_000)
    booking = await earn(worker, paid, practitioner_id)
    await worker.execute("SELECT schedule_earnings($1, $2)", booking, NOW)
    await worker.execute("SELECT release_earnings($1)", NOW)
    available = f"earnings_available:{practitioner_id}"
    await worker.fetchval(
        "SELECT post($1, 'payout', 'payout', $1, 'paid out', 'USD', ARRAY[$2, 'bank'], ARRAY[8500, -8500]::bigint[])",
        uuid7(),
        available,
    )
    await refund(worker, paid, 10_000)
    assert await balance(worker, available) == -8_500
    assert await books_sum_to_zero(worker)


async def test_a_failed_refund_puts_earning_and_commission_back_where_they_lie_now(worker, practitioner_id):
    paid = await make_payment(worker, 10_000)
    booking = await earn(worker, paid, practitioner_id)
    planned = await refund(worker, paid, 4_000)
    await worker.execute("SELECT schedule_earnings($1, $2)", booking, NOW)
    await worker.execute("SELECT release_earnings($1)", NOW)
    assert await balance(worker, f"earnings_available:{practitioner_id}") == 5_100
    await worker.execute("SELECT record_refund($1, false)", planned)
    assert await balance(worker, f"earnings_available:{practitioner_id}") == 8_500
    assert await balance(worker, f"earnings_pending:{practitioner_id}") == 0
    assert await balance(worker, "commission") == 1_500
    assert (await payment(worker, paid))["refund_pending_minor"] == 0
    assert await books_sum_to_zero(worker)
