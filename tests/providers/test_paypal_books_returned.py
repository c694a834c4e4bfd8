"""Refunds, disputes and what only PayPal knows of: back out of the books."""

from datetime import UTC, datetime, timedelta

import pytest

from moorage.domains.payments.gateway_values import IntentRequest
from moorage.journeys.reconcile import reconcile
from moorage.kernel.ids import uuid7
from tests.support.paypal import Counter


async def test_refunds_in_parts_and_one_made_in_paypals_own_dashboard(counter: Counter):
    started = await counter.start()
    payment_id, reference = started.payment.id, started.payment.provider_ref
    counter.fake.pay(reference)
    await counter.settle()
    assert (await counter.give_back(payment_id, 3_000)).status == "succeeded"
    await counter.settle()
    counter.fake.refund_by_hand(reference, "20.00")
    await counter.settle()
    assert await counter.collected() == 5_000
    assert await counter.shop.value("SELECT count(*) FROM refunds WHERE status = 'succeeded'") == 2
    assert (await counter.payment(payment_id))["status"] == "partially_refunded"
    assert await counter.shop.audit() == []


async def test_case_16_a_refund_that_fails_later_is_available_again(counter: Counter):
    started = await counter.start()
    counter.fake.pay(started.payment.provider_ref)
    await counter.settle()
    counter.fake.books.next_refund = "PENDING"
    pending = await counter.give_back(started.payment.id, 4_000)
    await counter.settle()
    assert pending.status == "pending"
    (refund_id,) = counter.fake.books.refunds
    counter.fake.settle_refund(refund_id, completed=False)
    await counter.settle()
    assert await counter.collected() == 10_000
    assert (await counter.give_back(started.payment.id, 10_000)).status == "succeeded"
    assert await counter.shop.audit() == []


@pytest.mark.parametrize(
    ("outcome", "status", "left"),
    [("RESOLVED_SELLER_FAVOUR", "succeeded", 10_000), ("RESOLVED_BUYER_FAVOUR", "charged_back", 0)],
)
async def test_a_dispute_holds_the_money_until_it_is_decided(counter: Counter, outcome, status, left):
    started = await counter.start()
    counter.fake.pay(started.payment.provider_ref)
    await counter.settle()
    dispute = counter.fake.dispute(started.payment.provider_ref)
    await counter.settle()
    assert (await counter.payment(started.payment.id))["status"] == "disputed"
    assert (await counter.collected(), await counter.shop.balance("disputed:paypal")) == (0, 10_000)
    counter.fake.resolve(dispute["dispute_id"], outcome)
    await counter.settle()
    assert (await counter.payment(started.payment.id))["status"] == status
    assert await counter.collected() == left
    assert await counter.shop.audit() == []


async def test_case_29_what_paypal_knows_and_we_do_not_is_found_once_and_settled(counter: Counter):
    now = datetime.now(UTC)

    async def compared(*, fix: bool = False):
        gateway = counter.shop.house.gateways["paypal"]
        return await reconcile(counter.shop.house, gateway, now - timedelta(hours=1), now + timedelta(hours=1), fix=fix)

    paid, unheard = (await counter.start()).payment, (await counter.start()).payment
    counter.fake.pay(paid.provider_ref)
    await counter.settle()
    assert (await compared()).found == []
    counter.fake.refund_by_hand(paid.provider_ref, "30.00")
    gateway = counter.shop.house.gateways["paypal"]
    for reference in (unheard.provider_ref, (await gateway.create(free_amount(), key="not ours")).reference):
        counter.fake.pay(reference)
        await gateway.capture(reference, amount_minor=10_000, currency="USD", key=f"behind our back {reference}")
    counter.fake.deliveries.queue.clear()
    first, again = await compared(), await compared()
    assert [(len(one.found), one.new) for one in (first, again)] == [(3, 3), (3, 0)]
    left = (await compared(fix=True)).open
    assert [one.outcome for one in left] == ["no payment of ours: find out what it was for"]
    assert (await counter.payment(unheard.id))["status"] == "succeeded"
    assert (await counter.payment(paid.id))["status"] == "partially_refunded"


def free_amount() -> IntentRequest:
    return IntentRequest(uuid7(), 10_000, "USD", "of another shop", "http://127.0.0.1/back")
