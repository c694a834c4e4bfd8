"""The practice contract against Stripe and PayPal: their fakes behind real servers, our adapters between."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio

from moorage.domains.payments import queries
from moorage.journeys.house import House
from moorage.journeys.process_events import process_due_events
from moorage.journeys.provider_calls import recover_operations
from moorage.kernel.db import SYSTEM
from moorage.wiring.app import build_app
from tests.fakes.paypal.fake import PaypalFake
from tests.fakes.stripe.fake import PUBLISHABLE_KEY
from tests.fakes.stripe.fixtures import StripeTown
from tests.support.apps import in_process

BACK = {"return_url": "http://moorage.test/paid", "cancel_url": "http://moorage.test/left"}


@dataclass
class Counter:
    """The application with both providers, a client and an owner."""

    stripe: StripeTown
    paypal: PaypalFake
    house: House
    client: httpx.AsyncClient
    owner: httpx.AsyncClient

    async def ask(self, path: str, body: Any = None, *, status: int = 201, who: httpx.AsyncClient | None = None) -> Any:
        answer = await (who or self.client).post(f"/payments/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def read(self, payment_id: str) -> Any:
        return (await self.client.get(f"/payments/{payment_id}")).json()

    async def tell(self, fake: Any, path: str) -> list[int]:
        """Deliver what a fake has to tell, each twice, and process it; the answers' statuses."""
        statuses: list[int] = []
        while fake.deliveries.queue:
            body = fake.deliveries.queue.popleft()
            headers = {"content-type": "application/json", **fake.sign(body)}
            answers = [await self.client.post(path, content=body, headers=headers) for _ in range(2)]
            statuses += [answer.status_code for answer in answers]
        await process_due_events(self.house)
        return statuses


@pytest_asyncio.fixture
async def equipped(house, stripe_town, paypal) -> House:
    """The House with both providers."""
    return replace(house, gateways={**house.gateways, "stripe": stripe_town.gateway, "paypal": paypal})


@pytest_asyncio.fixture
async def counter(settings, equipped, sign_up, stripe_town, paypal_fake) -> AsyncIterator[Counter]:
    app = build_app(settings, equipped)
    client, owner = await sign_up(), await sign_up(admin=True)
    async with in_process(app, client.access) as one, in_process(app, owner.access) as other:
        yield Counter(stripe_town, paypal_fake, equipped, one, other)


async def test_where_a_payer_comes_back_to_is_passed_over_by_stripe_unless_its_page_asks_them(counter: Counter):
    body = {"amount": "20.00", "payment_provider": "stripe"}
    elsewhere = {"return_url": "https://book.example/paid", "cancel_url": "https://book.example/left"}
    begun = await counter.ask("create-payment", {**body, **elsewhere})
    assert begun["client_secret"]
    assert begun["approval_url"] is None
    for further in ({"payment_provider": "paypal"}, {"mode": "checkout"}):
        refused = await counter.ask("create-payment", {**body, **elsewhere, **further}, status=422)
        assert refused["code"] == "return_url_not_allowed"


async def test_stripe_is_paid_in_cents_and_its_webhook_completes_the_payment(counter: Counter):
    intent = await counter.ask("create-payment-intent", {"amount": 2000, "currency": "USD"})
    assert intent["payment_intent_id"].startswith("pi_")
    assert intent["client_secret"].startswith(intent["payment_intent_id"])
    counter.stripe.fake.pay(intent["payment_intent_id"])
    assert set(await counter.tell(counter.stripe.fake, "/payments/webhook")) == {200}
    payment = await counter.read(intent["payment_id"])
    assert (payment["status"], payment["payment_method"], payment["amount"]) == ("completed", "stripe", "20.00")
    assert payment["stripe_payment_intent_id"] == intent["payment_intent_id"]
    assert payment["stripe_charge_id"].startswith("ch_")
    assert payment["paypal_order_id"] is None
    begun = await counter.ask("create-payment", {"amount": "20.00", "payment_provider": "stripe"})
    assert begun["publishable_key"] == PUBLISHABLE_KEY
    assert begun["client_secret"]


async def test_paypal_is_approved_there_and_collected_by_us_once(counter: Counter):
    order = await counter.ask("paypal/create-order", {"amount": 20.00, **BACK})
    assert order["approval_url"].startswith(counter.paypal.base_url)
    early = await counter.ask(f"paypal/capture-payment/{order['payment_id']}", status=422)
    assert early["code"] == "provider_declined"
    counter.paypal.pay(order["order_id"])
    captured = [
        await counter.ask(f"paypal/capture-payment/{order['payment_id']}", {"payer_id": "QYR5Z8XDVJNXQ"}, status=200)
        for _ in range(2)
    ]
    assert captured[0] == captured[1]
    assert (captured[0]["status"], captured[0]["order_id"]) == ("completed", order["order_id"])
    assert captured[0]["capture_id"]
    assert set(await counter.tell(counter.paypal, "/payments/paypal/webhook")) == {200}
    payment = await counter.read(order["payment_id"])
    assert (payment["status"], payment["payment_method"]) == ("completed", "paypal")
    assert payment["paypal_order_id"] == order["order_id"]
    assert payment["paypal_payment_id"] == captured[0]["capture_id"]
    told = (await counter.client.get(f"/payments/paypal/payment/{order['payment_id']}")).json()
    assert (told["payment"], told["provider_status"]) == (payment, "succeeded")
    assert told["provider_data"]["id"] == order["order_id"]


