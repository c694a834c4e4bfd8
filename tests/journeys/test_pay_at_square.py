"""Booking and paying with Square on the other side, its webhooks coming to our own endpoint."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.journeys.audit_books import audit
from moorage.journeys.capture_payment import capture_payment
from moorage.journeys.provider_calls import recover_operations
from moorage.journeys.receive_event import poll_providers
from moorage.journeys.reconcile import reconcile
from moorage.journeys.refund_payment import refund_payment
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from tests.fakes.square.fake import LOCATION, SIGNATURE_KEY, TOKEN
from tests.support.bookings import start_at
from tests.support.far_side import booking_and_payment, settle
from tests.support.square import URL, check_schemas


@pytest.fixture
def settings(settings, square_fake):
    square_fake.books.currency = "USD"
    return settings.model_copy(
        update={
            "square_access_token": SecretStr(TOKEN),
            "square_location_id": LOCATION,
            "square_application_id": "sandbox-sq0idb-fake",
            "square_webhook_signature_key": SecretStr(SIGNATURE_KEY),
            "square_webhook_url": URL,
            "square_merchant_id": square_fake.books.merchant_id,
            "square_base_url": square_fake.base_url,
            "payment_provider": "square",
            "provider_timeout_s": 20.0,
        }
    )


@pytest.fixture
async def shop(practice, square_fake):
    square_fake.deliveries.url = f"{practice.town.base_url}/webhooks/square"
    yield practice
    await practice.house.gateways["square"].aclose()
    check_schemas(square_fake)


async def test_a_booking_is_paid_by_card_at_square_and_given_back(shop, square_fake):
    booking = await shop.book(start_at(9))
    await settle(shop, square_fake)
    body = {"payment_id": booking["payment"]["id"], "payment_method": "cnon:card-nonce-declined"}
    refused = await shop.client.client.post("/api/v1/payments/confirm/", json=body)
    assert (refused.status_code, refused.json()["errors"]["code"]) == (422, "provider_declined")
    answer = await shop.client.client.post(
        "/api/v1/payments/confirm/", json={**body, "payment_method": "cnon:card-nonce-ok"}
    )
    assert answer.status_code == 200, answer.text
    await settle(shop, square_fake)
    assert await booking_and_payment(shop, booking) == ("confirmed", "succeeded", "square")
    square_fake.books.refunds_wait, square_fake.books.fee_returned = True, 100
    kept = await shop.superuser.fetchval("SELECT account_balance('provider_fees', 'USD')")
    await shop.act(booking, "cancel", reason="ill")
    await settle(shop, square_fake)
    (refund,) = square_fake.books.refunds.values()
    assert refund["status"] == "PENDING"
    square_fake.books.settle_refund(refund["id"])
    await settle(shop, square_fake)
    assert await booking_and_payment(shop, booking) == ("cancelled", "refunded", "square")
    assert await shop.superuser.fetchval("SELECT account_balance('provider_fees', 'USD')") == kept - 100
    assert await audit(shop.house) == []


async def test_a_link_paid_at_square_settles_and_its_dispute_is_ours_to_answer(shop, square_fake):
    start = PaymentStart(uuid7(), uuid7(), 2_500, "USD", mode="checkout", description="Soup")
    started = await start_payment(shop.house, SYSTEM, start)
    async with httpx.AsyncClient(trust_env=False) as payer:
        answer = await payer.post(started.checkout_url, data={"number": "4111 1111 1111 1111"})
    assert answer.status_code == 303
    await settle(shop, square_fake)
    (payment_id,) = square_fake.books.payments
    square_fake.books.refund({"payment_id": payment_id, "amount_money": {"amount": 500, "currency": "USD"}})
    await settle(shop, square_fake)
    square_fake.books.dispute(payment_id, 2_000)
    await settle(shop, square_fake)
    row = await shop.superuser.fetchrow(
        "SELECT status, refunded_minor, disputed_minor FROM payments WHERE id = $1", start.payment_id
    )
    assert tuple(row) == ("disputed", 500, 2_000)
    assert await audit(shop.house) == []


async def test_what_square_reserved_is_collected_in_part_and_the_poller_finds_what_was_never_told(shop, square_fake):
    start = PaymentStart(uuid7(), uuid7(), 10_000, "USD", capture="manual")
    started = await start_payment(shop.house, SYSTEM, start)
    gateway = shop.house.gateways["square"]
    await gateway.confirm(started.payment.provider_ref, payment_method="cnon:card-nonce-ok", key="by-the-payer")
    square_fake.deliveries.queue.clear()  # nothing is ever delivered
    assert await poll_providers(shop.house) == 1
    await settle(shop, square_fake)
    after = await capture_payment(shop.house, SYSTEM, start.payment_id, 6_000)
    assert (after.status, after.amount_minor) == ("succeeded", 6_000)
    await settle(shop, square_fake)
    today = {"since": shop.house.clock() - timedelta(hours=1), "until": shop.house.clock() + timedelta(hours=1)}
    assert (await reconcile(shop.house, gateway, **today)).found == []
    (payment_id,) = square_fake.books.payments
    square_fake.books.refund({"payment_id": payment_id, "amount_money": {"amount": 500, "currency": "USD"}})
    unheard = await reconcile(shop.house, gateway, **today, fix=True)
    assert [(one.difference.kind, one.difference.movement, one.outcome) for one in unheard.found] == [
        ("missing_here", "refund", "fixed")
    ]
    assert (await reconcile(shop.house, gateway, **today)).found == []
    assert await audit(shop.house) == []


async def test_the_practice_contract_sends_the_payer_to_squares_own_page(shop, square_fake):
    back = {"return_url": f"{shop.town.base_url}/paid", "cancel_url": f"{shop.town.base_url}/left"}
    body = {"amount": "20.00", "payment_provider": "square", **back}
    answer = await shop.client.client.post("/payments/create-payment", json=body)
    assert answer.status_code == 201, answer.text
    started = answer.json()
    assert started["order_id"] in square_fake.books.orders
    async with httpx.AsyncClient(trust_env=False) as payer:
        paid = await payer.post(started["approval_url"], data={"number": "4111 1111 1111 1111"})
    assert (paid.status_code, paid.headers["location"]) == (303, back["return_url"])
    await settle(shop, square_fake)
    payment = (await shop.client.client.get(f"/payments/{started['payment_id']}")).json()
    assert (payment["status"], payment["payment_method"], payment["amount"]) == ("completed", "square", "20.00")


async def test_a_call_whose_key_may_be_forgotten_is_asked_about_and_not_made_over(shop, square_fake):
    tomorrow = replace(shop.house, clock=lambda: datetime.now(UTC) + timedelta(hours=24))

    async def asked_tomorrow() -> None:
        await shop.superuser.execute("UPDATE provider_operations SET next_at = now() - interval '1 minute'")
        await recover_operations(tomorrow)

    never, paid = (PaymentStart(uuid7(), uuid7(), 2_500, "USD") for _ in range(2))
    square_fake.fault("lost_before", method="POST", path="/v2/orders")
    with pytest.raises(OutcomeUnknownError):
        await start_payment(shop.house, SYSTEM, never)
    square_fake.books.location_id = "another"
    await asked_tomorrow()
    status = "SELECT status FROM payments WHERE id = $1"
    assert await shop.superuser.fetchval(status, never.payment_id) == "pending"  # not to be told says nothing
    square_fake.books.location_id = LOCATION
    await asked_tomorrow()
    row = await shop.superuser.fetchrow("SELECT status, failure_code FROM payments WHERE id = $1", never.payment_id)
    assert (tuple(row), square_fake.books.orders) == (("failed", "never_arrived"), {})
    reference = (await start_payment(shop.house, SYSTEM, paid)).payment.provider_ref
    gateway = shop.house.gateways["square"]
    await gateway.confirm(reference, payment_method="cnon:card-nonce-ok", key="by-the-payer")
    await settle(shop, square_fake)
    square_fake.fault("lost_before", method="POST", path="/v2/refunds")
    refund_id = uuid7()
    await refund_payment(shop.house, SYSTEM, paid.payment_id, 1_000, reason="other", refund_id=refund_id)
    await asked_tomorrow()
    row = await shop.superuser.fetchrow("SELECT status, failure_code FROM refunds WHERE id = $1", refund_id)
    assert (tuple(row), square_fake.books.refunds) == (("failed", "never_arrived"), {})
    assert await audit(shop.house) == []


async def test_an_event_of_another_merchant_is_genuine_and_parked(shop, square_fake):
    booking = await shop.book(start_at(9))
    await settle(shop, square_fake)
    square_fake.books.merchant_id = "MSOMEBODYELSE"
    (order,) = square_fake.books.orders
    await shop.house.gateways["square"].confirm(order, payment_method="cnon:card-nonce-ok", key="of-the-payer")
    await settle(shop, square_fake)
    assert await booking_and_payment(shop, booking) == ("pending", "pending", "square")
    told = await shop.superuser.fetch("SELECT DISTINCT status, outcome FROM webhook_events")
    assert [tuple(row) for row in told] == [("parked", "of another account: MSOMEBODYELSE")]
