"""Transfers and payouts of the sandbox move what there is."""

import asyncio

from moorage.kernel.ids import uuid7
from tests.support.sandbox import Town


async def test_an_account_is_opened_once_and_takes_money_from_when_its_holder_is_ready(town: Town):
    await town.paid(10_000)
    body = {"email": "anna@example.com", "country": "GB", "client_reference": str(uuid7())}
    opened, again = [await town.api.post("/accounts", json=body) for _ in range(2)]
    account = opened.json()
    assert (opened.status_code, again.status_code, again.json()) == (201, 200, account)
    assert (account["can_be_paid"], account["missing"]) == (False, ["bank_account"])
    transfer = {"account": account["id"], "amount_minor": 8_500, "currency": "GBP"}
    early = await town.api.post("/transfers", json=transfer)
    assert (early.status_code, early.json()["error"]["code"]) == (409, "payee_not_ready")
    for _ in range(2):
        ready = await town.api.post(f"/accounts/{account['id']}/resolve", json={"can_be_paid": True})
        assert ready.json()["missing"] == []
    assert (await town.api.get(f"/accounts/{body['client_reference']}")).json() == ready.json()
    assert (await town.api.post("/transfers", json=transfer)).status_code == 201
    await town.sandbox.deliver_due()
    assert [event["type"] for event in town.endpoint.events()].count("account.updated") == 1


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


async def balances(town: Town) -> dict[str | None, int]:
    rows = (await town.api.get("/balances")).json()["data"]
    return {row["account"]: row["balance_minor"] for row in rows}
