"""Paying on Stripe's own page: sessions paid, cancelled, reserved, taxed, and open for long enough."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from moorage.domains.payments.gateway_values import Line
from moorage.kernel.ids import uuid7
from tests.fakes.stripe.fixtures import stripe_gateway

pytestmark = pytest.mark.usefixtures("kept_to_what_stripe_publishes")


async def test_lines_that_stripe_cannot_show_become_one(stripe_town):
    for currency, total, lines in (
        ("GBP", 900, (Line("Dinner", 1_000), Line("Voucher", -100))),
        ("KWD", 10, (Line("Tea", 5), Line("Cake", 5))),
    ):
        asked = stripe_town.request(total, currency, mode="checkout", lines=lines, description="All of it")
        made = await stripe_town.gateway.create(asked, key=currency)
        assert made.amount_minor == total


async def test_a_session_is_paid_on_stripes_page_and_is_the_same_payment(stripe_town):
    gateway, fake = stripe_town.gateway, stripe_town.fake
    lines = (Line("Dinner", 3_000, 2, "Per guest"), Line("Travel", 1_200))
    asked = stripe_town.request(7_200, mode="checkout", lines=lines, payer_email="ann@example.test")
    made = await gateway.create(asked, key="session")
    assert made.reference.startswith("cs_")
    assert (made.status, made.amount_minor, made.checkout_url[:4]) == ("pending", 7_200, "http")
    assert made.expires_at > datetime.now(UTC) + timedelta(hours=23)
    assert (await gateway.find(asked.payment_id)).reference == made.reference
    fake.pay_session(made.reference)
    after = await gateway.fetch(made.reference)
    assert (after.status, after.payment_method, after.checkout_url) == ("succeeded", "card", None)
    assert set(after.ids) == {"checkout_session", "payment_intent", "charge"}
    assert (await gateway.find(asked.payment_id)).reference == made.reference
    told = [one for one in await gateway.events_since(asked_at(asked)) if one.kind == "payment"]
    assert {one.payment_id for one in told} == {asked.payment_id}
    assert {one.ids["payment_intent"] for one in told} == {after.ids["payment_intent"]}
    refund = await gateway.refund(
        made.reference, refund_id=uuid7(), amount_minor=1_200, currency="GBP", key="refund a session"
    )
    assert (refund.status, refund.amount_minor) == ("succeeded", 1_200)
    assert (await gateway.fetch(made.reference)).refunded_minor == 1_200


async def test_a_session_that_is_cancelled_cannot_be_paid(stripe_town):
    gateway = stripe_town.gateway
    made = await gateway.create(stripe_town.request(mode="checkout"), key="session")
    assert (await gateway.cancel(made.reference, key="cancel")).status == "canceled"
    assert (await gateway.cancel(made.reference, key="cancel again")).status == "canceled"
    page = await read_page(stripe_town, made.reference)
    assert "expired" in page


async def test_cancelling_a_paid_session_answers_that_it_is_paid(stripe_town):
    made = await stripe_town.gateway.create(stripe_town.request(mode="checkout"), key="session")
    stripe_town.fake.pay_session(made.reference)
    assert (await stripe_town.gateway.cancel(made.reference, key="late")).status == "succeeded"


async def test_money_reserved_on_stripes_page_is_captured_or_released(stripe_town):
    gateway, fake = stripe_town.gateway, stripe_town.fake
    for end in ("capture", "cancel"):
        made = await gateway.create(stripe_town.request(mode="checkout", capture="manual"), key=f"session-{end}")
        fake.pay_session(made.reference)
        held = await gateway.fetch(made.reference)
        assert (held.status, held.needs_capture) == ("processing", True)
        if end == "capture":
            done = await gateway.capture(made.reference, amount_minor=7_200, currency="GBP", key="capture")
            assert done.status == "succeeded"
        else:
            assert (await gateway.cancel(made.reference, key="cancel")).status == "canceled"


async def test_a_session_is_open_for_as_long_as_stripe_allows_at_least(stripe_town):
    soon = datetime.now(UTC) + timedelta(minutes=15)
    asked = stripe_town.request(mode="checkout", expires_at=soon)
    first = await stripe_town.gateway.create(asked, key="soon")
    again = await stripe_town.gateway.create(asked, key="soon")
    assert first.reference == again.reference
    assert timedelta(minutes=40) < first.expires_at - datetime.now(UTC) < timedelta(minutes=46)


async def test_with_automatic_tax_the_price_stays_and_its_tax_is_told(stripe_town):
    taxing = stripe_gateway(stripe_town.base_url, automatic_tax=True)
    assert taxing.capabilities.tax
    made = await taxing.create(stripe_town.request(9_999, mode="checkout"), key="taxed")
    await taxing.aclose()
    assert (made.amount_minor, made.tax_minor) == (9_999, 1_667)


async def test_the_page_takes_a_card_and_sends_the_payer_back(stripe_town):
    made = await stripe_town.gateway.create(stripe_town.request(mode="checkout"), key="session")
    async with httpx.AsyncClient(trust_env=False) as payer:
        refused = await payer.post(made.checkout_url, data={"card": "4000 0000 0000 0002"})
        assert (refused.status_code, "declined" in refused.text) == (200, True)
        challenged = await payer.post(made.checkout_url, data={"card": "4000 0027 6000 3184"})
        assert "Complete authentication" in challenged.text
        done = await payer.post(made.checkout_url, data={"challenge": "pass"})
    assert (done.status_code, done.headers["location"]) == (303, "https://moorage.test/back")
    assert (await stripe_town.gateway.fetch(made.reference)).status == "succeeded"


def asked_at(request):
    return datetime.fromtimestamp((request.payment_id.int >> 80) / 1000, UTC)


async def read_page(town, session):
    async with httpx.AsyncClient(base_url=town.base_url, trust_env=False) as payer:
        return (await payer.get(f"/c/pay/{session}")).text
