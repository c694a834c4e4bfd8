"""Bookings and free amounts paid at PayPal, from the approval to the ledger: webhooks go in, the books are checked."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from moorage.domains.payments.gateway import AmountNotSupportedError, ProviderDeclinedError
from moorage.domains.payments.gateway_values import IntentRequest
from moorage.journeys.capture_payment import cancel_payment, capture_payment
from moorage.journeys.process_events import process_due_events
from moorage.journeys.provider_calls import carry_out, recover_operations
from moorage.journeys.receive_event import poll_providers
from moorage.journeys.reconcile import reconcile
from moorage.journeys.refund_payment import refund_payment
from moorage.journeys.start_payment import PaymentStart, StartedPayment, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidStateError
from moorage.kernel.ids import uuid7
from tests.fakes.paypal.fake import PaypalFake
from tests.fakes.schemas import present
from tests.support.shop import Held, Shop


@dataclass
class Counter:
    """The shop and PayPal, with the worker's part in one call."""

    shop: Shop
    fake: PaypalFake

    async def settle(self) -> None:
        for _ in range(20):
            told = await self.fake.deliveries.deliver()
            planned = await self.shop.db.fetch("SELECT id FROM provider_operations WHERE status = 'planned'")
            for row in planned:
                await carry_out(self.shop.house, row["id"])
            if not (told or planned or await process_due_events(self.shop.house)):
                return

    async def held(self) -> Held:
        held = await self.shop.hold(provider="paypal")
        await carry_out(self.shop.house, held.operation_id)
        return held

    async def start(self, amount_minor: int = 10_000, **facts) -> StartedPayment:
        asked = PaymentStart(uuid7(), uuid7(), amount_minor, facts.pop("currency", "USD"), provider="paypal", **facts)
        return await start_payment(self.shop.house, SYSTEM, asked)

    async def reference(self, payment_id) -> str:
        return await self.shop.value("SELECT provider_ref FROM payments WHERE id = $1", payment_id)

    async def payment(self, payment_id):
        return await self.shop.db.fetchrow("SELECT * FROM payments WHERE id = $1", payment_id)

    async def collected(self) -> int:
        """What came in and is still here; PayPal keeps its fee of it."""
        return await self.shop.balance("clearing:paypal") + await self.shop.balance("provider_fees")

    async def give_back(self, payment_id, amount_minor: int | None = None, refund_id=None):
        facts = {"reason": "customer_request", "refund_id": refund_id or uuid7(), "notes": None}
        return await refund_payment(self.shop.house, SYSTEM, payment_id, amount_minor, **facts)


@pytest_asyncio.fixture
async def counter(shop: Shop, paypal, paypal_fake: PaypalFake):
    shop.house.gateways["paypal"] = paypal
    paypal_fake.sends_to(f"{shop.town.base_url}/webhooks/paypal")
    yield Counter(shop, paypal_fake)
    if present("paypal"):
        paypal_fake.check()


async def test_a_booking_is_paid_by_an_approval_that_we_then_collect(counter: Counter):
    held = await counter.held()
    reference = await counter.reference(held.payment_id)
    assert (await counter.shop.status(held)) == ("pending", "requires_action")
    counter.fake.pay(reference)
    await counter.settle()
    assert (await counter.shop.status(held)) == ("confirmed", "succeeded")
    kept = await counter.payment(held.payment_id)
    assert json.loads(kept["provider_ids"])["capture"] == counter.fake.capture_of(reference)
    assert (await counter.collected(), await counter.shop.balance("provider_fees")) == (8_000, 328)
    assert counter.fake.served.calls("POST", "/capture") == 1
    assert await counter.shop.audit() == []


