"""The catering contract with Stripe on the other side: its webhook, customers, portal, and its copy of the catalog."""

import asyncio
from uuid import UUID

import httpx
import pytest

from moorage.domains.payments.gateway import NotSupportedByProviderError
from moorage.journeys.audit_books import audit
from moorage.journeys.customers import provider_customer
from moorage.journeys.sync_products import Synced, sync_products
from moorage.kernel.errors import NotFoundError
from tests.builders import make_service
from tests.support.bookings import start_at
from tests.support.far_side import settle
from tests.support.stripe import paying_at_stripe


@pytest.fixture
def settings(settings, stripe_town):
    return paying_at_stripe(settings, stripe_town)


@pytest.fixture
async def kitchen(practice, stripe_fake):
    """A kitchen priced per guest whose payments go through Stripe, which delivers to this contract's own endpoint."""
    stripe_fake.deliveries.url = f"{practice.town.base_url}/api/stripe/webhook"
    practice.service = await make_service(
        practice.owner,
        practice.practitioner,
        options={"adult": 5_000, "child": 2_500},
        minimum_minor=20_000,
        deposit_minor=10_000,
        max_participants=40,
        title="Feast",
    )
    yield practice
    await practice.house.gateways["stripe"].aclose()


def ok(answer, status: int = 200):
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_deposit_is_paid_on_stripes_page_and_told_to_this_contracts_webhook(kitchen, stripe_fake):
    wanted = {"date": start_at(10)[:10], "time": "10:00", "guests": 8, "menu": "adult", "location": "4 Quay Street"}
    booking = ok(await kitchen.client.client.post("/api/bookings", json=wanted), 201)
    body = {
        "booking_id": booking["id"],
        "line_items": [{"name": "Deposit", "amount": 10_000, "quantity": 1}],
        "success_url": f"{kitchen.town.base_url}/thanks",
    }
    session = ok(await kitchen.client.client.post("/api/stripe/create-checkout-session", json=body))
    assert session["session_id"].startswith("cs_")
    assert session["expires_at"]
    async with httpx.AsyncClient(trust_env=False) as payer:
        assert (await payer.post(session["url"], data={"card": "4242 4242 4242 4242"})).status_code == 303
    await settle(kitchen, stripe_fake)
    booking = ok(await kitchen.client.client.get(f"/api/bookings/{booking['id']}"))
    assert (booking["status"], booking["paid"], booking["owed"]) == ("confirmed", 10_000, 30_000)
    admin = await kitchen.sign_up(role="admin")
    log = ok(await admin.client.get("/api/stripe/webhook-events?provider=stripe&limit=100"))["items"]
    assert "checkout.session.completed" in {event["type"] for event in log}
    assert {event["status"] for event in log} <= {"processed", "ignored"}
    replayed = await admin.client.post(f"/api/stripe/webhook-events/{log[0]['id']}/replay")
    assert ok(replayed) == {"received": True}
    await settle(kitchen, stripe_fake)
    dispute = stripe_fake.dispute(one_intent(stripe_fake))
    await settle(kitchen, stripe_fake)
    [disputed] = ok(await admin.client.get("/api/stripe/disputes?status=opened"))["items"]
    assert (disputed["provider_reference"], disputed["amount"]) == (dispute["id"], 10_000)
    said = {"note": "Served as agreed.", "service_date": wanted["date"], "submit": True}
    ok(await admin.client.post(f"/api/stripe/disputes/{disputed['id']}/evidence", json=said))
    await settle(kitchen, stripe_fake)
    [disputed] = ok(await admin.client.get("/api/stripe/disputes"))["items"]
    assert disputed["status"] == "under_review"
    forged = await kitchen.anybody.post("/api/stripe/webhook", json={"id": "evt_forged"})
    assert (forged.status_code, forged.json()["code"]) == (400, "invalid_signature")
    [refused] = ok(await admin.client.get("/api/stripe/webhook-rejections"))["items"]
    assert (refused["provider"], refused["reason"], refused["deliveries"]) == ("stripe", "invalid_signature", 1)
    assert await audit(kitchen.house) == []


async def test_a_dispute_that_is_given_in_to_is_lost_by_stripes_word(kitchen, stripe_fake):
    body = {"line_items": [{"name": "A tasting", "amount": 4_000, "quantity": 1}]}
    session = ok(await kitchen.client.client.post("/api/stripe/create-checkout-session", json=body))
    async with httpx.AsyncClient(trust_env=False) as payer:
        assert (await payer.post(session["url"], data={"card": "4242 4242 4242 4242"})).status_code == 303
    await settle(kitchen, stripe_fake)
    stripe_fake.dispute(one_intent(stripe_fake))
    await settle(kitchen, stripe_fake)
    admin = await kitchen.sign_up(role="admin")
    [opened] = ok(await admin.client.get("/api/stripe/disputes?status=opened"))["items"]
    given_in = f"/api/stripe/disputes/{opened['id']}/accept"
    ok(await admin.client.post(given_in))
    await settle(kitchen, stripe_fake)
    [lost] = ok(await admin.client.get("/api/stripe/disputes"))["items"]
    assert (lost["status"], lost["held"]) == ("lost", 4_000)
    again = await admin.client.post(given_in)
    assert (again.status_code, again.json()["code"]) == (409, "invalid_state")
    assert await audit(kitchen.house) == []


