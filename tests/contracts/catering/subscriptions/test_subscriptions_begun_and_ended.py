"""Subscriptions of the catering contract at Stripe: begun on its page, refused, ended."""

import json
from dataclasses import replace

import httpx
import pytest

from moorage.domains.bookings.errors import NotSupportedError
from moorage.journeys.audit_books import audit
from moorage.journeys.cancel_subscription import end_subscription
from moorage.journeys.portal_link import make_portal_link
from moorage.journeys.start_subscription import SubscriptionStart, start_subscription
from moorage.kernel.db import Actor
from moorage.kernel.ids import uuid7
from tests.support.subscribing import (
    DECLINED,
    begun,
    listed,
    ok,
    paid_on_the_page,
    priced,
    sales,
    settle,
    subscribed,
)


async def test_a_subscription_is_begun_on_stripes_page_and_its_first_period_is_a_payment(kitchen, stripe_fake, lunch):
    session = await begun(kitchen, lunch, lunch)
    assert session["session_id"].startswith("cs_")
    assert session["expires_at"]
    assert (await paid_on_the_page(session)).status_code == 303
    await settle(kitchen, stripe_fake, copies=2)
    [one] = await listed(kitchen.client, "subscriptions")
    assert (one["status"], one["amount"], one["currency"], one["interval"]) == ("active", 4_000, "USD", "month")
    assert one["items"] == [{"price_id": lunch, "name": "Lunch", "amount": 2_000, "quantity": 2}]
    assert one["customer_id"] == str(kitchen.client.user_id)
    [payment] = await listed(kitchen.client, "payments?payment_type=subscription")
    assert (payment["id"], payment["status"], payment["amount"]) == (session["payment_id"], "succeeded", 4_000)
    assert (payment["subscription_id"], payment["fee"]) == (one["id"], 146)
    assert await sales(kitchen) == 4_000
    assert await audit(kitchen.house) == []
    stranger = await kitchen.sign_up()
    assert await listed(stranger, "subscriptions") == []
    assert await listed(await kitchen.sign_up(role="admin"), "subscriptions?status=active") == [one]


async def test_a_card_that_is_refused_on_the_page_leaves_it_open_for_another(kitchen, stripe_fake, lunch):
    session = await begun(kitchen, lunch)
    assert "declined" in (await paid_on_the_page(session, DECLINED)).text
    await settle(kitchen, stripe_fake)
    [payment] = await listed(kitchen.client, "payments")
    assert (payment["id"], payment["status"]) == (session["payment_id"], "failed")
    [one] = await listed(kitchen.client, "subscriptions")
    assert one["status"] == "incomplete"
    challenged = await paid_on_the_page(session, "4000 0027 6000 3184")
    assert "bank" in challenged.text
    async with httpx.AsyncClient(trust_env=False) as payer:
        assert (await payer.post(session["url"], data={"challenge": "pass"})).status_code == 303
    await settle(kitchen, stripe_fake)
    [payment] = await listed(kitchen.client, "payments?status=succeeded")
    assert payment["id"] == session["payment_id"]
    assert (await listed(kitchen.client, "subscriptions"))[0]["status"] == "active"
    assert await audit(kitchen.house) == []


async def test_a_subscription_ends_with_its_period_or_now_and_only_for_whose_it_is(kitchen, stripe_fake, lunch):
    reference = await subscribed(kitchen, stripe_fake, lunch)
    [one] = await listed(kitchen.client, "subscriptions")
    path = f"/api/stripe/subscriptions/{one['id']}/cancel"
    stranger = await kitchen.sign_up()
    assert (await stranger.client.post(path)).status_code == 404
    ending = ok(await kitchen.client.client.post(path))
    assert (ending["status"], ending["cancel_at_period_end"], ending["ending"]) == ("active", True, None)
    assert ok(await kitchen.client.client.post(path, json={}))["canceled_at"] == ending["canceled_at"]
    stripe_fake.renew(reference)
    await settle(kitchen, stripe_fake)
    [over] = await listed(kitchen.client, "subscriptions")
    assert (over["status"], over["ended_at"] is None) == ("canceled", False)
    assert len(await listed(kitchen.client, "payments")) == 1
    late = await kitchen.client.client.post(path)
    assert (late.status_code, late.json()["code"]) == (409, "invalid_state")


