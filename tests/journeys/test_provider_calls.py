"""Calls to a provider: intent, call, result; whatever happens in between is found out by asking."""

import asyncio
from datetime import timedelta

import pytest

from moorage.journeys.collect_payment import cancel_stale_payments
from moorage.journeys.provider_calls import carry_out, recover_operations
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from tests.builders import make_service
from tests.support.shop import Shop


async def plan_refund(shop: Shop, held, amount: int):
    refund, operation = uuid7(), uuid7()
    await shop.db.execute("SELECT plan_refund($1, $2, $3, $4, 'test')", refund, operation, held.payment_id, amount)
    await shop.db.execute("UPDATE bookings SET refunded_minor = refunded_minor + $2 WHERE id = $1", held.id, amount)
    return refund, operation


async def test_the_planned_object_is_made_once_however_often_it_is_asked_for(shop: Shop):
    held = await shop.hold()
    outcomes = await asyncio.gather(*(carry_out(shop.house, held.operation_id) for _ in range(10)))
    assert sorted(outcomes) == ["answered"] + ["not_due"] * 9
    assert await shop.value("SELECT count(*) FROM sandbox.intents") == 1
    assert await shop.value("SELECT provider_ref IS NOT NULL FROM payments WHERE id = $1", held.payment_id)


@pytest.mark.parametrize("fault", ["error_before", "error_after", "timeout_after"])
async def test_an_object_whose_making_was_not_answered_is_found_or_made(shop: Shop, fault):
    await shop.town.behave(**{fault: {"next_calls": 1, "seconds": 3, "operations": ["create"]}})
    held = await shop.hold()
    assert await carry_out(shop.house, held.operation_id) == "unknown"
    await shop.due_now()
    await recover_operations(shop.house)
    assert await shop.value("SELECT status FROM provider_operations") == "answered"
    assert await shop.value("SELECT count(*) FROM sandbox.intents") == 1


@pytest.mark.parametrize("fault", ["error_before", "error_after", "timeout_after"])
async def test_a_refund_whose_answer_was_lost_gives_back_once(shop: Shop, fault):
    held = await shop.paid()
    await shop.town.behave(**{fault: {"next_calls": 1, "seconds": 3, "operations": ["refund"]}})
    refund, operation = await plan_refund(shop, held, 3_000)
    assert await carry_out(shop.house, operation) == "unknown"
    assert await shop.value("SELECT status FROM refunds WHERE id = $1", refund) == "pending"
    await shop.due_now()
    await shop.settle()
    assert await shop.value("SELECT status FROM refunds WHERE id = $1", refund) == "succeeded"
    assert await shop.value("SELECT sum(amount_minor) FROM sandbox.refunds") == 3_000
    assert await shop.audit() == []


async def test_case_16_a_refund_that_fails_at_the_provider_is_available_again(shop: Shop):
    held = await shop.ready()
    await shop.pay(held, "pm_card_refund_fails")
    refund, operation = await plan_refund(shop, held, 3_000)
    await carry_out(shop.house, operation)
    await shop.db.execute("UPDATE sandbox.refunds SET ripe_at = now()")
    await shop.settle()
    assert await shop.value("SELECT status FROM refunds WHERE id = $1", refund) == "failed"
    assert await shop.value("SELECT refunded_minor FROM bookings WHERE id = $1", held.id) == 0
    assert await shop.balance("commission") == 400
    assert await shop.audit() == []


async def test_a_call_whose_maker_died_is_taken_up_when_its_time_is_over(shop: Shop):
    held = await shop.hold()
    await shop.db.execute("SELECT claim_operation($1, interval '20 s')", held.operation_id)  # and then the power went
    assert await recover_operations(shop.house) == 0
    await shop.due_now()
    assert await recover_operations(shop.house) == 1
    assert await shop.value("SELECT status FROM provider_operations") == "answered"


async def test_a_planned_call_whose_job_was_lost_is_made_all_the_same(shop: Shop):
    await shop.hold()
    assert await recover_operations(shop.house) == 0  # its job is given some seconds
    await shop.due_now()
    assert await recover_operations(shop.house) == 1


async def test_case_13_paying_and_cancelling_at_once_one_wins_here_and_there_alike(shop: Shop):
    for turn in range(4):
        held = await shop.ready()
        cancel = uuid7()

        async def stop(held=held, cancel=cancel, turn=turn):
            await asyncio.sleep(0.004 * (turn % 5))
            async with shop.house.database.worker.acquire() as db:
                await db.execute("SELECT plan_cancel($1, $2, 'test')", cancel, held.payment_id)
            await carry_out(shop.house, cancel)

        answer, _ = await asyncio.gather(shop.pay(held), stop())
        assert answer.status_code in (200, 202, 409, 422)
        await shop.due_now()
        await shop.settle()
        here = (await shop.status(held))[1]
        there = await shop.value("SELECT status FROM sandbox.intents WHERE client_reference = $1", held.payment_id)
        assert (here, there) in {("succeeded", "paid"), ("canceled", "canceled")}
    assert await shop.audit() == []


