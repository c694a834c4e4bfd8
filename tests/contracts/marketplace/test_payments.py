"""Payments over HTTP, by the marketplace contract, against the sandbox."""

import asyncio

import pytest

from moorage.kernel.ids import uuid7
from tests.support.shop import Shop


def data(answer, status=200):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["status"] == ("success" if status < 400 else "error")
    return body["data"] if status < 400 else body["errors"]


async def intent(shop: Shop, booking_id, status=200, client=None, **more):
    body = {"booking_id": str(booking_id), **more}
    return data(await (client or shop.client).post("/api/v1/payments/create-intent/", json=body), status)


async def test_a_booking_is_paid_and_confirmed_by_a_methods_name(shop: Shop):
    held = await shop.hold()
    made = await intent(shop, held.id)
    assert made["payment_id"] == str(held.payment_id)
    assert (made["provider"], made["status"], made["amount"], made["currency"]) == (
        "sandbox",
        "pending",
        "80.00",
        "USD",
    )
    assert made["client_secret"]
    assert made["checkout_url"].startswith(f"{shop.town.base_url}/sandbox/pay/")
    paid = data(await shop.pay(held))
    assert (paid["status"], paid["amount"], paid["booking_id"]) == ("succeeded", "80.00", str(held.id))
    assert await shop.status(held) == ("confirmed", "succeeded")
    assert await shop.balance("commission") == 400
    assert await shop.balance(f"earnings_pending:{shop.practitioner.id}") == 7_600
    await shop.settle()
    assert await shop.audit() == []


async def test_asking_again_answers_the_same_payment_and_calls_the_provider_once(shop: Shop):
    held = await shop.hold()
    answers = await asyncio.gather(*(intent(shop, held.id) for _ in range(8)))
    assert {answer["payment_id"] for answer in answers} == {str(held.payment_id)}
    assert await shop.value("SELECT count(*) FROM sandbox.intents") == 1


@pytest.mark.parametrize(
    ("method", "code"),
    [("pm_card_declined", "card_declined"), ("pm_card_insufficient_funds", "insufficient_funds")],
)
async def test_a_declined_card_says_why_and_another_may_be_tried(shop: Shop, method, code):
    held = await shop.ready()
    refused = data(await shop.pay(held, method), 422)
    assert (refused["code"], refused["failure_code"]) == ("provider_declined", code)
    assert await shop.status(held) == ("pending", "failed")
    assert data(await shop.pay(held))["status"] == "succeeded"
    assert await shop.status(held) == ("confirmed", "succeeded")
    await shop.settle()
    assert await shop.status(held) == ("confirmed", "succeeded")
    assert await shop.charges() == 1


async def test_after_a_decline_a_new_intent_is_a_new_attempt_and_the_old_one_is_closed(shop: Shop):
    held = await shop.ready()
    await shop.pay(held, "pm_card_declined")
    again = await intent(shop, held.id)
    assert again["payment_id"] != str(held.payment_id)
    assert again["status"] == "pending"
    await shop.settle()
    assert (await shop.status(held))[1] == "canceled"
    assert (
        await shop.value("SELECT status FROM sandbox.intents WHERE client_reference = $1", held.payment_id)
        == "canceled"
    )


async def test_a_challenge_asks_for_an_action_and_is_settled_by_the_webhook(shop: Shop):
    held = await shop.ready()
    asked = data(await shop.pay(held, "pm_card_challenge"))
    assert asked["status"] == "requires_action"
    assert asked["checkout_url"]
    page = shop.town.page(held.payment_id)
    await shop.town.payer.post(page, data={"step": "challenge", "answer": "approve"})
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    await shop.town.api.post(f"/intents/{reference}/challenge", json={"approved": True})
    await shop.settle()
    assert await shop.status(held) == ("confirmed", "succeeded")


async def test_case_11_an_answer_that_was_lost_is_202_and_then_exactly_one_charge(shop: Shop):
    held = await shop.ready()
    waiting = data(await shop.pay(held, "pm_timeout_after_charge"), 202)
    assert waiting["status"] == "processing"
    assert await shop.value("SELECT status FROM provider_operations WHERE kind = 'confirm'") == "unknown"
    await shop.due_now()
    await shop.settle()
    assert await shop.status(held) == ("confirmed", "succeeded")
    assert await shop.charges() == 1
    assert await shop.audit() == []


@pytest.mark.parametrize("method", ["pm_500_before", "pm_500_after"])
async def test_a_broken_answer_is_asked_about_until_it_is_known(shop: Shop, method):
    held = await shop.ready()
    data(await shop.pay(held, method), 202)
    await shop.due_now()
    await shop.settle()
    assert await shop.status(held) == ("confirmed", "succeeded")
    assert await shop.charges() == 1


