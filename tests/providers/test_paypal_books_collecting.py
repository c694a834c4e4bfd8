"""What is approved at PayPal is collected, reserved or let go, once, and the books say so."""

import asyncio

import pytest

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.journeys.capture_payment import cancel_payment, capture_payment
from moorage.journeys.provider_calls import recover_operations
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidStateError
from tests.support.paypal import Counter


async def test_case_19_an_order_that_is_completed_while_its_capture_is_pending_is_processing(counter: Counter):
    held = await counter.held()
    reference = await counter.reference(held.payment_id)
    counter.fake.pay(reference, "echeck")
    await counter.settle()
    assert counter.fake.books.orders[reference].status == "COMPLETED"
    assert (await counter.shop.status(held)) == ("pending", "processing")
    assert await counter.collected() == 0
    denied = (await counter.start()).payment
    counter.fake.pay(denied.provider_ref, "review")
    await counter.settle()
    counter.fake.settle(reference)
    counter.fake.settle(denied.provider_ref, completed=False)
    await counter.settle()
    assert (await counter.shop.status(held)) == ("confirmed", "succeeded")
    assert await counter.collected() == 8_000
    kept = await counter.payment(denied.id)
    assert (kept["status"], kept["failure_code"]) == ("failed", "capture_declined")


async def test_a_declined_method_is_replaced_by_another_one(counter: Counter):
    started = await counter.start()
    reference = started.payment.provider_ref
    counter.fake.pay(reference, "declined")
    await counter.settle()
    assert (await counter.payment(started.payment.id))["succeeded_at"] is None
    counter.fake.pay(reference)
    await counter.settle()
    assert (await counter.payment(started.payment.id))["status"] == "succeeded"
    assert len(counter.fake.books.captures) == 1


async def test_case_13_what_we_cancelled_is_not_collected_when_the_payer_approves_late(counter: Counter):
    started = await counter.start()
    assert (await cancel_payment(counter.shop.house, SYSTEM, started.payment.id)).status == "canceled"
    counter.fake.pay(started.payment.provider_ref)
    await counter.settle()
    with pytest.raises(InvalidStateError):
        await capture_payment(counter.shop.house, SYSTEM, started.payment.id)
    assert counter.fake.served.calls("POST", "/capture") == 0
    assert counter.fake.books.captures == {}
    assert (await counter.payment(started.payment.id))["status"] == "canceled"


async def test_case_13_capturing_and_cancelling_at_once_has_one_winner_here_and_there(counter: Counter):
    house = counter.shop.house
    for _ in range(8):
        started = await counter.start()
        counter.fake.pay(started.payment.provider_ref)
        await asyncio.gather(
            capture_payment(house, SYSTEM, started.payment.id),
            cancel_payment(house, SYSTEM, started.payment.id),
            return_exceptions=True,
        )
        await counter.settle()
        ours = (await counter.payment(started.payment.id))["status"]
        theirs = counter.fake.books.orders[started.payment.provider_ref].captures
        assert (ours, len(theirs)) in {("succeeded", 1), ("canceled", 0)}
    assert await counter.shop.audit() == []


async def test_collecting_by_hand_is_safe_to_repeat(counter: Counter):
    started = await counter.start()
    with pytest.raises(ProviderDeclinedError) as refusal:
        await capture_payment(counter.shop.house, SYSTEM, started.payment.id)
    assert refusal.value.facts["failure_code"] == "order_not_approved"
    counter.fake.pay(started.payment.provider_ref)
    for _ in range(2):
        assert (await capture_payment(counter.shop.house, SYSTEM, started.payment.id)).status == "succeeded"
    await counter.settle()
    assert counter.fake.served.calls("POST", "/capture") == 2  # the early one, and one
    assert len(counter.fake.books.captures) == 1


async def test_an_approval_that_paypal_takes_back_cancels(counter: Counter):
    started = await counter.start()
    reference = started.payment.provider_ref
    counter.fake.fault("500_before", times=50, method="POST", path="/capture")
    counter.fake.pay(reference)
    await counter.settle()
    counter.fake.reverse_approval(reference)
    await counter.settle()
    assert (await counter.payment(started.payment.id))["status"] == "canceled"


async def test_case_14_reserved_10000_captured_6000_the_rest_is_released(counter: Counter):
    started = await counter.start(capture="manual")
    payment_id, reference = started.payment.id, started.payment.provider_ref
    counter.fake.fault("lost_after", method="POST", path="/authorize")
    counter.fake.pay(reference)
    await counter.settle()
    await counter.shop.due_now()
    await recover_operations(counter.shop.house)
    kept = await counter.payment(payment_id)
    assert (kept["status"], kept["authorized_minor"], kept["succeeded_at"]) == ("processing", 10_000, None)
    assert [one["status"] for one in counter.fake.books.authorizations.values()] == ["CREATED"]
    kept = await capture_payment(counter.shop.house, SYSTEM, payment_id, 6_000)
    assert (kept.status, kept.amount_minor) == ("succeeded", 6_000)
    await counter.settle()
    assert await counter.collected() == 6_000
    (authorization,) = counter.fake.books.authorizations.values()
    assert authorization["status"] == "CAPTURED"
    with pytest.raises(InvalidStateError):
        await capture_payment(counter.shop.house, SYSTEM, payment_id, 1_000)
    assert len(counter.fake.books.captures) == 1


async def test_what_is_reserved_is_released_by_cancelling_and_after_it(counter: Counter):
    early = (await counter.start(capture="manual")).payment
    counter.fake.pay(early.provider_ref)
    await counter.settle()
    assert (await cancel_payment(counter.shop.house, SYSTEM, early.id)).status == "canceled"
    started = await counter.start(capture="manual")
    reference = started.payment.provider_ref
    counter.fake.pay(reference)
    assert (await cancel_payment(counter.shop.house, SYSTEM, started.payment.id)).status == "canceled"
    await counter.shop.house.gateways["paypal"].authorize(reference, key="under way when it was cancelled")
    await counter.settle()
    assert [one["status"] for one in counter.fake.books.authorizations.values()] == ["VOIDED"] * 2
    assert (await counter.payment(started.payment.id))["status"] == "canceled"
