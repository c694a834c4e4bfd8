"""Payments of the catering contract: the smoke run step by step against the sandbox, refunds, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from moorage.kernel.ids import uuid7
from tests.builders import make_service
from tests.support.shop import Shop


@pytest.fixture
async def shop(shop: Shop, superuser):
    """The shop sells by the guest: an adult 50.00, at least 200.00, with a deposit of 100.00."""
    shop.service = await make_service(
        superuser,
        shop.practitioner,
        options={"adult": 5_000},
        minimum_minor=20_000,
        deposit_minor=10_000,
        max_participants=40,
    )
    await superuser.execute("UPDATE users SET role = 'admin' WHERE id = $1", shop.practitioner.user_id)
    return shop


def day(ahead: int) -> str:
    return (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()


async def book(shop: Shop, guests: int = 8, ahead: int = 5):
    body = {"date": day(ahead), "time": "10:00", "guests": guests, "menu": "adult", "location": "4 Quay Street"}
    return ok(await shop.client.post("/api/bookings", json=body), 201)


def ok(answer, status: int = 200):
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def checkout(shop: Shop, booking, amount: int = 10_000, client=None, **more):
    body = {"booking_id": booking["id"], "line_items": [{"name": "Deposit", "amount": amount, "quantity": 1}], **more}
    return await (client or shop.client).post("/api/stripe/create-checkout-session", json=body)


async def pay_on_page(shop: Shop, url: str, card: str = "4242 4242 4242 4242"):
    form = {"action": "card", "number": card, "expiry": "12/34", "cvc": "123", "name": "Ada Marsh"}
    page = await shop.town.payer.get(url)
    assert page.status_code == 200, page.text
    return await shop.town.payer.post(url, data=form)


async def listed(client, path: str):
    return ok(await client.get(f"/api/stripe/{path}"))["items"]


async def test_the_smoke_run_passes_as_written(shop: Shop):
    booking = await book(shop)
    assert (booking["total"], booking["deposit_due"], booking["balance_due"]) == (40_000, 10_000, 30_000)
    session = ok(await checkout(shop, booking))
    assert session["session_id"]
    assert datetime.fromisoformat(session["expires_at"]) == datetime.fromisoformat(booking["hold_expires_at"])
    await pay_on_page(shop, session["url"])
    await shop.settle()
    log = await listed(shop.seller, "webhook-events")
    assert {event["status"] for event in log} == {"processed"}
    assert all(event["verified"] and event["processed"] for event in log)
    [payment] = await listed(shop.client, f"payments?booking_id={booking['id']}&payment_type=deposit&status=succeeded")
    assert (payment["id"], payment["amount"], payment["method"]) == (session["payment_id"], 10_000, "visa 4242")
    booking = ok(await shop.client.get(f"/api/bookings/{booking['id']}"))
    assert (booking["status"], booking["paid"], booking["owed"]) == ("confirmed", 10_000, 30_000)
    figures = ok(await shop.seller.get("/api/stripe/analytics/payments"))
    assert (figures["totals"]["revenue"], figures["by_payment_type"][0]["name"]) == (10_000, "deposit")
    body = {"payment_id": payment["id"], "amount": 50.00, "reason": "customer_request", "notes": "One guest less."}
    key = {"Idempotency-Key": uuid7().hex}
    refund = ok(await shop.seller.post("/api/stripe/refund", json=body, headers=key))
    again = await shop.seller.post("/api/stripe/refund", json=body, headers=key)
    assert (ok(again), again.headers["idempotent-replayed"]) == (refund, "true")
    assert (refund["amount"], refund["amount_cents"], refund["reason"]) == ("50.00", 5_000, "customer_request")
    await shop.settle()
    [refund] = await listed(shop.seller, f"refunds?payment_id={payment['id']}")
    assert (refund["status"], refund["notes"]) == ("succeeded", "One guest less.")
    [payment] = await listed(shop.client, "payments?status=partially_refunded&method=card")
    assert payment["refunded_amount"] == 5_000
    booking = ok(await shop.client.get(f"/api/bookings/{booking['id']}"))
    assert booking["total"] == booking["paid"] - booking["refunded"] + booking["owed"]
    assert await shop.audit() == []


async def test_declined_cards_are_told_and_another_one_pays(shop: Shop):
    for ahead, card, code in (
        (5, "4000 0000 0000 0002", "card_declined"),
        (6, "4000 0000 0000 9995", "insufficient_funds"),
    ):
        booking = await book(shop, ahead=ahead)
        session = ok(await checkout(shop, booking))
        await pay_on_page(shop, session["url"], card)
        await shop.settle()
        [payment] = await listed(shop.client, f"payments?booking_id={booking['id']}&status=failed")
        assert payment["failure_code"] == code
    await pay_on_page(shop, session["url"], "4000 0027 6000 3184")
    await shop.town.payer.post(session["url"], data={"action": "challenge_approve"})
    await shop.settle()
    [payment] = await listed(shop.client, f"payments?booking_id={booking['id']}&status=succeeded")
    assert payment["id"] == session["payment_id"]


async def test_a_card_that_was_declined_is_a_failure_also_when_the_payer_begins_anew(shop: Shop):
    booking = await book(shop)
    session = ok(await checkout(shop, booking))
    for card, code in (("4000 0000 0000 0002", "card_declined"), ("4000 0000 0000 9995", "insufficient_funds")):
        await pay_on_page(shop, session["url"], card)
        await shop.settle()
        [payment] = await listed(shop.client, "payments?status=failed")
        assert payment["failure_code"] == code
    again = ok(await checkout(shop, booking))
    await pay_on_page(shop, again["url"])
    await shop.settle()
    declined = {each["failure_code"] for each in await listed(shop.client, "payments?status=canceled")}
    assert declined == {None, "insufficient_funds"}  # the first was the booking's own, and nobody tried to pay it
    figures = ok(await shop.seller.get("/api/stripe/analytics/payments"))
    totals = figures["totals"]
    assert (totals["succeeded"], totals["failed"], totals["canceled"]) == (1, 1, 1)
    assert (figures["success_rate"], figures["failure_rate"]) == (0.5, 0.5)


async def test_no_more_is_asked_for_than_a_booking_owes(shop: Shop):
    booking = await book(shop)
    assert refused(await checkout(shop, booking, 40_001)) == (422, "amount_mismatch")
    assert refused(await checkout(shop, booking, client=shop.stranger)) == (404, "not_found")
    assert ok(await checkout(shop, booking, 40_000))["payment_id"]
    intent = {"booking_id": booking["id"], "amount": 9_999, "payment_type": "deposit"}
    answer = await shop.client.post("/api/stripe/create-payment-intent", json=intent)
    assert refused(answer) == (422, "amount_mismatch")
    made = ok(await shop.client.post("/api/stripe/create-payment-intent", json={**intent, "amount": 10_000}))
    assert made["client_secret"]
    assert made["payment_intent_id"]
    [payment] = await listed(shop.client, f"payments?booking_id={booking['id']}&payment_type=deposit&status=pending")
    assert payment["id"] == made["payment_id"]


async def test_a_refund_is_never_more_than_is_left_and_an_administrators(shop: Shop):
    booking = await book(shop)
    session = ok(await checkout(shop, booking))
    await pay_on_page(shop, session["url"])
    await shop.settle()
    body = {"payment_id": session["payment_id"], "reason": "duplicate"}
    post = shop.seller.post
    assert refused(await post("/api/stripe/refund", json={**body, "amount": "100.01"})) == (
        409,
        "refund_exceeds_payment",
    )
    assert refused(await post("/api/stripe/refund", json={**body, "amount": "10.001"})) == (422, "invalid_amount")
    assert refused(await post("/api/stripe/refund", json={**body, "amount": "0.00"})) == (422, "invalid_amount")
    assert refused(await post("/api/stripe/refund", json={**body, "reason": "whim"})) == (422, "invalid_choice")
    assert refused(await shop.client.post("/api/stripe/refund", json=body)) == (403, "forbidden")
    assert refused(await post("/api/stripe/refund", json={**body, "payment_id": str(uuid7())})) == (404, "not_found")
    assert ok(await post("/api/stripe/refund", json=body))["amount"] == "100.00"
    assert refused(await post("/api/stripe/refund", json=body)) == (409, "refund_exceeds_payment")


async def test_a_free_amount_and_prices_of_the_catalog_are_paid_without_a_booking(shop: Shop):
    option = await shop.value("SELECT id FROM price_options WHERE service_id = $1", shop.service)
    body = {"price_ids": [str(option), str(option)]}
    session = ok(await shop.client.post("/api/stripe/create-checkout-session", json=body))
    [payment] = await listed(shop.client, "payments?payment_type=free")
    assert (payment["id"], payment["amount"], payment["currency"]) == (session["payment_id"], 10_000, "USD")
    post = shop.client.post
    for wrong, code in (
        ({}, "lines_required"),
        ({"price_ids": ["price_of_nothing"]}, "unknown_price"),
        ({"price_ids": [str(option)], "mode": "subscription"}, "unknown_price"),
        ({"price_ids": [str(option)], "success_url": "https://evil.example/"}, "return_url_not_allowed"),
        ({"line_items": [{"name": "x", "amount": 0}]}, "invalid_amount"),
        ({"line_items": [{"name": "x", "amount": -1}]}, "invalid_amount"),
        ({"line_items": [{"name": "x", "amount": 2**63}]}, "invalid_amount"),
        ({"line_items": [{"name": "x", "amount": 1.5}]}, "invalid_type"),
        ({"line_items": [{"name": "x", "amount": True}]}, "invalid_type"),
        ({"line_items": [{"name": "x", "amount": "100"}]}, "invalid_type"),
        ({"line_items": [{"name": "x", "amount": 10**15, "quantity": 10_000}]}, "invalid_amount"),
    ):
        assert refused(await post("/api/stripe/create-checkout-session", json=wrong)) == (422, code), wrong


async def test_a_list_of_payments_ends_after_it_begins(shop: Shop):
    answer = await shop.client.get("/api/stripe/payments?from=2026-11-22&to=2026-11-20")
    assert refused(answer) == (422, "invalid_range")
    assert ok(await shop.client.get("/api/stripe/payments?from=2026-11-20&to=2026-11-20"))["total"] == 0


async def test_disputes_are_listed_for_administrators_and_answered_where_the_provider_takes_it(shop: Shop):
    assert refused(await shop.client.get("/api/stripe/disputes")) == (403, "forbidden")
    assert ok(await shop.seller.get("/api/stripe/disputes"))["total"] == 0
    unknown = await shop.seller.post(f"/api/stripe/disputes/{uuid7()}/evidence", json={"note": "Served."})
    assert refused(unknown) == (404, "not_found")


async def test_the_portal_is_ours_for_whom_no_provider_knows(shop: Shop):
    url = ok(await shop.client.post("/api/stripe/portal-link", json={}))["url"]
    assert url.startswith(f"{shop.house.public_url}/portal/")
    elsewhere = await shop.client.post("/api/stripe/portal-link", json={"return_url": "https://evil.example"})
    assert refused(elsewhere) == (422, "return_url_not_allowed")
