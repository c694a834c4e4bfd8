"""A payment recorded for a provider that is set up here is moved by that provider's webhooks."""

import dataclasses

from moorage.journeys.process_events import process_due_events
from moorage.wiring.app import build_app
from tests.builders.money import make_payment
from tests.fakes.paypal import orders
from tests.fakes.stripe import intents, refunds
from tests.support.apps import in_process

PAYMENTS = "/api/v1/payments/"


class Linked:
    """This service with a provider, at which the site collects by itself."""

    def __init__(self, settings, house, fake, gateway, person):
        self.fake = fake
        self.provider = gateway.name
        self.house = dataclasses.replace(house, gateways={**house.gateways, gateway.name: gateway})
        self.app = build_app(settings, self.house)
        self.person = person

    def started(self, amount="42000", **more):
        """An intent that the site made there."""
        return intents.create(self.fake.state, {"amount": amount, "currency": "eur", **more})

    async def ask(self, method, path="", body=None):
        async with in_process(self.app, self.person.access) as client:
            return (await client.request(method, PAYMENTS + path, json=body)).json()

    async def record(self, intent, **more):
        body = {"payment_id": intent["id"], "amount_total": "420.00", "currency": "EUR", "provider": self.provider}
        return await self.ask("POST", body={**body, **more})

    async def deliver(self, copies=1):
        """Stripe tells all that happened, and it is processed."""
        async with in_process(self.app) as client:
            for body in [body for body in self.fake.deliveries.queue for _ in range(copies)]:
                answer = await client.post(f"/webhooks/{self.provider}", content=body, headers=self.fake.sign(body))
                assert answer.status_code == 200
        self.fake.deliveries.queue.clear()
        await process_due_events(self.house)

    async def status(self, record):
        return (await self.ask("GET", f"{record['id']}"))["payment_status"]


async def test_what_is_paid_at_the_provider_is_succeeded_here_once(settings, house, stripe_town, sign_up, superuser):
    linked = Linked(settings, house, stripe_town.fake, stripe_town.gateway, await sign_up())
    intent = linked.started()
    record = await linked.record(intent)
    linked.fake.pay(intent["id"])
    await linked.deliver(copies=3)
    assert await linked.status(record) == "succeeded"
    assert await superuser.fetchval("SELECT count(*) FROM ledger_transactions WHERE kind = 'payment'") == 1
    moves = await superuser.fetch("SELECT new_status, change_reason FROM payment_audit ORDER BY no")
    assert [tuple(row) for row in moves][-1] == ("succeeded", "stripe_webhook")


async def test_money_that_came_after_the_record_was_cancelled_is_honoured(settings, house, stripe_town, sign_up):
    linked = Linked(settings, house, stripe_town.fake, stripe_town.gateway, await sign_up())
    intent = linked.started()
    record = await linked.record(intent)
    await linked.ask("DELETE", f"{record['id']}")
    linked.fake.pay(intent["id"])
    await linked.deliver()
    assert await linked.status(record) == "succeeded"


async def test_another_amount_than_was_recorded_pays_nothing(settings, house, stripe_town, sign_up, superuser):
    linked = Linked(settings, house, stripe_town.fake, stripe_town.gateway, await sign_up())
    intent = linked.started("41999")
    record = await linked.record(intent)
    linked.fake.pay(intent["id"])
    await linked.deliver()
    assert await linked.status(record) == "pending"
    assert await superuser.fetchval("SELECT count(*) FROM webhook_events WHERE status = 'parked'") > 0


async def test_a_refund_that_both_sides_tell_is_one(settings, house, stripe_town, sign_up, superuser):
    linked = Linked(settings, house, stripe_town.fake, stripe_town.gateway, await sign_up())
    for told_first in ("by the site", "by the provider"):
        intent = linked.started()
        record = await linked.record(intent)
        linked.fake.pay(intent["id"])
        await linked.deliver()
        refunds.create(linked.fake.state, {"payment_intent": intent["id"]})
        refunds.ripen(linked.fake.state)
        if told_first == "by the provider":
            await linked.deliver()
        moved = await linked.ask("PATCH", f"{record['id']}/status", {"payment_status": "refunded"})
        await linked.deliver()
        assert (moved["payment_status"], await linked.status(record)) == ("refunded", "refunded"), told_first
    made = await superuser.fetch("SELECT status, origin, provider_ref IS NOT NULL AS is_named FROM refunds")
    assert [tuple(row) for row in made] == [("succeeded", "external", True)] * 2
    assert await superuser.fetchval("SELECT count(*) FROM webhook_events WHERE status = 'parked'") == 0


async def test_what_the_site_reserved_is_for_the_site_to_capture(settings, house, stripe_town, sign_up, superuser):
    linked = Linked(settings, house, stripe_town.fake, stripe_town.gateway, await sign_up())
    intent = linked.started(capture_method="manual")
    record = await linked.record(intent)
    linked.fake.pay(intent["id"])
    await linked.deliver()
    assert await linked.status(record) == "processing"
    assert await superuser.fetchval("SELECT count(*) FROM provider_operations") == 0
    intents.capture(linked.fake.state, {}, intent["id"])
    await linked.deliver()
    assert await linked.status(record) == "succeeded"


async def test_another_name_of_what_is_collected_here_is_taken(settings, house, stripe_town, sign_up, superuser):
    linked = Linked(settings, house, stripe_town.fake, stripe_town.gateway, await sign_up())
    intent = linked.started()
    ours = await make_payment(superuser, provider="stripe", status="pending")
    await superuser.execute(
        "UPDATE payments SET provider_ref = 'cs_1', provider_ids = jsonb_build_object('payment_intent', $2::text)"
        " WHERE id = $1",
        ours,
        intent["id"],
    )
    assert (await linked.record(intent))["code"] == "payment_id_taken"
    assert (await linked.record(intent, provider="other"))["payment_status"] == "pending"


async def test_a_payment_at_razorpay_may_be_recorded_by_its_order_or_by_itself(
    settings, house, razorpay_fake, razorpay, sign_up
):
    linked = Linked(settings, house, razorpay_fake, razorpay, await sign_up())
    for name in ("order", "payment"):
        order = razorpay_fake.books.create_order({"amount": 42_000, "currency": "INR", "payment_capture": True})
        payment = razorpay_fake.books.pay(order["id"])["razorpay_payment_id"]
        record = await linked.record({"id": {"order": order["id"], "payment": payment}[name]}, currency="INR")
        await linked.deliver()
        assert await linked.status(record) == "succeeded", name


async def test_a_payment_at_paypal_may_be_recorded_by_its_order_or_its_capture(
    settings, house, paypal_fake, paypal, sign_up
):
    linked = Linked(settings, house, paypal_fake, paypal, await sign_up())
    asked = {"intent": "CAPTURE", "purchase_units": [{"amount": {"currency_code": "EUR", "value": "420.00"}}]}
    for name in ("order", "capture"):
        order = orders.create(paypal_fake.books, asked, None)[1]["id"]
        paypal_fake.pay(order)
        orders.capture(paypal_fake.books, order, None)
        record = await linked.record({"id": {"order": order, "capture": paypal_fake.capture_of(order)}[name]})
        await linked.deliver()
        assert await linked.status(record) == "succeeded", name