async def test_case_1_one_event_fifty_times_is_one_payment(counter: Counter):
    held = await counter.held()
    counter.fake.pay(await counter.reference(held.payment_id))
    assert await counter.fake.deliveries.deliver(copies=50) == 50
    await counter.settle()
    assert await counter.shop.value("SELECT count(*) FROM webhook_events WHERE provider = 'paypal'") == 2
    assert counter.fake.served.calls("POST", "/capture") == 1
    assert counter.fake.served.calls("GET", "/v1/notifications/certs") == 1
    assert (await counter.shop.status(held)) == ("confirmed", "succeeded")


async def test_case_4_a_forged_event_is_refused_and_leaves_nothing(counter: Counter):
    held = await counter.held()
    counter.fake.pay(await counter.reference(held.payment_id))
    body = counter.fake.deliveries.queue[0]
    headers = {"content-type": "application/json", **counter.fake.sign(body)}
    forged = body.replace(b"80.00", b"80.01")
    for sent, told in ((forged, headers), (body, {"content-type": "application/json"})):
        refused = await counter.shop.town.payer.post("/webhooks/paypal", content=sent, headers=told)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_signature")
    assert await counter.shop.value("SELECT count(*) FROM webhook_events") == 0


async def test_case_9_what_was_never_delivered_is_read_from_the_list(counter: Counter):
    held = await counter.held()
    counter.fake.pay(await counter.reference(held.payment_id))
    counter.fake.deliveries.queue.clear()
    assert await poll_providers(counter.shop.house) == 1
    await counter.settle()
    counter.fake.deliveries.queue.clear()
    await poll_providers(counter.shop.house)
    assert (await counter.shop.status(held)) == ("confirmed", "succeeded")


@pytest.mark.parametrize("fault", ["lost_after", "500_after", "lost_before"])
async def test_case_11_an_answer_that_is_lost_collects_once(counter: Counter, fault):
    held = await counter.held()
    reference = await counter.reference(held.payment_id)
    counter.fake.fault(fault, method="POST", path="/capture")
    counter.fake.pay(reference)
    await counter.settle()
    counter.fake.deliveries.queue.clear()  # it is not the event that tells
    while (await counter.shop.status(held))[1] != "succeeded":
        await counter.shop.due_now()
        await recover_operations(counter.shop.house)
    assert len(counter.fake.books.captures) == 1
    assert (await counter.shop.status(held)) == ("confirmed", "succeeded")


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


async def test_a_sale_of_the_first_api_pays_what_its_own_id_names(counter: Counter):
    started = await counter.start()
    sale = {
        "id": "2FY57107YS3937627",
        "state": "completed",
        "amount": {"total": "100.00", "currency": "USD"},
        "custom": str(started.payment.id),
        "parent_payment": "PAY-2SV945219E505370PKVWL5DA",
    }
    counter.fake.books.emit("PAYMENT.SALE.COMPLETED", "sale", sale, "Payment completed for $ 100.00 USD")
    await counter.settle()
    assert (await counter.payment(started.payment.id))["status"] == "succeeded"
    assert await counter.collected() == 10_000


async def test_an_event_waits_at_paypal_while_its_certificate_cannot_be_had(counter: Counter):
    started = await counter.start()
    counter.fake.fault("500_before", path="/v1/notifications/certs")
    counter.fake.pay(started.payment.provider_ref)
    body = counter.fake.deliveries.queue[0]
    headers = {"content-type": "application/json", **counter.fake.sign(body)}
    refused = await counter.shop.town.payer.post("/webhooks/paypal", content=body, headers=headers)
    assert refused.status_code == 503
    assert await counter.shop.value("SELECT count(*) FROM webhook_rejections") == 0


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


async def test_case_18_amounts_that_paypal_cannot_take_are_refused_before_any_call(counter: Counter):
    with pytest.raises(AmountNotSupportedError):
        await counter.start(100_050, currency="HUF")
    assert counter.fake.served.calls() == 0
    started = await counter.start(100_000, currency="HUF")
    order = counter.fake.books.orders[started.payment.provider_ref]
    assert order.unit["amount"] == {"currency_code": "HUF", "value": "1000"}


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