async def test_a_customer_is_made_at_first_need_and_kept_and_has_stripes_portal(kitchen, stripe_fake):
    before = ok(await kitchen.client.client.post("/api/stripe/portal-link", json={}))["url"]
    assert before.startswith(f"{kitchen.house.public_url}/portal/")
    made = await asyncio.gather(*(provider_customer(kitchen.house, "stripe", kitchen.client.user_id) for _ in range(5)))
    [customer] = set(made)
    assert len(list(stripe_fake.state.of("customer"))) == 1
    body = {"amount": 2_500, "payment_type": "full"}
    intent = ok(await kitchen.client.client.post("/api/stripe/create-payment-intent", json=body))
    assert (intent["customer_id"], intent["payment_intent_id"][:3]) == (customer, "pi_")
    assert len(list(stripe_fake.state.of("customer"))) == 1
    link = ok(await kitchen.client.client.post("/api/stripe/portal-link", json={}))["url"]
    assert not link.startswith(kitchen.house.public_url)
    assert await provider_customer(kitchen.house, "sandbox", kitchen.client.user_id) is None


async def test_a_customer_whose_making_was_not_answered_is_known_from_stripes_event(kitchen, stripe_fake):
    stripe_fake.served.fault("lost_after", method="POST", path="/v1/customers")
    assert await provider_customer(kitchen.house, "stripe", kitchen.client.user_id) is None
    await settle(kitchen, stripe_fake)
    [made] = stripe_fake.state.of("customer")
    kept = "SELECT provider_ref FROM provider_customers WHERE user_id = $1"
    assert await kitchen.superuser.fetchval(kept, kitchen.client.user_id) == made["id"]
    assert await provider_customer(kitchen.house, "stripe", kitchen.client.user_id) == made["id"]
    log = await kitchen.superuser.fetchrow("SELECT * FROM webhook_events WHERE event_type = 'customer.created'")
    assert (log["status"], log["outcome"]) == ("processed", "customer: kept")


async def test_the_catalog_is_mirrored_once_and_followed(kitchen, stripe_fake):
    offered = await kitchen.superuser.fetchval("SELECT count(*) FROM services") + 1  # Feast has two options
    assert await sync_products(kitchen.house, "stripe") == Synced(put=offered, unchanged=0, retired=0)
    assert await sync_products(kitchen.house, "stripe") == Synced(put=0, unchanged=offered, retired=0)
    assert len(list(stripe_fake.state.of("product"))) == offered
    adult = await price_of(kitchen, "adult")
    body = {"price_ids": [adult, adult, await price_of(kitchen, "child")]}
    session = ok(await kitchen.client.client.post("/api/stripe/create-checkout-session", json=body))
    amount = "SELECT amount_minor FROM payments WHERE id = $1"
    assert await kitchen.superuser.fetchval(amount, UUID(session["payment_id"])) == 12_500
    await kitchen.superuser.execute("UPDATE price_options SET price_minor = 6000 WHERE name = 'adult'")
    await kitchen.superuser.execute("DELETE FROM price_options WHERE name = 'child'")
    assert await sync_products(kitchen.house, "stripe") == Synced(put=1, unchanged=offered - 2, retired=1)
    assert await price_of(kitchen, "adult") != adult
    assert await price_of(kitchen, "child") is None
    assert len(list(stripe_fake.state.of("product"))) == offered
    gone = await kitchen.client.client.post("/api/stripe/create-checkout-session", json={"price_ids": [adult]})
    assert (gone.status_code, gone.json()["code"]) == (422, "unknown_price")
    assert await sync_products(kitchen.house, "stripe") == Synced(put=0, unchanged=offered - 1, retired=0)


async def test_only_a_provider_that_keeps_products_has_a_copy(kitchen):
    with pytest.raises(NotSupportedByProviderError):
        await sync_products(kitchen.house, "sandbox")
    with pytest.raises(NotFoundError):
        await sync_products(kitchen.house, "elsewhere")


def one_intent(fake) -> str:
    """The intent that was paid."""
    [intent] = [one for one in fake.state.of("payment_intent") if one["status"] == "succeeded"]
    return intent["id"]


async def price_of(kitchen, option: str) -> str | None:
    """The price in force of one of Feast's options at Stripe."""
    found: str | None = await kitchen.superuser.fetchval(
        "SELECT provider_ref FROM provider_products WHERE kind = 'price' AND is_active AND local_key LIKE '%:' || $1",
        option,
    )
    return found
