"""Our adapter to the fake PayPal: what tests ask of it, and a shop that collects there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio

from moorage.domains.payments.gateway_values import Intent, IntentRequest
from moorage.journeys.process_events import process_due_events
from moorage.journeys.provider_calls import carry_out
from moorage.journeys.refund_payment import refund_payment
from moorage.journeys.start_payment import PaymentStart, StartedPayment, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from moorage.providers.paypal.gateway import PaypalGateway
from tests.fakes.paypal.fake import PaypalFake
from tests.fakes.schemas import present
from tests.support.shop import Held, Shop


def asked(amount_minor: int = 10_000, currency: str = "USD", **changes) -> IntentRequest:
    """What to collect, with an id of its own."""
    told = {"payment_id": uuid7(), "description": "Massage", "return_url": "http://127.0.0.1/back?x=1"}
    return IntentRequest(amount_minor=amount_minor, currency=currency, **{**told, **changes})


async def opened(paypal: PaypalGateway, **changes) -> Intent:
    """An order that nobody has approved."""
    return await paypal.create(asked(**changes), key=str(uuid7()))


async def paid(paypal: PaypalGateway, paypal_fake: PaypalFake, funding: str = "balance", **changes) -> Intent:
    """An order that the payer approved and we collected, as far as `funding` lets us."""
    made = await opened(paypal, **changes)
    paypal_fake.pay(made.reference, funding)
    collected = {"amount_minor": made.amount_minor, "currency": made.currency, "key": str(uuid7())}
    return await paypal.capture(made.reference, **collected)


@dataclass
class Counter:
    """The shop and PayPal, with the worker's part in one call."""

    shop: Shop
    fake: PaypalFake

    async def settle(self) -> None:
        for _ in range(20):
            told = await self.fake.deliveries.deliver()
            planned = await self.shop.db.fetch("SELECT id FROM provider_operations WHERE status = 'planned'")
            for row in planned:
                await carry_out(self.shop.house, row["id"])
            if not (told or planned or await process_due_events(self.shop.house)):
                return

    async def held(self) -> Held:
        held = await self.shop.hold(provider="paypal")
        await carry_out(self.shop.house, held.operation_id)
        return held

    async def start(self, amount_minor: int = 10_000, **facts) -> StartedPayment:
        asked = PaymentStart(uuid7(), uuid7(), amount_minor, facts.pop("currency", "USD"), provider="paypal", **facts)
        return await start_payment(self.shop.house, SYSTEM, asked)

    async def reference(self, payment_id) -> str:
        return await self.shop.value("SELECT provider_ref FROM payments WHERE id = $1", payment_id)

    async def payment(self, payment_id):
        return await self.shop.db.fetchrow("SELECT * FROM payments WHERE id = $1", payment_id)

    async def collected(self) -> int:
        """What came in and is still here; PayPal keeps its fee of it."""
        return await self.shop.balance("clearing:paypal") + await self.shop.balance("provider_fees")

    async def give_back(self, payment_id, amount_minor: int | None = None, refund_id=None):
        facts = {"reason": "customer_request", "refund_id": refund_id or uuid7(), "notes": None}
        return await refund_payment(self.shop.house, SYSTEM, payment_id, amount_minor, **facts)


@pytest_asyncio.fixture
async def counter(shop: Shop, paypal: PaypalGateway, paypal_fake: PaypalFake) -> AsyncIterator[Counter]:
    """A shop that collects at PayPal; afterwards all that was said is checked."""
    shop.house.gateways["paypal"] = paypal
    paypal_fake.sends_to(f"{shop.town.base_url}/webhooks/paypal")
    yield Counter(shop, paypal_fake)
    if present("paypal"):
        paypal_fake.check()
