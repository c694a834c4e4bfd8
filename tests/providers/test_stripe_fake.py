"""Stripe's fake, asked by the official SDK itself: what it does is Stripe's way, not only ours."""

import asyncio

import httpx
import pytest
import stripe

from tests.fakes.schemas import needs_specs
from tests.fakes.stripe.fake import SECRET_KEY, WEBHOOK_SECRET
from tests.fakes.stripe.published import check_stripe

INTENT = {"amount": 2_000, "currency": "usd", "automatic_payment_methods": {"enabled": True}}


@pytest.fixture
async def sdk(stripe_town):
    http = stripe.HTTPXClient()
    yield stripe.StripeClient(SECRET_KEY, base_addresses={"api": stripe_town.base_url}, http_client=http).v1
    await http.close_async()


@pytest.fixture
async def line(stripe_town):
    """Requests as they go over the line."""
    headers = {"Authorization": f"Bearer {SECRET_KEY}"}
    async with httpx.AsyncClient(base_url=stripe_town.base_url, headers=headers, trust_env=False) as client:
        yield client


def keyed(key):
    return {"idempotency_key": key}


@needs_specs("stripe")
async def test_the_official_sdk_pays_refunds_and_reads_it_all_back(sdk, stripe_town):
    customer = await sdk.customers.create_async({"email": "ann@example.test"})
    intent = await sdk.payment_intents.create_async({**INTENT, "customer": customer.id}, keyed("one"))
    assert intent.status == "requires_payment_method"
    done = await sdk.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    assert (done.status, done.amount_received) == ("succeeded", 2_000)
    refund = await sdk.refunds.create_async({"payment_intent": intent.id, "amount": 500})
    assert refund.status == "succeeded"
    charge = await sdk.charges.retrieve_async(done.latest_charge, {"expand": ["balance_transaction"]})
    assert (charge.amount_refunded, charge.balance_transaction.net) == (500, 2_000 - 88)
    events = [event.type async for event in (await sdk.events.list_async({"limit": 2})).auto_paging_iter()]
    assert events == [
        "charge.refunded",
        "refund.created",
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
        "customer.created",
    ]
    assert check_stripe(stripe_town.fake) > 10


async def test_the_official_sdk_knows_its_errors_and_its_webhooks(sdk, stripe_town):
    intent = await sdk.payment_intents.create_async(INTENT)
    with pytest.raises(stripe.CardError) as refusal:
        await sdk.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_chargeDeclined"})
    assert (refusal.value.code, refusal.value.http_status) == ("card_declined", 402)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await sdk.payment_intents.capture_async(intent.id)
    assert refusal.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await sdk.payment_intents.retrieve_async("pi_none")
    assert refusal.value.code == "resource_missing"
    body = stripe_town.fake.deliveries.queue[-1]
    header = stripe_town.fake.sign(body)["Stripe-Signature"]
    assert stripe.Webhook.construct_event(body, header, WEBHOOK_SECRET).type == "payment_intent.payment_failed"


async def test_a_key_answers_the_first_answer_for_a_day(sdk, line, stripe_town):
    form = {"amount": "700", "currency": "usd"}
    headers = {"Idempotency-Key": "day"}
    first = await line.post("/v1/payment_intents", data=form, headers=headers)
    again = await line.post("/v1/payment_intents", data=form, headers=headers)
    assert "idempotent-replayed" not in first.headers
    assert (again.headers["idempotent-replayed"], again.json()) == ("true", first.json())
    with pytest.raises(stripe.IdempotencyError):
        await sdk.payment_intents.create_async(INTENT, keyed("day"))
    stripe_town.fake.advance(24.1)
    later = await line.post("/v1/payment_intents", data=form, headers=headers)
    assert later.json()["id"] != first.json()["id"]


async def test_a_refused_card_is_remembered_under_its_key_and_a_mistake_is_not(sdk):
    intent = await sdk.payment_intents.create_async(INTENT)
    declined = {"payment_method": "pm_card_chargeDeclined"}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            await sdk.payment_intents.confirm_async(intent.id, declined, keyed("card"))
    with pytest.raises(stripe.InvalidRequestError):
        await sdk.payment_intents.create_async({"currency": "usd"}, keyed("mistake"))
    assert (await sdk.payment_intents.create_async(INTENT, keyed("mistake"))).amount == 2_000


async def test_a_key_that_is_being_answered_is_in_use(line, stripe_town):
    stripe_town.fake.slow = asyncio.Event()
    form, headers = {"amount": "700", "currency": "usd"}, {"Idempotency-Key": "slow"}
    first = asyncio.create_task(line.post("/v1/payment_intents", data=form, headers=headers))
    await stripe_town.fake.begun.wait()
    second = await line.post("/v1/payment_intents", data=form, headers=headers)
    assert (second.status_code, second.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    stripe_town.fake.slow.set()
    assert (await first).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer sk_test_other", "Basic c2s6"])
async def test_without_the_right_key_nothing_is_told(stripe_town, header):
    async with httpx.AsyncClient(base_url=stripe_town.base_url, trust_env=False) as stranger:
        answer = await stranger.get("/v1/payment_intents", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401


async def test_lists_are_paged_filtered_and_dated(sdk, stripe_town):
    made = [(await sdk.payment_intents.create_async({**INTENT, "amount": 100 + no})).id for no in range(3)]
    page = await sdk.payment_intents.list_async({"limit": 2})
    assert ([one.id for one in page.data], page.has_more) == (made[:0:-1], True)
    rest = await sdk.payment_intents.list_async({"limit": 2, "starting_after": made[1]})
    assert ([one.id for one in rest.data], rest.has_more) == (made[:1], False)
    since = stripe_town.fake.state.now() + 3600
    assert (await sdk.payment_intents.list_async({"created": {"gte": since}})).data == []
    found = await sdk.events.list_async({"types": ["payment_intent.succeeded"]})
    assert found.data == []


async def test_a_session_expires_by_itself_unless_it_was_paid_and_scripts_may_pay(line, sdk, stripe_town):
    price = {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Soup"}}
    asked = {
        "mode": "payment",
        "success_url": "https://moorage.test/done?session={CHECKOUT_SESSION_ID}",
        "line_items": [{"price_data": price, "quantity": 2}],
    }
    paid, unpaid = [await sdk.checkout.sessions.create_async(asked) for _ in range(2)]
    answer = await line.post("/fake/pay", json={"reference": paid.id, "card": "4242424242424242"})
    assert answer.json()["payment_status"] == "paid"
    stripe_town.fake.advance(25)
    stripe_town.fake.ripen()
    states = [(await sdk.checkout.sessions.retrieve_async(one.id)).status for one in (paid, unpaid)]
    assert states == ["complete", "expired"]
