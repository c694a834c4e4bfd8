"""A practitioner has earnings paid out over HTTP, and an administrator sends what no provider can."""

import asyncio

import pytest_asyncio

from moorage.kernel.ids import uuid7
from tests.builders.money import post
from tests.support.shop import Shop

OWN, REQUEST = "/api/v1/practitioner/payouts/", "/api/v1/practitioner/payouts/request/"
CONNECT, ALL = "/api/v1/practitioner/connect/", "/api/v1/payouts/"
SUMMARY, LINES = "/api/v1/practitioner/earnings/summary/", "/api/v1/practitioner/transactions/"


@pytest_asyncio.fixture
async def till(shop: Shop) -> Shop:
    """A shop whose practitioner has USD 120.00 available; the client is an administrator."""
    await available(shop, 12_000)
    await shop.db.execute("UPDATE users SET role = 'admin' WHERE id = $1", shop.client_id)
    return shop


async def available(shop: Shop, amount: int, currency: str = "USD") -> None:
    lines = {"clearing:sandbox": amount, f"earnings_available:{shop.practitioner.id}": -amount}
    await post(shop.db, lines, currency=currency)


async def read(client, url):
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def refused(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"]["code"]


async def test_what_is_asked_for_is_in_transit_and_then_paid(till: Shop):
    asked = await till.seller.post(REQUEST, json={"amount": "70.5"})
    assert asked.status_code == 201, asked.text
    payout = asked.json()["data"]
    assert [payout[name] for name in ("amount", "currency", "status", "method")] == [
        "70.50",
        "USD",
        "requested",
        "manual",
    ]
    total = (await read(till.seller, SUMMARY))["totals"][0]
    assert [total[name] for name in ("available", "in_transit", "paid")] == ["49.50", "70.50", "0.00"]
    waiting = await read(till.client, f"{ALL}?method=manual&status=requested&practitioner_id={till.practitioner.id}")
    assert [one["id"] for one in waiting["results"]] == [payout["id"]]
    marked = await till.client.post(f"{ALL}{payout['id']}/mark-paid/", json={"note": "By bank"})
    assert (marked.status_code, marked.json()["data"]["status"], marked.json()["data"]["note"]) == (
        200,
        "paid",
        "By bank",
    )
    total = (await read(till.seller, SUMMARY))["totals"][0]
    assert [total[name] for name in ("available", "in_transit", "paid")] == ["49.50", "0.00", "70.50"]
    lines = (await read(till.seller, f"{LINES}?account=in_transit"))["results"]
    assert [(line["kind"], line["amount"]) for line in lines] == [("payout_paid", "-70.50"), ("payout", "70.50")]
    assert (await read(till.seller, f"{OWN}?status=paid&ordering=-amount"))["count"] == 1


async def test_two_at_once_for_everything_are_one_and_a_key_is_one_payout(till: Shop):
    answers = await asyncio.gather(*(till.seller.post(REQUEST) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert {refused(answer)[1] for answer in answers if answer.status_code == 409} == {"insufficient_balance"}
    await available(till, 20_000)
    key = {"Idempotency-Key": str(uuid7())}
    first, again = [await till.seller.post(REQUEST, json={"amount": "60"}, headers=key) for _ in range(2)]
    assert first.json()["data"]["id"] == again.json()["data"]["id"]
    assert (await read(till.seller, OWN))["count"] == 2


async def test_a_payout_that_did_not_arrive_is_available_again(till: Shop):
    payout = (await till.seller.post(REQUEST)).json()["data"]
    for verb, body in (("mark-paid", {}), ("mark-failed", {"reason": "account_closed"})):
        answer = await till.client.post(f"{ALL}{payout['id']}/{verb}/", json=body)
        assert answer.status_code == 200, answer.text
    assert (await read(till.seller, SUMMARY))["totals"][0]["available"] == "120.00"
    assert refused(await till.client.post(f"{ALL}{payout['id']}/mark-paid/")) == (409, "invalid_state")
    assert refused(await till.client.post(f"{ALL}{uuid7()}/mark-paid/")) == (404, "not_found")


async def test_what_cannot_be_paid_out_is_refused(till: Shop):
    for body, refusal in (
        ({"amount": "49.99"}, (422, "payout_below_minimum")),
        ({"amount": "120.01"}, (409, "insufficient_balance")),
        ({"amount": "60.001"}, (422, "invalid_amount")),
        ({"amount": "0"}, (422, "invalid_amount")),
        ({"amount": "60", "currency": "EUR"}, (409, "insufficient_balance")),
        ({"sum": "60"}, (422, "unknown_field")),
    ):
        assert refused(await till.seller.post(REQUEST, json=body)) == refusal
    await available(till, 6_000, "EUR")
    assert refused(await till.seller.post(REQUEST)) == (422, "currency_required")
    assert refused(await till.seller.post(REQUEST, json={"amount": "60"})) == (422, "currency_required")
    assert (await till.seller.post(REQUEST, json={"currency": "EUR"})).json()["data"]["amount"] == "60.00"


async def test_an_account_is_opened_at_the_provider_that_pays_out(till: Shop):
    assert refused(await till.seller.post(CONNECT)) == (422, "country_required")
    elsewhere = {"country": "US", "return_url": "https://evil.example/"}
    assert refused(await till.seller.post(CONNECT, json=elsewhere)) == (422, "return_url_not_allowed")
    opened = [(await till.seller.post(CONNECT, json={"country": "US"})).json()["data"] for _ in range(2)]
    assert opened[0] == opened[1]
    assert (opened[0]["provider"], opened[0]["can_be_paid"], opened[0]["missing"]) == (
        "sandbox",
        False,
        ["bank_account"],
    )
    page = await till.town.payer.get(opened[0]["url"])
    assert (page.status_code, "Confirm the bank account" in page.text) == (200, True)
    assert (await till.town.payer.post(opened[0]["url"])).status_code == 303
    for forged in ("/sandbox/connect/acct_x", f"{opened[0]['url']}0", opened[0]["url"].replace("back=", "back=x")):
        assert (await till.town.payer.post(forged)).status_code == 404
    known = (await till.seller.post(CONNECT)).json()["data"]
    assert (known["can_be_paid"], known["account"]) == (True, opened[0]["account"])
    assert "You can be paid" in (await till.town.payer.get(known["url"])).text
    await till.paid()  # so that there is something to send
    payout = (await till.seller.post(REQUEST, json={"amount": "60"})).json()["data"]
    assert payout["method"] == "provider"
    for verb, body in (("mark-paid", {}), ("mark-failed", {"reason": "x"})):
        answer = await till.client.post(f"{ALL}{payout['id']}/{verb}/", json=body)
        assert refused(answer) == (409, "payout_by_provider")
