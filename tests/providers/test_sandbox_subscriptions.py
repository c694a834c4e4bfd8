"""The sandbox's subscriptions: begun by paying, billed by the period, refused, ended; and our adapter to them."""

from datetime import UTC, datetime

import pytest

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.gateway_values import Line
from moorage.domains.payments.recurring import SubscriptionGateway
from moorage.kernel.ids import uuid7
from moorage.providers.sandbox.prices import period_end
from tests.support.sandbox import Town

MONTHLY = "price_month_2000_usd"


async def begun(town: Town, quantity: int = 1):
    """(what was asked for, the intent that pays the first period)"""
    lines = (Line("Lunch", 2_000, quantity, price=MONTHLY),)
    request = town.request(2_000 * quantity, "USD", mode="subscription", subscription_id=uuid7(), lines=lines)
    return request, await town.gateway.create(request, key=f"begin-{uuid7()}")


async def subscribed(town: Town, quantity: int = 1):
    """A subscription that runs."""
    request, intent = await begun(town, quantity)
    await town.gateway.confirm(intent.reference, payment_method="pm_card_visa", key=f"pay-{uuid7()}")
    return (await town.api.get(f"/subscriptions/{request.subscription_id}")).json()


async def renewed(town: Town, subscription, **how):
    answer = await town.api.post(f"/subscriptions/{subscription['id']}/renew", json=how)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def intents(town: Town):
    return (await town.api.get("/intents")).json()["data"]


async def test_prices_say_what_they_are(town: Town):
    gateway: SubscriptionGateway = town.gateway
    monthly, daily = await gateway.plans([MONTHLY, "price_day_500_jpy"])
    assert (monthly.amount_minor, monthly.currency, monthly.interval) == (2_000, "USD", "month")
    assert (daily.amount_minor, daily.currency, daily.interval) == (500, "JPY", "day")
    for unknown in ("price_none", "price_month_0_usd", "price_month_2000_xxz", "price_hour_5_usd", "../intents"):
        with pytest.raises(ProviderDeclinedError):
            await gateway.plans([unknown])


async def test_a_subscription_begins_when_its_first_period_is_paid(town: Town):
    gateway: SubscriptionGateway = town.gateway
    request, intent = await begun(town, 2)
    assert (intent.status, intent.amount_minor) == ("pending", 4_000)
    again = await town.gateway.create(request, key="another key")
    assert again.reference == intent.reference
    refused = await town.gateway.fetch_subscription(str(request.subscription_id))
    assert (refused.status, refused.period_ends_at) == ("incomplete", None)
    with pytest.raises(ProviderDeclinedError):
        await town.gateway.confirm(intent.reference, payment_method="pm_card_declined", key="no")
    assert (await gateway.fetch_subscription(str(request.subscription_id))).status == "incomplete"
    await town.gateway.confirm(intent.reference, payment_method="pm_card_visa", key="yes")
    period = await gateway.period_paid_by(intent.reference)
    assert period is not None
    told = await gateway.fetch_subscription(period.subscription)
    assert (told.status, told.amount_minor, told.subscription_id) == ("active", 4_000, request.subscription_id)
    assert (period.status, period.is_first, period.ends_at) == ("succeeded", True, told.period_ends_at)
    await town.sandbox.deliver_due()
    assert "subscription.updated" in {event["type"] for event in town.endpoint.events()}
    assert await gateway.fetch_period(await town.paid()) is None


async def test_a_period_is_billed_when_the_last_is_over_and_refused_it_is_past_due_until_paid(town: Town):
    running = await subscribed(town)
    async with town.sandbox.database.worker.acquire() as db:
        await db.execute(
            "UPDATE sandbox.subscriptions SET started_at = started_at - interval '33 days',"
            " period_ends_at = now() - interval '1 hour'"
        )
    await town.sandbox.ripen()
    first, second = await intents(town)
    assert (second["status"], second["subscription"], second["client_reference"]) == ("paid", running["id"], None)
    assert second["period_starts_at"] < first["period_starts_at"] < second["period_ends_at"]
    assert (await renewed(town, running, payment_method="pm_card_declined"))["status"] == "past_due"
    third = (await intents(town))[2]
    answer = await town.api.post(f"/intents/{third['id']}/confirm", json={"payment_method": "pm_card_visa"})
    assert answer.status_code == 200
    assert (await town.api.get(f"/subscriptions/{running['id']}")).json()["status"] == "active"
    await renewed(town, running, payment_method="pm_card_challenge")
    assert (await renewed(town, running))["status"] == "canceled"  # a whole period was not paid
    over = await town.api.post(f"/subscriptions/{running['id']}/renew", json={})
    assert (over.status_code, over.json()["error"]["code"]) == (409, "invalid_state")


async def test_a_subscription_ends_with_its_period_or_now(town: Town):
    gateway: SubscriptionGateway = town.gateway
    running = await subscribed(town)
    ending = await gateway.cancel_subscription(running["id"], at_period_end=True, key="end")
    assert (ending.status, ending.cancel_at_period_end) == ("active", True)
    assert (await renewed(town, running))["status"] == "canceled"
    assert len(await intents(town)) == 1
    other = await subscribed(town)
    now = await gateway.cancel_subscription(other["id"], at_period_end=False, key="now")
    again = await gateway.cancel_subscription(other["id"], at_period_end=True, key="late")
    assert (now.status, again) == ("canceled", now)
    request, intent = await begun(town)
    await town.gateway.cancel(intent.reference, key="left")
    assert (await gateway.fetch_subscription(str(request.subscription_id))).status == "expired"
    request, intent = await begun(town)
    await gateway.cancel_subscription(
        (await town.api.get("/subscriptions")).json()["data"][-1]["id"], at_period_end=True, key="n"
    )
    assert (await town.gateway.fetch(intent.reference)).status == "canceled"
    with pytest.raises(ProviderDeclinedError):
        await gateway.cancel_subscription("sub_none", at_period_end=False, key="none")


@pytest.mark.parametrize(
    ("starts", "interval", "ends"),
    [
        ((2027, 1, 31), "month", (2027, 2, 28)),
        ((2027, 2, 28), "month", (2027, 3, 31)),
        ((2027, 12, 31), "month", (2028, 1, 31)),
        ((2027, 1, 31), "year", (2028, 1, 31)),
        ((2027, 2, 28), "week", (2027, 3, 7)),
    ],
)
def test_a_period_ends_on_the_day_that_the_first_began_on(starts, interval, ends):
    anchor = datetime(2027, 1, 31, tzinfo=UTC)
    assert period_end(datetime(*starts, tzinfo=UTC), interval, anchor) == datetime(*ends, tzinfo=UTC)
