"""Payments at PayPal, from the approval to the ledger: webhooks go in, the books are checked."""

import json

import pytest

from moorage.domains.payments.gateway import AmountNotSupportedError
from moorage.journeys.provider_calls import recover_operations
from moorage.journeys.receive_event import poll_providers
from tests.support.paypal import Counter


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


async def test_case_18_amounts_that_paypal_cannot_take_are_refused_before_any_call(counter: Counter):
    with pytest.raises(AmountNotSupportedError):
        await counter.start(100_050, currency="HUF")
    assert counter.fake.served.calls() == 0
    started = await counter.start(100_000, currency="HUF")
    order = counter.fake.books.orders[started.payment.provider_ref]
    assert order.unit["amount"] == {"currency_code": "HUF", "value": "1000"}
