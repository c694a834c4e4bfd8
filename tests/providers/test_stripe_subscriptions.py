"""Subscriptions at Stripe's fake: by the official SDK, by our adapter, and in the shapes that Stripe has today."""

from datetime import UTC, datetime

import pytest
import stripe

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payments.gateway_values import Line
from moorage.domains.payments.recurring import SubscriptionGateway
from moorage.kernel.ids import uuid7
from moorage.providers.stripe.subscriptions import _to_subscription
from tests.fakes.schemas import load, needs_specs, present
from tests.fakes.stripe.fake import SECRET_KEY
from tests.fakes.stripe.published import check_stripe
from tests.fakes.stripe.state import RefusalError

pytestmark = pytest.mark.usefixtures("kept_to_what_stripe_publishes")


@pytest.fixture
def kept_to_what_stripe_publishes(stripe_town):
    yield
    if present("stripe"):
        check_stripe(stripe_town.fake)


@pytest.fixture
async def sdk(stripe_town):
    http = stripe.HTTPXClient()
    yield stripe.StripeClient(SECRET_KEY, base_addresses={"api": stripe_town.base_url}, http_client=http).v1
    await http.close_async()


@pytest.fixture
async def monthly(sdk):
    """A price of 20.00 a month."""
    return await priced(sdk, recurring={"interval": "month"})


async def priced(sdk, name="Lunch", **more):
    product = await sdk.products.create_async({"name": name})
    return await sdk.prices.create_async({"product": product.id, "currency": "usd", "unit_amount": 2_000, **more})


async def begun(town, price, quantity=1, **changes):
    """A session of ours for `price`, and what it is for."""
    request = town.request(
        2_000 * quantity,
        "USD",
        mode="subscription",
        subscription_id=uuid7(),
        lines=(Line("Lunch", 2_000, quantity, price=price),),
        **changes,
    )
    return request, await town.gateway.create(request, key=str(request.payment_id))


async def test_the_official_sdk_subscribes_renews_is_refused_and_cancels(sdk, stripe_town, monthly):
    fake = stripe_town.fake
    session = await sdk.checkout.sessions.create_async(
        {
            "mode": "subscription",
            "line_items": [{"price": monthly.id, "quantity": 2}],
            "customer_email": "ann@example.test",
            "success_url": "https://moorage.test/back",
            "subscription_data": {"metadata": {"lunch": "yes"}},
        }
    )
    assert (session.amount_total, session.payment_intent, session.subscription) == (4_000, None, None)
    fake.pay(session.id)
    session = await sdk.checkout.sessions.retrieve_async(session.id, {"expand": ["subscription", "invoice"]})
    assert (session.payment_status, session.subscription.status, session.invoice.status) == ("paid", "active", "paid")
    assert session.subscription.metadata["lunch"] == "yes"
    details = session.invoice.parent.subscription_details
    assert (details.subscription, details.metadata["lunch"]) == (session.subscription.id, "yes")
    [paid] = (await sdk.invoice_payments.list_async({"invoice": session.invoice.id})).data
    intent = await sdk.payment_intents.retrieve_async(paid.payment.payment_intent)
    assert (paid.status, intent.amount_received, intent.customer) == ("paid", 4_000, session.customer)
    fake.renew(session.subscription.id)
    fake.renew(session.subscription.id, "4000000000009995")
    now = await sdk.subscriptions.retrieve_async(session.subscription.id)
    assert now.status == "past_due"
    with pytest.raises(RefusalError):
        fake.retry_period(now.id, "4000000000000002")
    ending = await sdk.subscriptions.update_async(now.id, {"cancel_at_period_end": True})
    assert ending.cancel_at == ending["items"].data[0].current_period_end
    assert (await sdk.subscriptions.cancel_async(now.id)).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await sdk.subscriptions.cancel_async(now.id)
    assert refusal.value.code == "resource_missing"
    told = [event["type"] for event in fake.state.events]
    assert told.count("invoice.paid") == told.count("invoice.payment_succeeded") == 2
    assert told.count("invoice.payment_failed") == 2
    assert told[-1] == "customer.subscription.deleted"


@needs_specs("stripe")
async def test_what_the_fake_says_has_todays_shape(sdk, stripe_town, monthly):
    _, made = await begun(stripe_town, monthly.id, payer_email="ann@example.test")
    stripe_town.fake.pay(made.reference)
    today = load("stripe", "fixtures3-2026-08-21.json")["resources"]
    for kind in ("subscription", "invoice", "customer", "price", "checkout.session"):
        [one] = stripe_town.fake.state.of(kind)
        unknown = set(one) - set(today[kind]) - {"payments"}  # which is told where it is asked for
        assert not unknown, kind
    [one] = stripe_town.fake.state.of("subscription")
    item = one["items"]["data"][0]
    assert set(item) <= set(today["subscription_item"])
    [invoice] = stripe_town.fake.state.of("invoice")
    assert set(invoice["payments"]["data"][0]) <= set(today["invoice_payment"])
    assert set(invoice["lines"]["data"][0]) <= set(today["line_item"])


