"""Webhooks leave with the change that they tell of, signed, until somebody takes them."""

import asyncio
import dataclasses
from datetime import UTC, datetime

import asyncpg
import pytest

from moorage.domains.payments.gateway import InvalidSignatureError
from moorage.kernel.ids import uuid7
from moorage.providers.sandbox.cards import named
from moorage.providers.sandbox.core import Sandbox
from moorage.providers.sandbox.gateway import SandboxGateway
from moorage.providers.sandbox.intents import confirm_intent
from moorage.providers.sandbox.signatures import HEADER, sign, signed_at
from tests.support.sandbox import PATIENCE_S, Town

BODY = b'{"id":"evt_1"}'


async def test_a_payments_story_is_told_in_order(town: Town):
    asked = town.request()
    reference = (await town.gateway.create(asked, key="one")).reference
    with pytest.raises(Exception, match="declined"):
        await town.gateway.confirm(reference, payment_method="pm_card_declined", key="two")
    await town.gateway.confirm(reference, payment_method="pm_card_visa", key="three")
    await town.gateway.refund(reference, refund_id=uuid7(), amount_minor=7200, currency="GBP", key="four")
    await town.sandbox.deliver_due()
    assert [event["type"] for event in town.endpoint.events()] == [
        "intent.declined",
        "charge.succeeded",
        "intent.succeeded",
        "refund.succeeded",
        "charge.refunded",
    ]
    assert {event["livemode"] for event in town.endpoint.events()} == {False}


async def test_what_is_delivered_is_believed(town: Town):
    reference = await town.paid()
    await town.sandbox.deliver_due()
    for body, headers in zip(town.endpoint.bodies, town.endpoint.headers, strict=True):
        event = town.gateway.verify(headers, body, now=town.sandbox.clock())
        assert (event.kind, event.reference, event.amount_minor, event.live) == ("payment", reference, 7200, False)


async def test_one_charge_is_told_twice_under_two_ids(town: Town):
    await town.paid()
    await town.sandbox.deliver_due()
    events = [town.gateway.parse(body) for body in town.endpoint.bodies]
    assert [(event.event_type, event.intent_status) for event in events] == [
        ("charge.succeeded", "succeeded"),
        ("intent.succeeded", "succeeded"),
    ]
    assert len({event.event_id for event in events}) == 2


async def test_what_is_not_taken_is_sent_again_with_the_same_id(town: Town):
    town.endpoint.answers.extend([500, 404, 302])
    await town.paid()
    for _ in range(5):
        await town.deliver_next()
    event_ids = {event["id"] for event in town.endpoint.events()}
    assert len(event_ids) == 2
    tries = [
        (await town.api.get(f"/events/{event_id}/deliveries")).json()["data"][0]["attempts"] for event_id in event_ids
    ]
    assert sum(tries) == 5


async def test_nothing_is_lost_while_the_merchant_is_away(town: Town):
    await town.paid()
    away = dataclasses.replace(town.sandbox.terms, endpoints=("http://127.0.0.1:9/hooks",))
    elsewhere = Sandbox(town.sandbox.database, away, sends_at_once=False)
    async with elsewhere.database.worker.acquire() as db:
        await db.execute("UPDATE sandbox.deliveries SET endpoint = 'http://127.0.0.1:9/hooks'")
        await elsewhere.deliver_due()
        rows = await db.fetch("SELECT status, attempts, error, next_at > now() AS later FROM sandbox.deliveries")
        assert {tuple(row) for row in rows} == {("due", 1, "ClientConnectorError", True)}
        await db.execute(
            "UPDATE sandbox.deliveries SET endpoint = $1, next_at = now()", town.sandbox.terms.endpoints[0]
        )
    await town.sandbox.deliver_due()
    assert len(town.endpoint.bodies) == 2
    await elsewhere.aclose()


async def test_a_courier_that_died_gives_its_round_back(town: Town):
    await town.paid()
    async with town.sandbox.database.worker.acquire() as db:
        # As it is left by a process that was killed between claiming and sending.
        await db.execute("UPDATE sandbox.deliveries SET attempts = 1, next_at = now() + interval '10 s'")
        assert await town.sandbox.deliver_due() == 0
        await db.execute("UPDATE sandbox.deliveries SET next_at = next_at - interval '10 s'")
    await town.sandbox.deliver_due()
    assert len(town.endpoint.bodies) == 2


