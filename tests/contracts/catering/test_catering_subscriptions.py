"""Subscriptions of the catering contract at Stripe: begun on its page, billed by the period, followed, ended."""

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from moorage.domains.bookings.errors import NotSupportedError
from moorage.journeys.audit_books import audit
from moorage.journeys.cancel_subscription import end_subscription
from moorage.journeys.customers import provider_customer
from moorage.journeys.portal_link import make_portal_link
from moorage.journeys.process_events import process_due_events
from moorage.journeys.provider_calls import recover_operations
from moorage.journeys.reconcile import reconcile
from moorage.journeys.start_subscription import SubscriptionStart, start_subscription
from moorage.kernel.db import Actor
from moorage.kernel.ids import uuid7
from tests.fakes.schemas import present
from tests.fakes.stripe import subscriptions
from tests.fakes.stripe.fake import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET
from tests.fakes.stripe.published import check_stripe
from tests.fakes.stripe.state import RefusalError

DECLINED = "4000 0000 0000 9995"


@pytest.fixture
def settings(settings, stripe_town):
    return settings.model_copy(
        update={
            "stripe_secret_key": SecretStr(SECRET_KEY),
            "stripe_publishable_key": PUBLISHABLE_KEY,
            "stripe_webhook_secret": SecretStr(WEBHOOK_SECRET),
            "stripe_base_url": stripe_town.base_url,
            "payment_provider": "stripe",
            "provider_timeout_s": 20.0,
        }
    )


@pytest.fixture
async def kitchen(practice, stripe_fake):
    """A kitchen whose payments go through Stripe, where it sells a lunch by the month for 20.00."""
    stripe_fake.deliveries.url = f"{practice.town.base_url}/api/stripe/webhook"
    yield practice
    await practice.house.gateways["stripe"].aclose()
    if present("stripe"):
        check_stripe(stripe_fake)


@pytest.fixture
async def lunch(stripe_town) -> str:
    """The monthly price of a lunch."""
    return await priced(stripe_town, "Lunch", **{"recurring[interval]": "month"})


async def priced(town, name: str, amount: int = 2_000, currency: str = "usd", **more) -> str:
    headers = {"Authorization": f"Bearer {SECRET_KEY}"}
    async with httpx.AsyncClient(base_url=town.base_url, headers=headers, trust_env=False) as stripe:
        product = (await stripe.post("/v1/products", data={"name": name})).json()
        price = {"product": product["id"], "unit_amount": amount, "currency": currency, **more}
        return (await stripe.post("/v1/prices", data=price)).json()["id"]


async def settle(kitchen, fake, *, copies: int = 1, shuffled: random.Random | None = None) -> None:
    """Webhooks and events, until nothing waits any more."""
    for _ in range(20):
        queued = len(fake.deliveries.queue)
        await fake.deliveries.deliver(copies=copies, shuffled=shuffled)
        await recover_operations(kitchen.house)
        await process_due_events(kitchen.house)
        waiting = "UPDATE webhook_events SET next_at = now() - interval '1 s' WHERE status = 'received' RETURNING id"
        if not (queued or await kitchen.superuser.fetch(waiting)):
            return
    raise AssertionError("events wait for ever")


def ok(answer, status: int = 200):
    assert answer.status_code == status, answer.text
    return answer.json()


async def begun(kitchen, *prices: str, **more):
    body = {"mode": "subscription", "price_ids": list(prices), **more}
    return ok(await kitchen.client.client.post("/api/stripe/create-checkout-session", json=body))


async def paid_on_the_page(session, card: str = "4242 4242 4242 4242") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as payer:
        return await payer.post(session["url"], data={"card": card})


async def subscribed(kitchen, fake, *prices: str) -> str:
    """A subscription that runs: the provider's id of it."""
    assert (await paid_on_the_page(await begun(kitchen, *prices))).status_code == 303
    await settle(kitchen, fake)
    [reference] = [one["id"] for one in fake.state.of("subscription")]
    return reference


async def listed(who, path: str):
    return ok(await who.client.get(f"/api/stripe/{path}"))["items"]


async def sales(kitchen) -> int:
    query = """
        SELECT coalesce(-sum(b.balance_minor), 0)::bigint FROM ledger_balances b
          JOIN ledger_accounts a ON a.no = b.account_no WHERE a.code = 'sales' AND a.currency = 'USD'
    """
    return await kitchen.superuser.fetchval(query)


async def reconciled(kitchen, *, fix: bool = False):
    now, day = kitchen.house.clock(), timedelta(days=1)
    return await reconcile(kitchen.house, kitchen.house.gateways["stripe"], now - day, now + day, fix=fix)


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


async def test_what_cannot_be_subscribed_to_is_refused(kitchen, stripe_town, lunch):
    once = await priced(stripe_town, "Cake")
    weekly = await priced(stripe_town, "Bread", **{"recurring[interval]": "week"})
    pounds = await priced(stripe_town, "Tea", currency="gbp", **{"recurring[interval]": "month"})
    post = kitchen.client.client.post
    for wrong, code in (
        ({"price_ids": ["price_of_nothing"]}, "unknown_price"),
        ({"price_ids": [once]}, "price_not_recurring"),
        ({"price_ids": [lunch, weekly]}, "price_not_recurring"),
        ({"price_ids": [lunch, pounds]}, "invalid_currency"),
        ({"line_items": [{"name": "x", "amount": 100}]}, "lines_required"),
        ({"price_ids": [lunch], "booking_id": str(uuid7())}, "not_supported"),
        ({"price_ids": [lunch], "success_url": "https://evil.example/"}, "return_url_not_allowed"),
    ):
        answer = await post("/api/stripe/create-checkout-session", json={"mode": "subscription", **wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, code), wrong
    assert await listed(kitchen.client, "payments") == []
    by_hand = replace(kitchen.house, terms=replace(kitchen.house.terms, default_provider="manual"))
    start = SubscriptionStart(uuid7(), [lunch], kitchen.client.user_id)
    with pytest.raises(NotSupportedError, match="manual does not"):
        await start_subscription(by_hand, Actor(user_id=kitchen.client.user_id), start)
