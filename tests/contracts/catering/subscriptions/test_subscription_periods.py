"""The periods of a subscription at Stripe: each is one payment, whatever is told, in which order, or not at all."""

import random
from dataclasses import replace
from datetime import datetime

import pytest

from moorage.domains.bookings.errors import NotSupportedError
from moorage.journeys.audit_books import audit
from moorage.journeys.customers import provider_customer
from moorage.journeys.process_events import process_due_events
from moorage.journeys.start_subscription import SubscriptionStart, start_subscription
from moorage.kernel.db import Actor
from moorage.kernel.ids import uuid7
from tests.fakes.stripe import subscriptions
from tests.fakes.stripe.fixtures import stripe_gateway
from tests.fakes.stripe.state import RefusalError
from tests.support.subscribing import (
    DECLINED,
    begun,
    listed,
    ok,
    paid_on_the_page,
    priced,
    reconciled,
    sales,
    settle,
    subscribed,
)


async def test_each_period_is_one_payment_in_whatever_order_and_however_often_it_is_told(kitchen, stripe_fake, lunch):
    session = await begun(kitchen, lunch)
    await paid_on_the_page(session)
    [reference] = [one["id"] for one in stripe_fake.state.of("subscription")]
    for _ in range(2):
        stripe_fake.renew(reference)
    await settle(kitchen, stripe_fake, copies=3, shuffled=random.Random(3))
    payments = await listed(kitchen.client, "payments?payment_type=subscription&status=succeeded")
    assert [one["amount"] for one in payments] == [2_000] * 3
    assert len({one["provider_reference"] for one in payments}) == 3
    assert session["payment_id"] in {one["id"] for one in payments}
    assert await sales(kitchen) == 6_000
    [one] = await listed(kitchen.client, "subscriptions")
    assert {payment["subscription_id"] for payment in payments} == {one["id"]}
    there = stripe_fake.state.objects[reference]["items"]["data"][0]
    assert datetime.fromisoformat(one["current_period_end"]).timestamp() == there["current_period_end"]
    assert not await kitchen.superuser.fetch("SELECT FROM webhook_events WHERE status NOT IN ('processed', 'ignored')")
    assert await audit(kitchen.house) == []
    admin = await kitchen.sign_up(role="admin")
    body = {"payment_id": payments[0]["id"], "amount": "5.00", "reason": "customer_request"}
    assert ok(await admin.client.post("/api/stripe/refund", json=body))["status"] == "succeeded"
    await settle(kitchen, stripe_fake, shuffled=random.Random(4))
    assert await sales(kitchen) == 5_500
    assert await audit(kitchen.house) == []
    assert (await reconciled(kitchen)).open == []


async def test_a_refused_renewal_is_a_failed_payment_and_past_due_until_another_card_pays(kitchen, stripe_fake, lunch):
    reference = await subscribed(kitchen, stripe_fake, lunch)
    stripe_fake.renew(reference, DECLINED)
    await settle(kitchen, stripe_fake)
    [one] = await listed(kitchen.client, "subscriptions")
    [failed] = await listed(kitchen.client, "payments?status=failed")
    assert (one["status"], failed["failure_code"]) == ("past_due", "insufficient_funds")
    assert await sales(kitchen) == 2_000
    with pytest.raises(RefusalError):
        stripe_fake.retry_period(reference, DECLINED)
    stripe_fake.retry_period(reference, "4242424242424242")
    await settle(kitchen, stripe_fake, copies=2)
    [one] = await listed(kitchen.client, "subscriptions?status=active")
    payments = await listed(kitchen.client, "payments?payment_type=subscription")
    assert [(row["id"] == failed["id"], row["status"]) for row in payments] == [
        (True, "succeeded"),
        (False, "succeeded"),
    ]
    assert await sales(kitchen) == 4_000
    assert await audit(kitchen.house) == []


