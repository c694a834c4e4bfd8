"""Providers' events: stored once, answered at once, processed alone, in any order, as often as they come."""

import json
import random
from dataclasses import replace

import pytest

from moorage.journeys.audit_books import audit
from moorage.journeys.process_events import process_due_events
from moorage.journeys.provider_calls import carry_out
from moorage.journeys.receive_event import poll_providers, replay
from moorage.kernel.ids import uuid7
from tests.support.shop import Held, Shop


async def charged_silently(shop: Shop) -> Held:
    """Paid on the provider's page: we know nothing of it but by its events."""
    held = await shop.ready()
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    answer = await shop.town.api.post(f"/intents/{reference}/confirm", json={"payment_method": "pm_card_visa"})
    assert answer.status_code == 200, answer.text
    return held


async def inbox(shop: Shop) -> dict[str, int]:
    rows = await shop.db.fetch("SELECT status, count(*) FROM webhook_events GROUP BY 1")
    return {row[0]: row[1] for row in rows}


def changed(body: bytes, **facts) -> bytes:
    event = json.loads(body)
    event["data"].update(facts)
    event["id"] = f"evt_{uuid7().hex}"
    return json.dumps(event).encode()


async def test_case_1_the_same_event_fifty_times_at_once_has_one_effect(shop: Shop):
    held = await charged_silently(shop)
    told = await shop.webhooks()
    succeeded = next(body for body in told if json.loads(body)["type"] == "intent.succeeded")
    assert await shop.deliver(succeeded, at_once=50) == [200] * 50
    assert await inbox(shop) == {"received": 1}
    await process_due_events(shop.house)
    assert await shop.status(held) == ("confirmed", "succeeded")
    mails = "SELECT count(*) FROM mails WHERE cause LIKE $1"
    assert await shop.value(mails, f"%confirmed:{held.id}%") == 2  # one to each side
    await shop.deliver(succeeded, at_once=3)
    await shop.settle()
    assert await shop.value(mails, f"%confirmed:{held.id}%") == 2
    assert await shop.balance("clearing:sandbox") == 8_000


async def test_case_21_the_providers_fee_is_posted_once_when_it_is_told(shop: Shop):
    shop.town.sandbox.terms = replace(shop.town.sandbox.terms, fee_bps=290, fee_fixed_minor=30)
    await charged_silently(shop)
    told = await shop.webhooks()
    await shop.deliver(*told, *told)
    await shop.settle()
    assert (await shop.balance("provider_fees"), await shop.balance("clearing:sandbox")) == (262, 7_738)
    assert await shop.value("SELECT fee_minor FROM payments") == 262
    assert await shop.audit() == []


async def test_case_2_two_events_of_one_charge_post_once(shop: Shop):
    held = await charged_silently(shop)
    told = await shop.webhooks()
    assert {"charge.succeeded", "intent.succeeded"} <= {json.loads(body)["type"] for body in told}
    await shop.deliver(*told)
    await shop.settle()
    assert await shop.value("SELECT count(*) FROM ledger_transactions WHERE kind = 'payment'") == 1
    assert await shop.status(held) == ("confirmed", "succeeded")


async def test_case_4_one_changed_byte_is_refused_and_stored_nowhere(shop: Shop):
    await charged_silently(shop)
    body = (await shop.webhooks())[-1]
    right = shop.signature(body)
    answer = await shop.send(body.replace(b"8000", b"8001"), right)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_signature")
    assert (await shop.send(body, "")).status_code == 400
    assert (await shop.send(body, right, provider="stripe")).status_code == 404
    assert await inbox(shop) == {}
    counted = await shop.db.fetch("SELECT provider, reason, deliveries FROM webhook_rejections")
    assert [tuple(row) for row in counted] == [("sandbox", "invalid_signature", 2)]


@pytest.mark.parametrize(("age_s", "status"), [(295, 200), (310, 400), (-310, 400)])
async def test_case_5_an_event_from_too_long_ago_or_from_the_future_is_refused(shop: Shop, age_s, status):
    await charged_silently(shop)
    body = (await shop.webhooks())[-1]
    answer = await shop.send(body, shop.signature(body, age_s=age_s))
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "timestamp_out_of_tolerance"


