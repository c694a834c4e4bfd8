"""The sandbox gives back no more than it took: refunds, disputes, intents that expired."""

import asyncio
from datetime import timedelta

from moorage.kernel.ids import uuid7
from tests.support.sandbox import Town


async def test_an_expired_intent_takes_no_money(town: Town):
    expiry = town.sandbox.clock() - timedelta(seconds=1)
    reference = await town.create(expires_at=expiry)
    refused = await town.api.post(f"/intents/{reference}/confirm", json={"payment_method": "pm_card_visa"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "intent_expired")
    assert (await town.gateway.fetch(reference)).status == "canceled"


async def test_a_pending_refund_reserves_its_amount_until_it_fails(town: Town):
    reference = await town.paid(10_000)
    await town.behave(refund_pending={"next_calls": 1})
    refund_id = uuid7()
    pending = await town.gateway.refund(reference, refund_id=refund_id, amount_minor=4_000, currency="GBP", key="one")
    assert pending.status == "pending"
    too_much = {"intent": reference, "amount_minor": 6_001, "currency": "GBP"}
    assert (await town.api.post("/refunds", json=too_much)).json()["error"]["code"] == "refund_exceeds_charge"
    failed = await town.api.post(f"/refunds/{pending.reference}/resolve", json={"status": "failed"})
    assert failed.json()["status"] == "failed"
    assert (await town.api.post("/refunds", json=too_much)).status_code == 201
    other = await town.api.post(f"/refunds/{pending.reference}/resolve", json={"status": "succeeded"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "refund_failed")
    assert (await town.gateway.find_refund(reference, refund_id)).failure_code == "refund_failed"
    assert (await town.gateway.fetch(reference)).refunded_minor == 6_001


async def test_a_refund_can_be_made_to_fail_by_the_card(town: Town):
    reference = await town.paid(10_000, method="pm_card_refund_fails")
    refund = await town.gateway.refund(reference, refund_id=uuid7(), amount_minor=4_000, currency="GBP", key="one")
    assert refund.status == "pending"
    async with town.sandbox.database.worker.acquire() as db:
        await db.execute("UPDATE sandbox.refunds SET ripe_at = now()")
    await town.sandbox.deliver_due()
    told = [town.gateway.parse(body) for body in town.endpoint.bodies]
    assert [event.refund_status for event in told if event.kind == "refund"] == ["pending", "failed"]


async def test_a_refund_made_at_the_dashboard_has_no_id_of_ours(town: Town):
    reference = await town.paid()
    await town.api.post("/refunds", json={"intent": reference, "amount_minor": 100, "currency": "GBP"})
    await town.sandbox.deliver_due()
    told = [town.gateway.parse(body) for body in town.endpoint.bodies if b"refund.succeeded" in body]
    assert [(event.refund_id, event.amount_minor, event.refund_status) for event in told] == [(None, 100, "succeeded")]


async def test_nothing_is_refunded_of_what_was_never_paid(town: Town):
    reference = await town.create()
    refused = await town.api.post("/refunds", json={"intent": reference, "amount_minor": 100, "currency": "GBP"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_refundable")


async def test_a_dispute_takes_what_is_left_and_stops_refunds_until_it_is_won(town: Town):
    reference = await town.paid(10_000)
    refund = {"intent": reference, "amount_minor": 3_000, "currency": "GBP"}
    await town.api.post("/refunds", json=refund)
    dispute = (await town.api.post("/disputes", json={"intent": reference})).json()
    assert (dispute["status"], dispute["amount_minor"], dispute["reason"]) == ("opened", 7_000, "fraudulent")
    assert (await town.api.post("/refunds", json=refund)).json()["error"]["code"] == "charge_disputed"
    again = await town.api.post("/disputes", json={"intent": reference})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "charge_disputed")
    path = f"/disputes/{dispute['id']}"
    reviewed = await town.api.post(f"{path}/evidence", json={"evidence": "They were here."})
    assert (reviewed.json()["status"], reviewed.json()["evidence"]) == ("under_review", "They were here.")
    assert (await town.api.post(f"{path}/resolve", json={"outcome": "won"})).json()["status"] == "won"
    lost = await town.api.post(f"{path}/resolve", json={"outcome": "lost"})
    assert (lost.status_code, lost.json()["error"]["code"]) == (409, "dispute_closed")
    assert (await town.api.post("/refunds", json=refund)).status_code == 201
    await town.sandbox.deliver_due()
    told = [town.gateway.parse(body) for body in town.endpoint.bodies]
    assert [event.dispute_status for event in told if event.kind == "dispute"] == ["opened", "under_review", "won"]
    assert {event.dispute_reference for event in told if event.kind == "dispute"} == {dispute["id"]}


async def test_a_lost_dispute_keeps_the_money(town: Town):
    reference = await town.paid(10_000)
    dispute = (await town.api.post("/disputes", json={"intent": reference, "reason": "not_received"})).json()
    await town.api.post(f"/disputes/{dispute['id']}/resolve", json={"outcome": "lost"})
    assert (await town.api.get("/balances")).json()["data"] == [
        {"object": "balance", "account": None, "currency": "GBP", "balance_minor": 0}
    ]
    refused = await town.api.post("/refunds", json={"intent": reference, "amount_minor": 1, "currency": "GBP"})
    assert refused.json()["error"]["code"] == "charge_disputed"


async def test_refunding_and_disputing_at_once_never_give_back_more_than_was_taken(town: Town):
    for _ in range(5):
        reference = await town.paid(1_000)
        refund = {"intent": reference, "amount_minor": 600, "currency": "GBP"}
        await asyncio.gather(
            town.api.post("/refunds", json=refund),
            town.api.post("/disputes", json={"intent": reference}),
            town.api.post("/refunds", json=refund),
        )
        records = [one async for one in town.gateway.records() if one.payment_reference == reference]
        assert sum(one.amount_minor for one in records if one.kind != "charge") <= 1_000