async def test_the_tax_that_stripe_finds_in_a_price_is_payable_and_goes_back_in_part(kitchen, stripe_town, lunch):
    taxing = stripe_gateway(stripe_town.base_url, automatic_tax=True, return_url=kitchen.house.public_url)
    house = replace(kitchen.house, gateways={**kitchen.house.gateways, "stripe": taxing})
    asking, back = Actor(user_id=kitchen.client.user_id), f"{kitchen.house.public_url}/thanks"
    with pytest.raises(NotSupportedError, match="Tax would be added"):
        await start_subscription(house, asking, SubscriptionStart(uuid7(), [lunch], asking.user_id))
    monthly = {"recurring[interval]": "month", "tax_behavior": "inclusive"}
    dinner = await priced(stripe_town, "Dinner", 6_000, **monthly)
    start = SubscriptionStart(uuid7(), [dinner], asking.user_id, return_url=back)
    started = await start_subscription(house, asking, start)
    await paid_on_the_page({"url": started.checkout_url})
    [reference] = [one["id"] for one in stripe_town.fake.state.of("subscription")]
    stripe_town.fake.renew(reference)
    await settle(kitchen, stripe_town.fake, shuffled=random.Random(7))
    payments = await listed(kitchen.client, "payments?status=succeeded")
    assert [(one["amount"], one["tax"]) for one in payments] == [(6_000, 1_000)] * 2
    assert await sales(kitchen) == 10_000
    admin = await kitchen.sign_up(role="admin")
    body = {"payment_id": payments[0]["id"], "amount": "30.00", "reason": "customer_request"}
    assert ok(await admin.client.post("/api/stripe/refund", json=body))["tax_cents"] == 500
    await settle(kitchen, stripe_town.fake)
    assert await sales(kitchen) == 7_500
    assert await audit(kitchen.house) == []
    await taxing.aclose()


async def test_what_was_subscribed_without_us_is_known_by_its_events_or_by_reconciling(kitchen, stripe_fake, lunch):
    customer = await provider_customer(kitchen.house, "stripe", kitchen.client.user_id)
    made = subscriptions.create(stripe_fake.state, customer, [{"price": lunch, "quantity": "3"}], {})
    subscriptions.settle(stripe_fake.state, made, "4242424242424242")
    stripe_fake.deliveries.queue.clear()  # none of it was delivered
    [found] = (await reconciled(kitchen, fix=True)).found
    assert (found.difference.kind, found.outcome) == ("missing_here", "fixed")
    [one] = await listed(kitchen.client, "subscriptions")
    assert (one["status"], one["amount"]) == ("active", 6_000)
    [payment] = await listed(kitchen.client, "payments")
    assert (payment["amount"], payment["payment_type"], payment["method"]) == (6_000, "subscription", "card")
    stripe_fake.renew(made["id"])
    await settle(kitchen, stripe_fake)
    assert len(await listed(kitchen.client, "payments?payment_type=subscription&status=succeeded")) == 2
    assert await audit(kitchen.house) == []
    assert (await reconciled(kitchen)).open == []


async def test_what_stripe_does_not_know_itself_is_passed_over_unless_it_may_be_money(kitchen, stripe_fake):
    of_none = {"type": "subscription_details", "subscription_details": {"subscription": "sub_none", "metadata": None}}
    stripe_fake.state.emit("customer.subscription.updated", {"id": "sub_none", "object": "subscription"})
    stripe_fake.state.emit("invoice.paid", {"id": "in_none", "object": "invoice", "parent": of_none})
    await stripe_fake.deliveries.deliver()
    await process_due_events(kitchen.house)
    stored = await kitchen.superuser.fetch("SELECT event_type, status FROM webhook_events ORDER BY event_type")
    assert [tuple(row) for row in stored] == [
        ("customer.subscription.updated", "ignored"),
        ("invoice.paid", "received"),
    ]
    stripe_fake.state.events.clear()  # made up, and so in no shape that Stripe publishes