async def test_case_7_an_event_that_comes_before_its_payment_is_applied_when_it_appears(shop: Shop):
    await charged_silently(shop)
    body = (await shop.webhooks())[-1]
    await shop.deliver(changed(body, client_reference=str(uuid7()), id="pi_elsewhere"))
    await process_due_events(shop.house)
    assert await inbox(shop) == {"received": 1}
    assert await shop.value("SELECT outcome FROM webhook_events") == "no such payment here yet"
    held = await shop.hold()
    event = await shop.value("SELECT id FROM webhook_events")
    early = changed(body, client_reference=str(held.payment_id), id="pi_late", amount_minor=8_000)
    await shop.db.execute("UPDATE webhook_events SET body = $2 WHERE id = $1", event, early)
    await shop.due_now()
    await process_due_events(shop.house)
    assert await shop.status(held) == ("confirmed", "succeeded")


async def test_case_7_after_the_last_try_it_is_parked_with_one_alert(shop: Shop):
    await shop.db.execute("UPDATE users SET role = 'admin' WHERE id = $1", shop.practitioner.user_id)
    await charged_silently(shop)
    body = (await shop.webhooks())[-1]
    await shop.deliver(changed(body, client_reference=str(uuid7()), id="pi_elsewhere"))
    for _ in range(4):
        await shop.due_now()
        await process_due_events(shop.house, attempts=3)
    assert await inbox(shop) == {"parked": 1}
    assert await shop.value("SELECT count(*) FROM mails WHERE cause LIKE 'event_parked:%'") == 1


async def test_case_7_a_poisoned_event_delays_no_thousand_others(shop: Shop):
    held = await charged_silently(shop)
    told = await shop.webhooks()
    poison = json.dumps({"id": "evt_poison", "type": "intent.succeeded", "livemode": False, "data": 5}).encode()
    stored = "INSERT INTO webhook_events (id, provider, event_id, event_type, body) VALUES ($1, 'sandbox', $2, $3, $4)"
    await shop.db.execute(stored, uuid7(), "evt_poison", "intent.succeeded", poison)
    other = json.dumps({"id": "evt_other", "type": "weather.changed", "livemode": False, "data": {}}).encode()
    await shop.db.execute(
        """INSERT INTO webhook_events (id, provider, event_id, event_type, body)
           SELECT new_id(), 'sandbox', 'evt_' || n, 'weather.changed', $1 FROM generate_series(1, 1000) AS n""",
        other,
    )
    await shop.deliver(*told)
    await process_due_events(shop.house)
    assert await shop.status(held) == ("confirmed", "succeeded")
    assert await inbox(shop) == {"received": 1, "ignored": 1_000, "processed": len(told)}


async def test_a_genuine_event_of_another_mode_or_about_anothers_booking_is_parked(shop: Shop):
    paid, other = await charged_silently(shop), await shop.hold()
    body = next(body for body in await shop.webhooks() if json.loads(body)["type"] == "intent.succeeded")
    live = json.dumps({**json.loads(body), "id": "evt_live", "livemode": True}).encode()
    await shop.deliver(live, changed(body, client_reference=str(other.payment_id)))
    await process_due_events(shop.house)
    assert await inbox(shop) == {"parked": 2}
    assert [await shop.status(held) for held in (paid, other)] == [("pending", "pending")] * 2


@pytest.mark.parametrize("facts", [{"captured_minor": 7_999}, {"currency": "EUR"}, {"id": "pi_another"}])
async def test_a_genuine_event_with_another_amount_currency_or_object_is_parked_and_pays_nothing(shop: Shop, facts):
    held = await charged_silently(shop)
    told = await shop.webhooks()
    body = next(body for body in told if json.loads(body)["type"] == "intent.succeeded")
    assert await shop.deliver(changed(body, **facts)) == [200]
    await process_due_events(shop.house)
    assert await inbox(shop) == {"parked": 1}
    assert await shop.status(held) == ("pending", "pending")
    assert await shop.balance("clearing:sandbox") == 0


async def test_case_8_events_whose_worker_died_are_taken_up_again(shop: Shop):
    held = await charged_silently(shop)
    await shop.deliver(*await shop.webhooks())
    await shop.db.execute("SELECT claim_events(100, interval '8 seconds')")  # and then the power went
    assert await process_due_events(shop.house) == 0
    await shop.due_now()
    await process_due_events(shop.house)
    assert await shop.status(held) == ("confirmed", "succeeded")


