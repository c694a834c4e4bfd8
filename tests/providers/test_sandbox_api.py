"""The sandbox's HTTP API: who may ask, keys and repeats, refunds, disputes, transfers, payouts, lists, refusals."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from moorage.kernel.ids import uuid7
from tests.support.sandbox import Town

INTENT = {"amount_minor": 7200, "currency": "GBP", "description": "Massage"}


def intent(town: Town, **changes) -> dict:
    return INTENT | {"return_url": f"{town.base_url}/back"} | changes


@pytest.mark.parametrize("key", [None, "Bearer wrong", "Basic wrong", "Bearer", "Bearer \xff"])
async def test_nobody_gets_in_without_the_key(town: Town, key):
    headers = {} if key is None else {"Authorization": key.encode("latin-1")}
    async with httpx.AsyncClient(base_url=f"{town.base_url}/sandbox/v1", headers=headers) as stranger:
        for call in (stranger.get("/intents"), stranger.post("/refunds", content=b"{"), stranger.get("/behaviour")):
            refused = await call
            assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount_minor": 0}, "out_of_range", "amount_minor"),
        ({"amount_minor": -1}, "out_of_range", "amount_minor"),
        ({"amount_minor": 2**63}, "out_of_range", "amount_minor"),
        ({"amount_minor": 10.5}, "invalid_type", "amount_minor"),
        ({"amount_minor": True}, "invalid_type", "amount_minor"),
        ({"amount_minor": "7200"}, "invalid_type", "amount_minor"),
        ({"currency": "EURO"}, "invalid_currency", "currency"),
        ({"currency": "gbp"}, "invalid_currency", "currency"),
        ({"description": " "}, "required", "description"),
        ({"description": "4242 4242 4242 4242"}, "card_data_not_allowed", "description"),
        ({"client_reference": "mine"}, "invalid_id", "client_reference"),
        ({"expires_at": "tomorrow"}, "invalid_datetime", "expires_at"),
        ({"card": "4242"}, "unknown_field", "card"),
    ],
)
async def test_what_is_not_acceptable_is_refused_by_name(town: Town, changes, code, param):
    refused = await town.api.post("/intents", json=intent(town) | changes)
    assert refused.status_code == 422, refused.text
    assert (refused.json()["error"]["code"], refused.json()["error"]["param"]) == (code, param)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example/",
        "/back",
        "javascript:alert(1)",
        "{base}@evil.example/",
        "{base}.evil.example/",
        "http://127.0.0.1/",
        "http:\\\\evil.example",
        "{base}\\@evil.example/",
        "{base}/\nSet-Cookie: a=b",
        "",
    ],
)
async def test_a_payer_is_not_sent_elsewhere(town: Town, url):
    refused = await town.api.post("/intents", json=intent(town, return_url=url.replace("{base}", town.base_url)))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "return_url_not_allowed")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"{", 400, "malformed_json"), (b'{"a":1,"a":2}', 400, "duplicate_key"), (b"\xff", 400, "malformed_json")],
)
async def test_what_cannot_be_read_is_refused(town: Town, content, status, code):
    refused = await town.api.post("/intents", content=content, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)


async def test_a_key_gets_the_first_answer_again(town: Town):
    headers = {"Idempotency-Key": "key"}
    first = await town.api.post("/intents", json=intent(town), headers=headers)
    again = await town.api.post("/intents", json=intent(town), headers=headers)
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert len((await town.api.get("/intents")).json()["data"]) == 1


async def test_a_key_is_for_one_request_alone(town: Town):
    headers = {"Idempotency-Key": "key"}
    await town.api.post("/intents", json=intent(town), headers=headers)
    for other in (
        town.api.post("/intents", json=intent(town, amount_minor=1), headers=headers),
        town.api.post("/refunds", json={"intent": "x", "amount_minor": 1, "currency": "GBP"}, headers=headers),
    ):
        refused = await other
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "idempotency_key_reused")


async def test_a_refused_request_does_not_use_its_key_up(town: Town):
    headers = {"Idempotency-Key": "key"}
    assert (await town.api.post("/intents", json=intent(town, amount_minor=0), headers=headers)).status_code == 422
    assert (await town.api.post("/intents", json=intent(town), headers=headers)).status_code == 201


async def test_twenty_of_one_key_at_once_do_it_once(town: Town):
    reference = await town.paid(10_000)
    body = {"intent": reference, "amount_minor": 100, "currency": "GBP"}
    calls = (town.api.post("/refunds", json=body, headers={"Idempotency-Key": "one"}) for _ in range(20))
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert (await town.gateway.fetch(reference)).refunded_minor == 100


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_has_a_length(town: Town, key):
    refused = await town.api.post("/intents", json=intent(town), headers={"Idempotency-Key": key})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_idempotency_key")


async def test_keys_are_forgotten_after_a_day(town: Town):
    headers = {"Idempotency-Key": "key"}
    await town.api.post("/intents", json=intent(town), headers=headers)
    async with town.sandbox.database.worker.acquire() as db:
        await db.execute("UPDATE sandbox.idempotency_keys SET created_at = created_at - interval '25 hours'")
    await town.sandbox.prune()
    second = await town.api.post("/intents", json=intent(town), headers=headers)
    assert "Idempotent-Replayed" not in second.headers


async def test_a_reference_names_one_intent_without_any_key(town: Town):
    body = intent(town, client_reference=str(uuid7()))
    answers = await asyncio.gather(*(town.api.post("/intents", json=body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await town.api.post("/intents", json=body | {"amount_minor": 1})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "client_reference_used")


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


async def test_transfers_and_payouts_move_what_there_is(town: Town):
    await town.paid(10_000)
    transfer = {"account": "acct_anna", "amount_minor": 8_500, "currency": "GBP", "client_reference": str(uuid7())}
    made = await town.api.post("/transfers", json=transfer)
    again = await town.api.post("/transfers", json=transfer)
    assert (made.status_code, again.status_code, made.json()) == (201, 200, again.json())
    over = await town.api.post("/transfers", json=transfer | {"client_reference": str(uuid7())})
    assert (over.status_code, over.json()["error"]["code"]) == (409, "insufficient_balance")
    payout = await town.api.post("/payouts", json={"account": "acct_anna", "amount_minor": 8_000, "currency": "GBP"})
    assert (payout.status_code, payout.json()["status"]) == (201, "pending")
    back = await town.api.post(f"/transfers/{made.json()['id']}/reverse", json={"amount_minor": 500})
    assert back.json()["reversed_minor"] == 500
    assert await balances(town) == {None: 2_000, "acct_anna": 0}


async def test_a_payout_is_paid_by_itself_and_may_still_come_back(town: Town):
    await town.paid(10_000)
    payout = (await town.api.post("/payouts", json={"amount_minor": 10_000, "currency": "GBP"})).json()
    async with town.sandbox.database.worker.acquire() as db:
        await db.execute("UPDATE sandbox.payouts SET ripe_at = now()")
    await town.sandbox.ripen()
    assert (await town.api.get(f"/payouts/{payout['id']}")).json()["status"] == "paid"
    assert await balances(town) == {None: 0}
    failed = await town.api.post(f"/payouts/{payout['id']}/resolve", json={"status": "failed"})
    assert failed.json()["failure_code"] == "account_closed"
    assert await balances(town) == {None: 10_000}
    again = await town.api.post(f"/payouts/{payout['id']}/resolve", json={"status": "paid"})
    assert again.json()["error"]["code"] == "payout_failed"


async def test_two_payouts_of_everything_at_once_are_one(town: Town):
    await town.paid(10_000)
    body = {"amount_minor": 10_000, "currency": "GBP"}
    ends = await asyncio.gather(*(town.api.post("/payouts", json=body) for _ in range(5)))
    assert sorted(end.status_code for end in ends) == [201, 409, 409, 409, 409]


async def test_a_payout_can_be_made_to_fail(town: Town):
    await town.paid(10_000)
    await town.behave(payout_fails={"next_calls": 1, "seconds": 0})
    payout = (await town.api.post("/payouts", json={"amount_minor": 10_000, "currency": "GBP"})).json()
    await town.sandbox.deliver_due()
    assert (await town.api.get(f"/payouts/{payout['id']}")).json()["status"] == "failed"
    told = [event["type"] for event in town.endpoint.events() if event["type"].startswith("payout")]
    assert told == ["payout.pending", "payout.failed"]


async def test_lists_are_read_by_the_page_and_by_time(town: Town):
    references = [await town.create(1 + no) for no in range(5)]
    page = (await town.api.get("/intents", params={"limit": 2})).json()
    seen = [one["id"] for one in page["data"]]
    while page["has_more"]:
        page = (await town.api.get("/intents", params={"limit": 2, "after": seen[-1]})).json()
        seen += [one["id"] for one in page["data"]]
    assert seen == references
    third = (await town.api.get(f"/intents/{references[2]}")).json()
    since = (await town.api.get("/intents", params={"created_since": third["created_at"]})).json()
    assert [one["id"] for one in since["data"]] == references[2:]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"limit": 0}, 422, "out_of_range"),
        ({"limit": 501}, 422, "out_of_range"),
        ({"created_since": "yesterday"}, 422, "invalid_datetime"),
        ({"after": "pi_none"}, 400, "invalid_cursor"),
    ],
)
async def test_a_list_that_cannot_be_given_is_refused(town: Town, query, status, code):
    for path in ("/intents", "/charges", "/refunds", "/disputes", "/transfers", "/payouts", "/events"):
        refused = await town.api.get(path, params=query)
        assert (refused.status_code, refused.json()["error"]["code"]) == (status, code), path


async def test_records_are_read_through_every_page(town: Town, monkeypatch):
    reference = await town.paid(100_000)
    for _ in range(7):
        await town.api.post("/refunds", json={"intent": reference, "amount_minor": 1, "currency": "GBP"})
    monkeypatch.setattr("moorage.providers.sandbox.gateway._PAGE_SIZE", 3)
    assert len([one async for one in town.gateway.records() if one.kind == "refund"]) == 7
    assert await town.gateway.events_since(town.sandbox.clock() + timedelta(hours=1)) == []


@pytest.mark.parametrize(
    "path",
    ["/intents/pi_x", "/refunds/re_x", "/disputes/dp_x", "/transfers/tr_x", "/payouts/po_x", "/events/evt_x"],
)
async def test_what_is_not_there_is_not_found(town: Town, path):
    for call in (town.api.get(path), town.api.get(f"{path.rpartition('/')[0]}/{uuid7()}")):
        missing = await call
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "resource_missing")


async def test_another_method_is_refused_in_the_apis_own_shape(town: Town):
    refused = await town.api.delete("/intents")
    assert (refused.status_code, refused.json()["error"]["code"]) == (405, "method_not_allowed")


async def test_the_ways_ahead_are_those_of_the_intent(town: Town):
    asked = town.request()
    secret, page = town.gateway.ahead(asked.payment_id)
    made = await town.gateway.create(asked, key="one")
    assert (made.client_secret, made.checkout_url) == (secret, page)
    assert town.gateway.ahead(UUID(int=1)) != (secret, page)


async def balances(town: Town) -> dict[str | None, int]:
    rows = (await town.api.get("/balances")).json()["data"]
    return {row["account"]: row["balance_minor"] for row in rows}
