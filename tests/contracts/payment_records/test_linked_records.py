"""A payment recorded for a provider that is set up here is moved by that provider's webhooks."""

import dataclasses

from moorage.journeys.process_events import process_due_events
from moorage.wiring.app import build_app
from tests.fakes.stripe import intents, refunds
from tests.support.apps import in_process

PAYMENTS = "/api/v1/payments/"


class Linked:
    """This service with Stripe, at which the site collects by itself."""

    def __init__(self, settings, house, stripe_fake, gateway, person):
        self.fake = stripe_fake
        self.house = dataclasses.replace(house, gateways={**house.gateways, "stripe": gateway})
        self.app = build_app(settings, self.house)
        self.person = person

    def started(self, amount="42000"):
        """An intent that the site made there."""
        return intents.create(self.fake.state, {"amount": amount, "currency": "eur"})

    async def ask(self, method, path="", body=None):
        async with in_process(self.app, self.person.access) as client:
            return (await client.request(method, PAYMENTS + path, json=body)).json()

    async def record(self, intent, **more):
        body = {"payment_id": intent["id"], "amount_total": "420.00", "currency": "EUR", "provider": "stripe"}
        return await self.ask("POST", body={**body, **more})

    async def deliver(self, copies=1):
        """Stripe tells all that happened, and it is processed."""
        async with in_process(self.app) as client:
            for body in [body for body in self.fake.deliveries.queue for _ in range(copies)]:
                answer = await client.post("/webhooks/stripe", content=body, headers=self.fake.sign(body))
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