async def test_case_9_what_was_never_delivered_is_found_exactly_once(shop: Shop):
    held = await charged_silently(shop)
    known = await shop.webhooks()
    await shop.deliver(known[0])
    events = await shop.value("SELECT count(*) FROM sandbox.events")
    assert await poll_providers(shop.house) == events - 1
    assert await poll_providers(shop.house) == 0
    await process_due_events(shop.house)
    assert await shop.status(held) == ("confirmed", "succeeded")


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_events_in_any_order_and_number_end_in_the_same_state(shop: Shop, seed):
    held = await shop.ready()
    await shop.pay(held, "pm_card_declined")
    await shop.pay(held)
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    for amount in (1_000, 2_500):
        await shop.town.api.post("/refunds", json={"intent": reference, "amount_minor": amount, "currency": "USD"})
    told = await shop.webhooks() * 2
    dice = random.Random(seed)
    dice.shuffle(told)
    for body in told:
        await shop.deliver(body)
        if dice.random() < 0.4:
            await process_due_events(shop.house)
    await shop.settle()
    assert await shop.status(held) == ("confirmed", "partially_refunded")
    assert await shop.balance("clearing:sandbox") == 4_500
    assert await audit(shop.house) == []


async def test_case_17_a_refund_from_the_dashboard_is_recorded_once_and_cancels_nothing(shop: Shop):
    held = await shop.paid()
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    await shop.town.api.post("/refunds", json={"intent": reference, "amount_minor": 3_000, "currency": "USD"})
    told = await shop.webhooks()
    await shop.deliver(*told, at_once=3)
    await shop.settle()
    assert await shop.status(held) == ("confirmed", "partially_refunded")
    assert await shop.value("SELECT refunded_minor FROM bookings WHERE id = $1", held.id) == 3_000
    assert await shop.value("SELECT count(*) FROM refunds WHERE origin = 'external'") == 1
    assert await audit(shop.house) == []


async def test_a_refund_from_the_dashboard_waits_for_ours_that_reserved_the_same_money(shop: Shop):
    held = await shop.paid()
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    await shop.settle()
    ours, call = uuid7(), uuid7()
    planned = "SELECT refund_for_purpose($1, $2, $3, 6000, 'other', NULL, NULL)"
    await shop.db.execute(planned, ours, call, held.payment_id)
    await shop.town.api.post("/refunds", json={"intent": reference, "amount_minor": 3_000, "currency": "USD"})
    await shop.deliver(*await shop.webhooks())
    await process_due_events(shop.house)
    assert await shop.value("SELECT status FROM webhook_events WHERE event_type LIKE 'refund%'") == "received"
    await carry_out(shop.house, call)
    assert await shop.value("SELECT status FROM refunds WHERE id = $1", ours) == "failed"
    await shop.due_now()
    await process_due_events(shop.house)
    assert await shop.status(held) == ("confirmed", "partially_refunded")
    assert await shop.balance("clearing:sandbox") == 5_000
    assert await shop.audit() == []


async def test_an_administrator_replays_a_parked_event(shop: Shop):
    held = await charged_silently(shop)
    told = await shop.webhooks()
    await shop.deliver(*told)
    await shop.db.execute("UPDATE webhook_events SET status = 'parked', outcome = 'by hand'")
    for row in await shop.db.fetch("SELECT id FROM webhook_events"):
        await replay(shop.house, row["id"])
    await process_due_events(shop.house)
    assert await shop.status(held) == ("confirmed", "succeeded")


async def test_an_unknown_kind_of_event_is_stored_and_has_no_effect(shop: Shop):
    body = json.dumps({"id": "evt_new", "type": "weather.changed", "livemode": False, "data": {}}).encode()
    assert await shop.deliver(body) == [200]
    await process_due_events(shop.house)
    assert await inbox(shop) == {"ignored": 1}


@pytest.mark.parametrize("what", ["refund", "dispute"])
async def test_a_genuine_refund_or_dispute_in_another_currency_is_parked_and_posts_nothing(shop: Shop, what):
    held = await shop.paid()
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    await shop.settle()
    if what == "refund":
        await shop.town.api.post("/refunds", json={"intent": reference, "amount_minor": 3_000, "currency": "USD"})
    else:
        await shop.town.api.post("/disputes", json={"intent": reference})
    told = [body for body in await shop.webhooks() if json.loads(body)["type"].startswith(what)]
    assert told
    await shop.deliver(*(changed(body, currency="JPY") for body in told))
    await process_due_events(shop.house)
    assert await shop.value("SELECT count(*) FROM webhook_events WHERE status = 'parked'") == len(told)
    assert await shop.status(held) == ("confirmed", "succeeded")
    assert await shop.balance("clearing:sandbox") == 8_000