async def test_a_payer_whose_method_paypal_declines_may_choose_another(counter: Counter):
    order = await counter.ask("paypal/create-order", {"amount": 20.00, **BACK})
    counter.paypal.pay(order["order_id"], "declined")
    await counter.tell(counter.paypal, "/payments/paypal/webhook")
    declined = await counter.ask(f"paypal/capture-payment/{order['payment_id']}", status=422)
    assert (declined["code"], declined["failure_code"]) == ("provider_declined", "instrument_declined")
    async with counter.house.database.reading(SYSTEM) as db:
        row = await queries.payment(db, UUID(order["payment_id"]))
    assert (row.status, row.checkout_url) == ("requires_action", order["approval_url"])
    counter.paypal.pay(order["order_id"])
    await counter.tell(counter.paypal, "/payments/paypal/webhook")
    captured = await counter.ask(f"paypal/capture-payment/{order['payment_id']}", status=200)
    assert captured["status"] == "completed"


async def test_paypal_wants_to_know_where_the_payer_comes_back_to(counter: Counter):
    body = {"amount": "20.00", "payment_provider": "paypal"}
    assert (await counter.ask("create-payment", body, status=422))["code"] == "return_url_required"
    elsewhere = {**BACK, "cancel_url": "//evil.example/"}
    assert (await counter.ask("create-payment", body | elsewhere, status=422))["code"] == "return_url_not_allowed"
    begun = await counter.ask("create-payment", body | BACK)
    assert begun["order_id"]
    assert begun["approval_url"].startswith(counter.paypal.base_url)
    assert (await counter.ask("create-payment", {**body, **BACK, "amount": "10.50", "currency": "HUF"}, status=422))[
        "code"
    ] == "amount_not_supported"


async def test_one_call_serves_every_provider(settings, equipped, square, razorpay, sign_up):
    house = replace(equipped, gateways={**equipped.gateways, "square": square, "razorpay": razorpay})
    person = await sign_up()
    begun = {}
    async with in_process(build_app(settings, house), person.access) as client:
        for provider in ("stripe", "paypal", "square", "razorpay", "sandbox"):
            body = {"amount": "20.00", "currency": "GBP", "payment_provider": provider, **BACK}
            answer = await client.post("/payments/create-payment", json=body)
            assert answer.status_code in (201, 202), answer.text
            begun[provider] = answer.json()
    assert all(one["status"] == "pending" and one["amount"] == "20.00" for one in begun.values())
    assert begun["stripe"]["client_secret"]
    assert begun["paypal"]["approval_url"]
    assert begun["square"]["approval_url"]
    assert begun["razorpay"]["order_id"].startswith("order_")
    assert begun["razorpay"]["publishable_key"]


async def test_case_4_a_changed_body_is_refused_and_only_counted(counter: Counter):
    intent = await counter.ask("create-payment-intent", {"amount": 2000})
    counter.stripe.fake.pay(intent["payment_intent_id"])
    for fake, path in ((counter.stripe.fake, "webhook"), (counter.paypal, "paypal/webhook")):
        body = b'{"id":"evt_1","type":"x"}'
        answer = await counter.client.post(f"/payments/{path}", content=body + b" ", headers=fake.sign(body))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_signature")
    async with counter.house.database.worker.acquire() as db:
        assert await db.fetchval("SELECT count(*) FROM webhook_events") == 0
        counted = await db.fetch("SELECT provider, day, reason, deliveries FROM webhook_rejections ORDER BY provider")
    assert [(row["provider"], row["reason"], row["deliveries"]) for row in counted] == [
        ("paypal", "invalid_signature", 1),
        ("stripe", "invalid_signature", 1),
    ]
    assert isinstance(counted[0]["day"], date)
    assert (await counter.read(intent["payment_id"]))["status"] == "pending"


async def test_case_4_without_a_secret_there_is_no_such_address(api):
    for path in ("webhook", "paypal/webhook"):
        assert (await api.post(f"/payments/{path}", json={"id": "evt_1"})).status_code == 404


async def test_case_11_a_lost_answer_is_told_as_pending_and_found_out(counter: Counter):
    counter.paypal.fault("500_after", path="/v2/checkout/orders")
    answer = await counter.client.post("/payments/paypal/create-order", json={"amount": "20.00", **BACK})
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    async with counter.house.database.worker.acquire() as db:
        await db.execute("SELECT close_operation(id, 'unknown', NULL, NULL) FROM provider_operations")
    await recover_operations(counter.house)
    payment = await counter.read(answer.json()["payment_id"])
    assert payment["paypal_order_id"] in counter.paypal.books.orders
    assert len(counter.paypal.books.orders) == 1


async def test_every_provider_is_tried_and_each_result_reported(counter: Counter):
    tried = {one["provider"]: one for one in await counter.ask("test", who=counter.owner, status=200)}
    assert tried["stripe"]["reference"].startswith("pi_")
    assert tried["paypal"]["success"]
    assert tried["sandbox"]["success"] is False, "nobody listens at its address in this test"