async def test_two_couriers_at_once_carry_each_webhook_once(town: Town):
    for _ in range(10):
        await town.paid()
    await asyncio.gather(*(town.sandbox.deliver_due() for _ in range(4)))
    ids = [event["id"] for event in town.endpoint.events()]
    assert len(ids) == len(set(ids)) == 20


async def test_a_change_sends_its_webhooks_by_itself(town: Town):
    own = Sandbox(town.sandbox.database, town.sandbox.terms)
    own.send_soon()
    await town.paid()
    own.send_soon()
    async with asyncio.timeout(PATIENCE_S):
        while len(town.endpoint.bodies) < 2:  # noqa: ASYNC110 - sent by a task of its own
            await asyncio.sleep(0.02)
    await own.aclose()


async def test_an_event_can_be_sent_once_more(town: Town):
    await town.paid(method="pm_webhook_never")
    event = (await town.api.get("/events")).json()["data"][0]
    assert (await town.api.post(f"/events/{event['id']}/redeliver", json={})).status_code == 202
    await town.sandbox.deliver_due()
    assert town.endpoint.events() == [event]


async def test_a_change_and_its_webhook_are_written_together_or_not_at_all(town: Town, session_database):
    reference = await town.create()
    connection = await asyncpg.connect(session_database.superuser_dsn)
    await connection.execute("ALTER TABLE sandbox.deliveries RENAME TO gone")
    try:
        failed = await town.api.post(f"/intents/{reference}/confirm", json={"payment_method": "pm_card_visa"})
        assert failed.status_code == 500
    finally:
        await connection.execute("ALTER TABLE sandbox.gone RENAME TO deliveries")
        await connection.close()
    assert (await town.gateway.fetch(reference)).status == "pending"
    assert (await town.api.get("/charges")).json()["data"] == []
    assert (await town.api.get("/events")).json()["data"] == []


def test_while_secrets_rotate_both_sign_and_either_is_believed():
    header = sign(["new", "old"], BODY, 1_000)
    assert header.count("v1=") == 2
    for secrets in (["new"], ["old"], ["other", "old"]):
        assert signed_at(secrets, header, BODY) == 1_000
    assert signed_at(["other"], header, BODY) is None


def test_a_right_signature_after_a_wrong_one_counts():
    wrong, right = sign(["wrong"], BODY, 1_000), sign(["right"], BODY, 1_000)
    assert signed_at(["right"], f"{wrong},{right.partition(',')[2]}", BODY) == 1_000


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "v1=",
        "t=1000",
        "t=1000,v1=00",
        "t=soon,v1=" + "0" * 64,
        "t=1000,t=1000," + sign(["right"], BODY, 1_000).partition(",")[2],
        "t=1000;" + sign(["right"], BODY, 1_000).partition(",")[2],
        sign(["right"], BODY, 1_000).upper(),
        sign(["right"], BODY, 1_000).replace("t=1000", "t=1001"),
        sign(["right"], BODY, 1_000) + "," + "x" * 1_000,
    ],
)
def test_a_header_that_is_not_quite_right_is_refused(header):
    assert signed_at(["right"], header, BODY) is None


def test_without_a_secret_nothing_is_ever_valid():
    gateway = SandboxGateway(api_key="key", webhook_secrets=[], base_url="http://127.0.0.1:9")
    for secrets in (["guess"], [""]):
        headers = {HEADER.lower(): sign(secrets, BODY, 1_000)}
        with pytest.raises(InvalidSignatureError):
            gateway.verify(headers, BODY, now=datetime.fromtimestamp(1_000, UTC))


async def test_moorages_own_endpoint_takes_them_and_stores_each_once(town: Town):
    ours = dataclasses.replace(town.sandbox.terms, endpoints=(f"{town.base_url}/webhooks/sandbox",))
    sandbox = Sandbox(town.sandbox.database, ours, sends_at_once=False)
    reference = await town.create()

    async def pay(call):
        return await confirm_intent(call, reference, named("pm_webhook_duplicate"))

    await sandbox.perform("confirm", pay)
    await sandbox.deliver_due()
    await sandbox.aclose()
    async with town.sandbox.database.worker.acquire() as db:
        assert {row["status"] for row in await db.fetch("SELECT status FROM sandbox.deliveries")} == {"delivered"}
        told = await db.fetch("SELECT id FROM sandbox.events")
        stored = await db.fetch(
            "SELECT event_id FROM webhook_events WHERE event_id = ANY($1)", [row["id"] for row in told]
        )
    assert len(stored) == len(told) == 2