async def test_what_was_never_made_at_the_provider_is_cancelled_without_a_call(shop: Shop):
    held = await shop.hold()
    async with shop.house.database.worker.acquire() as db:
        assert await db.fetchval("SELECT plan_cancel($1, $2, 'test')", uuid7(), held.payment_id) == "canceled"
    assert await carry_out(shop.house, held.operation_id) == "not_due"
    assert await shop.value("SELECT count(*) FROM sandbox.intents") == 0


async def test_a_disputed_payment_is_held_and_told(shop: Shop):
    await shop.db.execute("UPDATE users SET role = 'admin' WHERE id = $1", shop.practitioner.user_id)
    held = await shop.ready()
    await shop.pay(held, "pm_card_disputed")
    await shop.settle()
    assert (await shop.status(held))[1] == "disputed"
    assert await shop.balance("disputed:sandbox") == 8_000
    assert await shop.value("SELECT count(*) FROM mails WHERE cause LIKE 'dispute_opened:%'") == 1
    dispute = await shop.value("SELECT id FROM sandbox.disputes")
    await shop.town.api.post(f"/disputes/{dispute}/resolve", json={"outcome": "lost"})
    await shop.settle()
    assert (await shop.status(held))[1] == "charged_back"
    assert await shop.balance("commission") == 0
    assert await shop.audit() == []


async def test_a_service_with_a_long_title_is_paid_like_any(shop: Shop):
    held = await shop.hold(service=await make_service(shop.db, shop.practitioner, title="Rest " * 40))
    assert await carry_out(shop.house, held.operation_id) == "answered"
    assert (await shop.status(held))[1] == "pending"


async def test_a_free_amount_that_nobody_paid_is_closed_after_its_time(shop: Shop):
    kinds = [{"mode": "intent"}, {"mode": "intent"}, {"mode": "checkout", "purpose": "booking_full"}]
    held = await shop.ready()
    kinds[2] |= {"purpose_id": held.id, "payer_id": shop.client_id}
    starts = [PaymentStart(uuid7(), uuid7(), 8_000, "USD", **kind) for kind in kinds]
    started = [await start_payment(shop.house, SYSTEM, start) for start in starts]
    hold_ends = await shop.value("SELECT hold_expires_at FROM bookings WHERE id = $1", held.id)
    wait = started[0].expires_at - started[0].payment.created_at
    assert (wait, started[2].expires_at) == (timedelta(hours=24), hold_ends)
    assert await cancel_stale_payments(shop.house) == 0
    late = "UPDATE payments SET expires_at = now() - interval '2 hours' WHERE id = $1"
    await shop.db.execute(late, starts[0].payment_id)
    assert await cancel_stale_payments(shop.house) == 1
    await shop.settle()
    states = [await shop.value("SELECT status FROM payments WHERE id = $1", start.payment_id) for start in starts]
    assert states == ["canceled", "pending", "pending"]
    assert await shop.audit() == []


async def test_what_the_provider_has_forgotten_is_closed_here_too(shop: Shop):
    start = PaymentStart(uuid7(), uuid7(), 2_500, "USD")
    started = await start_payment(shop.house, SYSTEM, start)
    await shop.db.execute("DELETE FROM sandbox.intents WHERE id = $1", started.payment.provider_ref)
    await shop.db.execute("UPDATE payments SET expires_at = now() - interval '2 hours'")
    assert await cancel_stale_payments(shop.house) == 1
    await shop.settle()
    assert await shop.value("SELECT status FROM payments WHERE id = $1", start.payment_id) == "canceled"
    assert await shop.value("SELECT count(*) FROM provider_operations WHERE status <> 'answered'") == 0


async def test_what_was_never_paid_is_closed_at_the_provider_some_time_after_its_hold(shop: Shop):
    held, fresh = await shop.ready(), await shop.ready()
    expired = "UPDATE bookings SET status = 'cancelled', cancel_kind = 'expired', cancelled_at = now() - $2::interval"
    for booking, age in ((held, timedelta(hours=2)), (fresh, timedelta(minutes=5))):
        await shop.db.execute(f"{expired} WHERE id = $1", booking.id, age)
    assert await cancel_stale_payments(shop.house) == 1
    await shop.settle()
    assert await cancel_stale_payments(shop.house) == 0
    assert [(await shop.status(booking))[1] for booking in (held, fresh)] == ["canceled", "pending"]
    reason = "SELECT change_reason FROM payment_audit WHERE payment_id = $1 AND new_status = 'canceled'"
    assert await shop.value(reason, held.payment_id) == "expiry"
