"""The sandbox's HTTP API: who may ask, what is refused, lists, and where a payer may be sent."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from moorage.kernel.ids import uuid7
from tests.support.sandbox import Town


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
    refused = await town.api.post("/intents", json=town.asked() | changes)
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
    refused = await town.api.post("/intents", json=town.asked(return_url=url.replace("{base}", town.base_url)))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "return_url_not_allowed")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [(b"{", 400, "malformed_json"), (b'{"a":1,"a":2}', 400, "duplicate_key"), (b"\xff", 400, "malformed_json")],
)
async def test_what_cannot_be_read_is_refused(town: Town, content, status, code):
    refused = await town.api.post("/intents", content=content, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)


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
    for path in ("/intents", "/charges", "/refunds", "/disputes", "/accounts", "/transfers", "/payouts", "/events"):
        refused = await town.api.get(path, params=query)
        assert (refused.status_code, refused.json()["error"]["code"]) == (status, code), path


async def test_records_are_read_through_every_page(town: Town, monkeypatch):
    reference = await town.paid(100_000)
    for _ in range(7):
        await town.api.post("/refunds", json={"intent": reference, "amount_minor": 1, "currency": "GBP"})
    monkeypatch.setattr("moorage.providers.sandbox.line._PAGE_SIZE", 3)
    assert len([one async for one in town.gateway.records() if one.kind == "refund"]) == 7
    assert await town.gateway.events_since(town.sandbox.clock() + timedelta(hours=1)) == []


@pytest.mark.parametrize(
    "path",
    [
        "/intents/pi_x",
        "/refunds/re_x",
        "/disputes/dp_x",
        "/accounts/acct_x",
        "/transfers/tr_x",
        "/payouts/po_x",
        "/events/evt_x",
    ],
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