async def test_paying_twenty_times_at_once_charges_once(shop: Shop):
    held = await shop.ready()
    answers = await asyncio.gather(*(shop.pay(held) for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {200, 202, 409}
    assert any(answer.status_code == 200 for answer in answers)
    assert await shop.charges() == 1
    await shop.settle()
    assert await shop.audit() == []


async def test_anothers_booking_and_payment_do_not_exist(shop: Shop):
    held = await shop.ready()
    assert (await intent(shop, held.id, 404, shop.stranger))["code"] == "not_found"
    body = {"payment_id": str(held.payment_id), "payment_method": "pm_card_visa"}
    for client in (shop.stranger, shop.seller):
        assert data(await client.post("/api/v1/payments/confirm/", json=body), 404)["code"] == "not_found"
    assert (await intent(shop, uuid7(), 404))["code"] == "not_found"
    assert (await shop.town.payer.post("/api/v1/payments/confirm/", json=body)).status_code == 401


async def test_what_was_paid_or_has_expired_or_was_cancelled_is_not_payable(shop: Shop):
    paid = await shop.paid()
    assert (await intent(shop, paid.id, 409))["code"] == "invalid_state"
    assert data(await shop.pay(paid), 409)["code"] == "invalid_state"
    expired = await shop.ready()
    await shop.db.execute("UPDATE bookings SET hold_expires_at = now() - interval '1 s' WHERE id = $1", expired.id)
    assert (await intent(shop, expired.id, 409))["code"] == "hold_expired"
    assert data(await shop.pay(expired), 409)["code"] == "hold_expired"
    assert await shop.charges() == 1


async def test_the_amount_is_the_servers(shop: Shop):
    held = await shop.hold()
    assert (await intent(shop, held.id, 422, amount="1.00"))["fields"][0]["code"] == "unknown_field"
    assert (await intent(shop, held.id, 422, provider="nobody"))["code"] == "unknown_provider"


async def test_history_lists_the_payers_own_payments(shop: Shop):
    first, second = await shop.paid(), await shop.ready()
    listed = data(await shop.client.get("/api/v1/payments/history/"))
    assert listed["count"] == 2
    assert [row["id"] for row in listed["results"]] == [str(second.payment_id), str(first.payment_id)]
    only = data(await shop.client.get(f"/api/v1/payments/history/?status=succeeded&booking_id={first.id}"))
    assert [row["id"] for row in only["results"]] == [str(first.payment_id)]
    assert only["results"][0]["client_secret"] is None
    assert data(await shop.stranger.get("/api/v1/payments/history/"))["count"] == 0
    page = data(await shop.client.get("/api/v1/payments/history/?ordering=created_at&page=2&page_size=1"))
    assert [row["id"] for row in page["results"]] == [str(second.payment_id)]
    assert data(await shop.client.get("/api/v1/payments/history/?ordering=secret"), 422)["code"] == "invalid_ordering"


async def test_a_deposit_confirms_and_the_balance_is_collected_later(shop: Shop):
    await shop.db.execute("UPDATE services SET deposit_bps = 2500, price_minor = 9999 WHERE id = $1", shop.service)
    held = await shop.hold()
    assert (await intent(shop, held.id))["amount"] == "25.00"
    assert data(await shop.pay(held))["purpose"] == "booking_deposit"
    assert await shop.status(held) == ("confirmed", "succeeded")
    balance = await intent(shop, held.id)
    assert (balance["amount"], balance["status"]) == ("74.99", "pending")
    body = {"payment_id": balance["payment_id"], "payment_method": "pm_card_visa"}
    paid = data(await shop.client.post("/api/v1/payments/confirm/", json=body))
    assert (paid["purpose"], paid["status"]) == ("booking_balance", "succeeded")
    assert (await intent(shop, held.id, 409))["code"] == "invalid_state"
    # Half-up on the whole: 5 % of 99.99 is 5.00, however it came in.
    assert await shop.balance("commission") == 500
    assert await shop.balance(f"earnings_pending:{shop.practitioner.id}") == 9_499
    await shop.settle()
    assert await shop.audit() == []


async def test_what_was_not_collected_is_not_charged_when_the_booking_has_ended_meanwhile(shop: Shop):
    held = await shop.ready()
    await shop.town.behave(error_before={"next_calls": 1, "operations": ["confirm"]})
    data(await shop.pay(held), 202)
    cancelled = await shop.client.post(f"/api/v1/bookings/{held.id}/cancel/", json={})
    assert cancelled.status_code == 200, cancelled.text
    await shop.due_now()
    await shop.settle()
    assert await shop.charges() == 0
    assert (await shop.status(held))[1] == "canceled"