async def test_an_end_that_stripe_did_not_answer_is_told_again(kitchen, stripe_fake, lunch):
    reference = await subscribed(kitchen, stripe_fake, lunch)
    [one] = await listed(kitchen.client, "subscriptions")
    stripe_fake.served.fault("lost_after", method="DELETE")
    admin = await kitchen.sign_up(role="admin")
    path = f"/api/stripe/subscriptions/{one['id']}/cancel"
    unknown = ok(await admin.client.post(path, json={"at_period_end": False}), 202)
    assert (unknown["status"], unknown["ending"]) == ("active", "now")
    [job] = await kitchen.superuser.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'end_subscription'")
    await end_subscription(kitchen.house, json.loads(job["payload"]))
    [over] = await listed(kitchen.client, "subscriptions")
    assert (over["status"], over["ending"]) == ("canceled", None)
    assert stripe_fake.state.objects[reference]["status"] == "canceled"
    await settle(kitchen, stripe_fake)
    assert (await listed(kitchen.client, "subscriptions")) == [over]


async def test_the_portal_shows_and_ends_what_is_ones_own(kitchen, stripe_fake, lunch):
    await subscribed(kitchen, stripe_fake, lunch)
    [one] = await listed(kitchen.client, "subscriptions")
    portal = (await make_portal_link(kitchen.house, kitchen.client.email)).removeprefix(kitchen.house.public_url)
    shown = (await kitchen.anybody.get(portal)).text
    assert ("$20.00 every month" in shown, "paid again on" in shown) == (True, True)
    others = (await make_portal_link(kitchen.house, "who@example.com")).removeprefix(kitchen.house.public_url)
    form = {"subscription": one["id"]}
    assert (await kitchen.anybody.post(f"{others}/end", data=form)).status_code == 404
    assert (await kitchen.anybody.post(f"{portal}/end", data=form)).status_code == 303
    shown = (await kitchen.anybody.get(portal)).text
    assert ("ends on" in shown, "End it" in shown) == (True, False)
    await kitchen.superuser.execute("UPDATE subscriptions SET user_id = NULL, email = 'Ann@example.com'")
    anns = (await make_portal_link(kitchen.house, "ann@example.com")).removeprefix(kitchen.house.public_url)
    assert "$20.00 every month" in (await kitchen.anybody.get(anns)).text
    for stranger in (others, portal):
        assert "every month" not in (await kitchen.anybody.get(stranger)).text
    await kitchen.superuser.execute("UPDATE subscriptions SET user_id = $1", kitchen.client.user_id)
    assert (await listed(kitchen.client, "subscriptions"))[0]["cancel_at_period_end"] is True


async def test_what_cannot_be_subscribed_to_is_refused(kitchen, stripe_town, lunch):
    once = await priced(stripe_town, "Cake")
    weekly = await priced(stripe_town, "Bread", **{"recurring[interval]": "week"})
    pounds = await priced(stripe_town, "Tea", currency="gbp", **{"recurring[interval]": "month"})
    post = kitchen.client.client.post
    for wrong, code in (
        ({"price_ids": ["price_of_nothing"]}, "unknown_price"),
        ({"price_ids": [".."]}, "unknown_price"),
        ({"price_ids": [once]}, "price_not_recurring"),
        ({"price_ids": [lunch, weekly]}, "price_not_recurring"),
        ({"price_ids": [lunch, pounds]}, "invalid_currency"),
        ({"line_items": [{"name": "x", "amount": 100}]}, "lines_required"),
        ({"price_ids": [lunch], "booking_id": str(uuid7())}, "not_supported"),
        ({"price_ids": [lunch], "success_url": "https://evil.example/"}, "return_url_not_allowed"),
    ):
        answer = await post("/api/stripe/create-checkout-session", json={"mode": "subscription", **wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, code), wrong
    stripe_town.fake.served.fault("500_before", path="/v1/prices")
    answer = await post("/api/stripe/create-checkout-session", json={"mode": "subscription", "price_ids": [lunch]})
    assert answer.status_code == 503
    assert await listed(kitchen.client, "payments") == []
    by_hand = replace(kitchen.house, terms=replace(kitchen.house.terms, default_provider="manual"))
    start = SubscriptionStart(uuid7(), [lunch], kitchen.client.user_id)
    with pytest.raises(NotSupportedError, match="manual does not"):
        await start_subscription(by_hand, Actor(user_id=kitchen.client.user_id), start)