@needs_specs("stripe")
def test_todays_own_example_of_a_subscription_is_understood():
    thing = load("stripe", "fixtures3-2026-08-21.json")["resources"]["subscription"]
    told = _to_subscription(thing)
    assert (told.status, told.amount_minor, told.currency, told.interval) == ("active", 2_000, "USD", "month")
    of_old = {**thing, "current_period_start": 1, "current_period_end": 2}
    of_old["items"] = {
        "data": [{**thing["items"]["data"][0], "current_period_start": None, "current_period_end": None}]
    }
    ends = _to_subscription(of_old).period_ends_at
    assert ends == datetime.fromtimestamp(2, UTC)


async def test_a_price_is_read_with_its_period_and_what_has_no_one_amount_says_so(sdk, stripe_town, monthly):
    gateway: SubscriptionGateway = stripe_town.gateway
    once = await priced(sdk, "Cake", tax_behavior="inclusive")
    used = await priced(sdk, "Water", recurring={"interval": "week", "interval_count": 2, "usage_type": "metered"})
    await sdk.prices.update_async(once.id, {"active": False})
    first, second, third = await gateway.plans([monthly.id, once.id, used.id])
    assert (first.name, first.amount_minor, first.currency, first.interval) == ("Lunch", 2_000, "USD", "month")
    assert (first.tax_included, second.tax_included) == (None, True)
    assert (second.interval, second.is_active) == (None, False)
    assert (third.amount_minor, third.interval, third.interval_count) == (None, "week", 2)
    with pytest.raises(ProviderDeclinedError):
        await gateway.plans(["price_none"])


async def test_the_first_period_is_found_by_its_session_its_invoice_and_its_payment(stripe_town, monthly):
    gateway: SubscriptionGateway = stripe_town.gateway
    request, made = await begun(stripe_town, monthly.id, 2)
    assert (made.reference[:3], made.status, made.amount_minor) == ("cs_", "pending", 4_000)
    assert await stripe_town.gateway.find(request.payment_id) == made
    stripe_town.fake.pay(made.reference)
    paid = await stripe_town.gateway.fetch(made.reference)
    assert (paid.status, paid.ids["payment_intent"][:3]) == ("succeeded", "pi_")
    period = await gateway.fetch_period(paid.ids["invoice"])
    assert period is not None
    assert (period.status, period.amount_minor, period.is_first) == ("succeeded", 4_000, True)
    assert period.subscription == paid.ids["subscription"]
    assert await gateway.period_paid_by(paid.ids["payment_intent"]) == period
    told = await gateway.fetch_subscription(period.subscription)
    assert (told.subscription_id, told.status, told.amount_minor) == (request.subscription_id, "active", 4_000)
    assert (period.starts_at, period.ends_at) == (told.period_starts_at, told.period_ends_at)
    refund = await stripe_town.gateway.refund(
        made.reference, refund_id=uuid7(), amount_minor=500, currency="USD", key="part"
    )
    assert refund.status == "succeeded"


async def test_what_is_no_period_of_a_subscription_is_none(stripe_town):
    intent = await stripe_town.gateway.create(stripe_town.request(), key="one")
    assert await stripe_town.gateway.period_paid_by(intent.reference) is None
    assert await stripe_town.gateway.period_paid_by("cs_1") is None


async def test_a_subscription_is_ended_once_whatever_was_answered(stripe_town, monthly):
    gateway: SubscriptionGateway = stripe_town.gateway
    _, made = await begun(stripe_town, monthly.id)
    stripe_town.fake.pay(made.reference)
    [reference] = [one["id"] for one in stripe_town.fake.state.of("subscription")]
    ending = await gateway.cancel_subscription(reference, at_period_end=True, key="end")
    assert (ending.status, ending.cancel_at_period_end) == ("active", True)
    stripe_town.fake.served.fault("lost_after", method="DELETE")
    with pytest.raises(OutcomeUnknownError):
        await gateway.cancel_subscription(reference, at_period_end=False, key="now")
    for at_period_end in (False, True):
        over = await gateway.cancel_subscription(reference, at_period_end=at_period_end, key="again")
        assert over.status == "canceled"
    with pytest.raises(ProviderDeclinedError):
        await gateway.cancel_subscription("sub_none", at_period_end=False, key="none")
