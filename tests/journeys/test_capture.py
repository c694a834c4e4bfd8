"""Collecting in two steps: what is reserved is collected once, in whole or in part, or released."""

import asyncio

import pytest

from moorage.domains.payments.errors import CaptureExceedsAuthorizationError
from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.journeys.capture_payment import cancel_payment, capture_payment
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import ForbiddenError, InvalidStateError
from moorage.kernel.ids import uuid7
from tests.support.shop import Shop

# What the sandbox was asked to do with reserved money, whatever came of it.
CALLS = "SELECT count(*) FROM provider_operations WHERE kind IN ('capture', 'cancel') AND attempts > 0"


async def reserved(shop: Shop, amount_minor: int = 10_000, *, told: bool = True, **facts):
    """A payment whose money the payer's bank has reserved; where `told`, the provider's events have told us."""
    start = PaymentStart(uuid7(), uuid7(), amount_minor, "USD", capture="manual", payer_id=shop.client_id, **facts)
    started = await start_payment(shop.house, SYSTEM, start)
    body = {"payment_method": "pm_card_visa"}
    answer = await shop.town.api.post(f"/intents/{started.payment.provider_ref}/confirm", json=body)
    assert answer.json()["status"] == "authorized"
    if told:
        await shop.settle()
    return start.payment_id


async def test_case_14_a_part_is_captured_once_and_the_rest_released(shop: Shop):
    payment = await reserved(shop)
    row = await shop.db.fetchrow("SELECT status, authorized_minor, amount_minor FROM payments WHERE id = $1", payment)
    assert tuple(row) == ("processing", 10_000, 10_000)
    with pytest.raises(ForbiddenError):
        await capture_payment(shop.house, shop.actor, payment)
    with pytest.raises(CaptureExceedsAuthorizationError):
        await capture_payment(shop.house, SYSTEM, payment, 10_001)
    captured = await capture_payment(shop.house, SYSTEM, payment, 6_000)
    assert (captured.status, captured.amount_minor, captured.authorized_minor) == ("succeeded", 6_000, 10_000)
    assert captured.provider_ids["charge"].startswith("ch_")
    with pytest.raises(InvalidStateError):
        await capture_payment(shop.house, SYSTEM, payment, 4_000)
    await shop.settle()
    assert await shop.value("SELECT count(*) FROM webhook_events WHERE status <> 'processed'") == 0
    assert await shop.value("SELECT sum(amount_minor) FROM sandbox.charges") == 6_000
    assert (await shop.balance("clearing:sandbox"), await shop.balance("sales")) == (6_000, 6_000)
    assert await shop.audit() == []


async def test_case_13_after_cancelling_nothing_is_captured_and_nobody_called(shop: Shop):
    payment = await reserved(shop)
    assert (await cancel_payment(shop.house, SYSTEM, payment)).status == "canceled"
    before = await shop.value(CALLS)
    with pytest.raises(InvalidStateError):
        await capture_payment(shop.house, SYSTEM, payment)
    assert await shop.value(CALLS) == before
    assert await shop.value("SELECT status FROM sandbox.intents") == "canceled"


async def test_case_13_capture_and_cancel_at_once_200_times_one_wins_here_and_there_alike(shop: Shop):
    payments = await many_reserved(shop, 200)
    turns = asyncio.Semaphore(4)

    async def race(number: int, payment) -> int:
        verbs = [capture_payment, cancel_payment] if number % 2 else [cancel_payment, capture_payment]
        async with turns:
            ends = await asyncio.gather(*(verb(shop.house, SYSTEM, payment) for verb in verbs), return_exceptions=True)
        lost = [end for end in ends if isinstance(end, BaseException)]
        assert all(isinstance(end, InvalidStateError) for end in lost), ends
        return len(lost)

    assert await asyncio.gather(*(race(number, payment) for number, payment in enumerate(payments))) == [1] * 200
    assert await shop.value(CALLS) == 200
    ends = await shop.db.fetch(
        """SELECT p.status, i.status, count(*) FROM payments p JOIN sandbox.intents i ON i.client_reference = p.id
            WHERE p.capture_method = 'manual' GROUP BY 1, 2"""
    )
    assert {(row[0], row[1]) for row in ends} == {("succeeded", "paid"), ("canceled", "canceled")}
    assert await shop.audit() == []


@pytest.mark.parametrize("fault", ["error_before", "error_after"])
async def test_a_capture_whose_answer_was_lost_collects_once(shop: Shop, fault):
    payment = await reserved(shop, told=fault == "error_after")  # what no event has told is asked for
    await shop.town.behave(**{fault: {"next_calls": 1, "operations": ["capture"]}})
    with pytest.raises(OutcomeUnknownError):
        await capture_payment(shop.house, SYSTEM, payment, 6_000)
    with pytest.raises(InvalidStateError):
        await cancel_payment(shop.house, SYSTEM, payment)
    await shop.due_now()
    await shop.settle()
    row = await shop.db.fetchrow("SELECT status, amount_minor FROM payments WHERE id = $1", payment)
    assert tuple(row) == ("succeeded", 6_000)
    assert await shop.value("SELECT count(*) FROM sandbox.charges") == 1


async def many_reserved(shop: Shop, count: int):
    """As `reserved`, arranged in the tables: what is tested comes after it."""
    payments = [uuid7() for _ in range(count)]
    await shop.db.execute(
        """
        WITH there AS (
          INSERT INTO sandbox.intents (id, client_reference, amount_minor, currency, description, return_url,
                                       capture_method, status, method, brand, last4)
          SELECT 'pi_' || id, id, 10000, 'USD', 'Reserved', 'http://localhost/', 'manual', 'authorized', 'pm_card_visa',
                 'visa', '4242' FROM unnest($1::uuid[]) AS id)
        INSERT INTO payments (id, purpose, amount_minor, currency, provider, provider_ref, capture_method, status,
                              authorized_minor)
        SELECT id, 'free_amount', 10000, 'USD', 'sandbox', 'pi_' || id, 'manual', 'processing', 10000
          FROM unnest($1::uuid[]) AS id
        """,
        payments,
    )
    return payments
