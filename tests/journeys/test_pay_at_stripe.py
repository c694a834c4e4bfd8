"""Booking and paying with Stripe on the other side, its webhooks coming to our own endpoint."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from moorage.domains.payments.errors import RefundExceedsPaymentError
from moorage.domains.payments.gateway_values import Line
from moorage.journeys.audit_books import audit
from moorage.journeys.capture_payment import cancel_payment, capture_payment
from moorage.journeys.process_events import process_due_events
from moorage.journeys.receive_event import poll_providers
from moorage.journeys.reconcile import reconcile
from moorage.journeys.refund_payment import refund_payment
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidStateError
from moorage.kernel.ids import uuid7
from tests.builders.money import balance
from tests.fakes.stripe.disputes import FEE
from tests.support.bookings import start_at
from tests.support.far_side import booking_and_payment, settle
from tests.support.stripe import paying_at_stripe


@pytest.fixture
def settings(settings, stripe_town):
    return paying_at_stripe(settings, stripe_town)


@pytest.fixture
def shop(practice_at_stripe):
    return practice_at_stripe


async def payment(shop, payment_id):
    return await shop.superuser.fetchrow("SELECT * FROM payments WHERE id = $1", payment_id)


async def nothing_waits(shop) -> bool:
    """Whether every event is done with."""
    return not await shop.superuser.fetch("SELECT * FROM webhook_events WHERE status NOT IN ('processed', 'ignored')")


async def test_a_booking_is_paid_by_card_at_stripe_and_given_back(shop, stripe_fake):
    booking = await shop.book(start_at(9))
    await settle(shop, stripe_fake)
    body = {"payment_id": booking["payment"]["id"], "payment_method": "pm_card_chargeDeclined"}
    refused = await shop.client.client.post("/api/v1/payments/confirm/", json=body)
    assert (refused.status_code, refused.json()["errors"]["code"]) == (422, "provider_declined")
    answer = await shop.client.client.post("/api/v1/payments/confirm/", json={**body, "payment_method": "pm_card_visa"})
    assert answer.status_code == 200, answer.text
    await settle(shop, stripe_fake, copies=3)
    assert await booking_and_payment(shop, booking) == ("confirmed", "succeeded", "stripe")
    assert (await payment(shop, UUID(booking["payment"]["id"])))["fee_minor"] == 262  # 2.9 per cent of 80.00 and 0.30
    await shop.act(booking, "cancel", reason="ill")
    await settle(shop, stripe_fake)
    assert await booking_and_payment(shop, booking) == ("cancelled", "refunded", "stripe")
    assert sum(one["amount"] for one in stripe_fake.state.of("refund")) == 8_000
    assert await audit(shop.house) == []


async def test_a_deposit_on_stripes_page_settles_in_any_order_and_part_of_it_goes_back(shop, stripe_fake):
    lines = (Line("Dinner for four", 2_000, 4), Line("Travel", 2_000))
    start = PaymentStart(uuid7(), uuid7(), 10_000, "USD", mode="checkout", lines=lines, payer_email="ann@example.test")
    started = await start_payment(shop.house, SYSTEM, start)
    async with httpx.AsyncClient(trust_env=False) as payer:
        declined = await payer.post(started.checkout_url, data={"card": "4000 0000 0000 0002"})
        assert "declined" in declined.text
        paid = await payer.post(started.checkout_url, data={"card": "4242 4242 4242 4242"})
    assert paid.status_code == 303
    stripe_fake.deliveries.queue.reverse()
    await settle(shop, stripe_fake)
    row = await payment(shop, start.payment_id)
    assert (row["status"], row["provider_ref"][:3], row["amount_minor"]) == ("succeeded", "cs_", 10_000)
    refund = await refund_payment(
        shop.house, SYSTEM, start.payment_id, 5_000, reason="customer_request", refund_id=uuid7()
    )
    assert refund.status == "succeeded"
    await settle(shop, stripe_fake)
    with pytest.raises(RefundExceedsPaymentError):
        await refund_payment(shop.house, SYSTEM, start.payment_id, 5_001, reason="other", refund_id=uuid7())
    assert (await payment(shop, start.payment_id))["refunded_minor"] == 5_000
    assert len(list(stripe_fake.state.of("refund"))) == 1
    assert await audit(shop.house) == []


async def test_case_14_what_stripe_reserved_is_collected_in_part_or_given_up(shop, stripe_fake):
    start = PaymentStart(uuid7(), uuid7(), 10_000, "USD", capture="manual")
    started = await start_payment(shop.house, SYSTEM, start)
    stripe_fake.pay(started.payment.provider_ref)
    await settle(shop, stripe_fake)
    after = await capture_payment(shop.house, SYSTEM, start.payment_id, 6_000)
    assert (after.status, after.amount_minor) == ("succeeded", 6_000)
    await settle(shop, stripe_fake)
    with pytest.raises(InvalidStateError):
        await cancel_payment(shop.house, SYSTEM, start.payment_id)
    assert [one["amount"] for one in stripe_fake.state.of("refund")] == [4_000]  # so Stripe tells what it released
    assert (await payment(shop, start.payment_id))["refunded_minor"] == 0
    stripe_fake.refund_in_dashboard(started.payment.provider_ref, 4_000)
    await settle(shop, stripe_fake)
    assert (await payment(shop, start.payment_id))["refunded_minor"] == 4_000
    start = PaymentStart(uuid7(), uuid7(), 10_000, "USD", capture="manual")
    started = await start_payment(shop.house, SYSTEM, start)
    stripe_fake.pay(started.payment.provider_ref)
    await settle(shop, stripe_fake)
    await cancel_payment(shop.house, SYSTEM, start.payment_id)
    await settle(shop, stripe_fake)
    row = await payment(shop, start.payment_id)
    assert (row["status"], row["refunded_minor"]) == ("canceled", 0)
    assert await nothing_waits(shop)
    since = datetime.now(UTC) - timedelta(hours=1)
    found = await reconcile(shop.house, shop.house.gateways["stripe"], since, since + timedelta(hours=2))
    assert found.found == []
    assert await audit(shop.house) == []


async def test_cases_9_and_17_what_was_never_delivered_is_polled_and_counts_once(shop, stripe_fake):
    start = PaymentStart(uuid7(), uuid7(), 4_000, "USD")
    started = await start_payment(shop.house, SYSTEM, start)
    stripe_fake.pay(started.payment.provider_ref)
    stripe_fake.refund_in_dashboard(started.payment.provider_ref, 1_500)
    stripe_fake.deliveries.queue.clear()  # nothing is ever delivered
    assert await poll_providers(shop.house) == len(stripe_fake.state.events)
    await settle(shop, stripe_fake)
    assert await poll_providers(shop.house) == 0
    row = await payment(shop, start.payment_id)
    assert (row["status"], row["refunded_minor"]) == ("partially_refunded", 1_500)
    assert await audit(shop.house) == []


async def test_case_29_stripes_books_and_ours_agree_until_something_was_never_told(shop, stripe_fake):
    gateway, since = shop.house.gateways["stripe"], datetime.now(UTC) - timedelta(hours=1)
    references = []
    for mode in ("intent", "checkout"):
        start = PaymentStart(uuid7(), uuid7(), 4_000, "USD", mode=mode)
        references.append((await start_payment(shop.house, SYSTEM, start)).payment.provider_ref)
        stripe_fake.pay(references[-1])
    await settle(shop, stripe_fake)
    until = datetime.now(UTC) + timedelta(hours=1)
    assert (await reconcile(shop.house, gateway, since, until)).found == []
    stripe_fake.refund_in_dashboard(references[0], 1_500)
    stripe_fake.deliveries.queue.clear()
    first = await reconcile(shop.house, gateway, since, until)
    again = await reconcile(shop.house, gateway, since, until, fix=True)
    assert ([one.difference.kind for one in first.found], first.new, again.new) == (["missing_here"], 1, 0)
    assert again.open == []
    assert (await reconcile(shop.house, gateway, since, until)).found == []
    assert await audit(shop.house) == []


async def test_a_refund_that_is_heard_of_before_its_payment_waits_for_it(shop, stripe_fake):
    start = PaymentStart(uuid7(), uuid7(), 4_000, "USD")
    started = await start_payment(shop.house, SYSTEM, start)
    stripe_fake.pay(started.payment.provider_ref)
    stripe_fake.refund_in_dashboard(started.payment.provider_ref)
    told = list(stripe_fake.deliveries.queue)
    stripe_fake.deliveries.queue.clear()
    stripe_fake.deliveries.queue.extend(body for body in told if b'"type":"refund.' in body)
    await stripe_fake.deliveries.deliver()
    await process_due_events(shop.house)
    assert (await payment(shop, start.payment_id))["status"] == "pending"
    stripe_fake.deliveries.queue.extend(told)
    await settle(shop, stripe_fake)
    assert (await payment(shop, start.payment_id))["status"] == "refunded"
    assert await audit(shop.house) == []


async def test_case_16_a_refund_that_comes_back_is_ours_again(shop, stripe_fake):
    start = PaymentStart(uuid7(), uuid7(), 10_000, "USD")
    started = await start_payment(shop.house, SYSTEM, start)
    stripe_fake.pay(started.payment.provider_ref, "4000000000005126")
    await settle(shop, stripe_fake)
    await refund_payment(shop.house, SYSTEM, start.payment_id, 4_000, reason="other", refund_id=uuid7())
    await settle(shop, stripe_fake)
    assert (await payment(shop, start.payment_id))["refunded_minor"] == 4_000
    stripe_fake.ripen()
    await settle(shop, stripe_fake)
    row = await payment(shop, start.payment_id)
    assert (row["status"], row["refunded_minor"], row["refund_pending_minor"]) == ("succeeded", 0, 0)
    assert await audit(shop.house) == []


async def test_a_dispute_holds_the_money_until_it_is_decided(shop, stripe_fake):
    for won, status in ((True, "succeeded"), (False, "charged_back")):
        start = PaymentStart(uuid7(), uuid7(), 3_000, "USD", mode="checkout")
        started = await start_payment(shop.house, SYSTEM, start)
        stripe_fake.pay(started.payment.provider_ref, "4000000000000259")
        await settle(shop, stripe_fake)
        row = await payment(shop, start.payment_id)
        assert (row["status"], row["disputed_minor"]) == ("disputed", 3_000)
        (dispute,) = [one for one in stripe_fake.state.of("dispute") if one["status"] == "needs_response"]
        kept = await balance(shop.superuser, "provider_fees")
        stripe_fake.decide_dispute(dispute["id"], won=won)
        await settle(shop, stripe_fake)
        assert (await payment(shop, start.payment_id))["status"] == status
        assert await balance(shop.superuser, "provider_fees") == kept - (FEE if won else 0)
    assert await shop.superuser.fetchval("SELECT DISTINCT reason FROM disputes") == "fraudulent"
    fees = sum(line["fee"] for line in stripe_fake.state.of("balance_transaction"))
    assert await balance(shop.superuser, "provider_fees") == fees == 2 * 117 + FEE
    assert await balance(shop.superuser, "clearing:stripe") == stripe_fake.state.available["usd"]
    assert await audit(shop.house) == []


async def test_the_fees_of_a_dispute_are_posted_once_in_any_order(shop, stripe_fake):
    start = PaymentStart(uuid7(), uuid7(), 3_000, "USD", mode="checkout")
    started = await start_payment(shop.house, SYSTEM, start)
    stripe_fake.pay(started.payment.provider_ref, "4000000000000259")
    (dispute,) = stripe_fake.state.of("dispute")
    stripe_fake.decide_dispute(dispute["id"], won=True)
    stripe_fake.deliveries.queue.reverse()
    await settle(shop, stripe_fake, copies=2)
    assert await shop.superuser.fetchval("SELECT count(*) FROM ledger_transactions WHERE kind = 'dispute_fee'") == 2
    assert await balance(shop.superuser, "provider_fees") == 117
    assert await nothing_waits(shop)
    assert await audit(shop.house) == []


async def test_a_fee_is_posted_in_the_currency_that_stripe_keeps_it_in(shop, stripe_fake):
    stripe_fake.state.settles_in = "usd"
    start = PaymentStart(uuid7(), uuid7(), 3_000, "EUR", mode="checkout")
    started = await start_payment(shop.house, SYSTEM, start)
    stripe_fake.pay(started.payment.provider_ref, "4000000000000259")
    await settle(shop, stripe_fake)
    row = await payment(shop, start.payment_id)
    assert (row["fee_minor"], row["fee_currency"]) == (146, "USD")  # 2.9 per cent and 0.30 in EUR, at 1.25
    assert await balance(shop.superuser, "provider_fees", "USD") == 146 + 1_875
    assert await balance(shop.superuser, "provider_fees", "EUR") == 0
    assert await audit(shop.house) == []


async def test_case_11_a_payment_whose_answer_was_lost_is_found_and_made_once(shop, stripe_fake):
    stripe_fake.served.fault("lost_after", method="POST", path="/v1/payment_intents")
    booking = await shop.book(start_at(11))
    for _ in range(3):
        await settle(shop, stripe_fake)
        await shop.superuser.execute("UPDATE provider_operations SET next_at = now() - interval '1 minute'")
    assert len(list(stripe_fake.state.of("payment_intent"))) == 1
    body = {"payment_id": booking["payment"]["id"], "payment_method": "pm_card_visa"}
    stripe_fake.served.fault("500_after", path="/confirm")
    unknown = await shop.client.client.post("/api/v1/payments/confirm/", json=body)
    assert unknown.status_code == 202, unknown.text
    await shop.superuser.execute("UPDATE provider_operations SET next_at = now() - interval '1 minute'")
    await settle(shop, stripe_fake)
    assert await booking_and_payment(shop, booking) == ("confirmed", "succeeded", "stripe")
    assert len(list(stripe_fake.state.of("charge"))) == 1
    assert await audit(shop.house) == []


async def test_cases_4_and_5_a_forged_or_old_delivery_is_refused_and_nothing_is_stored(shop, stripe_fake):
    body = b'{"id":"evt_forged","object":"event","type":"payment_intent.succeeded"}'
    now = int(datetime.now(UTC).timestamp())
    for headers in (
        stripe_fake.sign(body + b" "),
        stripe_fake.sign(body, now - 310),
        stripe_fake.sign(body, now + 310),
        {},
    ):
        answer = await shop.town.payer.post("/webhooks/stripe", content=body, headers=dict(headers))
        assert answer.status_code == 400
    assert await shop.superuser.fetchval("SELECT count(*) FROM webhook_events") == 0
    assert (await shop.town.payer.post("/webhooks/square", content=body)).status_code == 404
