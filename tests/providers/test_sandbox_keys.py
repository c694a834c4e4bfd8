"""The sandbox does a request of one key once, and makes one intent of one reference."""

import asyncio

import pytest

from moorage.kernel.ids import uuid7
from tests.support.sandbox import Town


async def test_a_key_gets_the_first_answer_again(town: Town):
    headers = {"Idempotency-Key": "key"}
    first = await town.api.post("/intents", json=town.asked(), headers=headers)
    again = await town.api.post("/intents", json=town.asked(), headers=headers)
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert len((await town.api.get("/intents")).json()["data"]) == 1


async def test_a_key_is_for_one_request_alone(town: Town):
    headers = {"Idempotency-Key": "key"}
    await town.api.post("/intents", json=town.asked(), headers=headers)
    for other in (
        town.api.post("/intents", json=town.asked(amount_minor=1), headers=headers),
        town.api.post("/refunds", json={"intent": "x", "amount_minor": 1, "currency": "GBP"}, headers=headers),
    ):
        refused = await other
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "idempotency_key_reused")


async def test_a_refused_request_does_not_use_its_key_up(town: Town):
    headers = {"Idempotency-Key": "key"}
    assert (await town.api.post("/intents", json=town.asked(amount_minor=0), headers=headers)).status_code == 422
    assert (await town.api.post("/intents", json=town.asked(), headers=headers)).status_code == 201


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
    refused = await town.api.post("/intents", json=town.asked(), headers={"Idempotency-Key": key})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_idempotency_key")


async def test_keys_are_forgotten_after_a_day(town: Town):
    headers = {"Idempotency-Key": "key"}
    await town.api.post("/intents", json=town.asked(), headers=headers)
    async with town.sandbox.database.worker.acquire() as db:
        await db.execute("UPDATE sandbox.idempotency_keys SET created_at = created_at - interval '25 hours'")
    await town.sandbox.prune()
    second = await town.api.post("/intents", json=town.asked(), headers=headers)
    assert "Idempotent-Replayed" not in second.headers


async def test_a_reference_names_one_intent_without_any_key(town: Town):
    body = town.asked(client_reference=str(uuid7()))
    answers = await asyncio.gather(*(town.api.post("/intents", json=body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await town.api.post("/intents", json=body | {"amount_minor": 1})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "client_reference_used")
