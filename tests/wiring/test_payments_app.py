"""`moorage payments`: providers' calls alone, with no database anywhere."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from moorage.apis.standalone.calls import REFUSALS
from moorage.web.openapi import operations
from moorage.wiring.payments_app import build_payments_app
from moorage.wiring.providers import outside_gateways
from moorage.wiring.secrets import UnsafeSettingsError
from tests.fakes.stripe.fake import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET
from tests.support.apps import in_process


@pytest_asyncio.fixture
async def counter(settings, stripe_town, paypal) -> AsyncIterator[httpx.AsyncClient]:
    app = build_payments_app(settings, {"stripe": stripe_town.gateway, "paypal": paypal})
    async with in_process(app) as client:
        yield client


async def test_a_payment_is_started_looked_up_and_collected_without_a_database(counter, stripe_town, paypal_fake):
    body = {"provider": "stripe", "amount": 20.00, "currency": "USD", "capture_method": "manual"}
    begun = (await counter.post("/create", json=body)).json()
    assert (begun["amount"], begun["publishable_key"]) == ("20.00", PUBLISHABLE_KEY)
    assert begun["client_secret"]
    stripe_town.fake.pay(begun["reference"])
    reserved = (await counter.get(f"/payments/stripe/{begun['reference']}")).json()
    assert (reserved["status"], reserved["needs_capture"]) == ("processing", True)
    captured = await counter.post(
        "/capture", json={"provider": "stripe", "reference": begun["reference"], "amount": "15"}
    )
    assert (captured.json()["status"], captured.json()["amount"]) == ("succeeded", "15.00")
    order = (await counter.post("/create", json={"provider": "paypal", "amount": "20.00"})).json()
    assert order["approval_url"].startswith(paypal_fake.base_url)


async def test_a_delivery_is_checked_and_not_kept(counter, stripe_town):
    begun = (await counter.post("/create", json={"provider": "stripe", "amount": "20.00"})).json()
    stripe_town.fake.pay(begun["reference"])
    body = stripe_town.fake.deliveries.queue[-1]
    headers = {"content-type": "application/json", **stripe_town.fake.sign(body)}
    told = await counter.post("/webhooks/stripe", content=body, headers=headers)
    assert (told.status_code, told.json()["valid"]) == (200, True)
    forged = await counter.post("/webhooks/stripe", content=body + b" ", headers=headers)
    assert (forged.status_code, forged.json()["code"]) == (400, "invalid_signature")
    assert (await counter.post("/webhooks/square", content=body)).status_code == 404


async def test_keys_are_tried_and_each_result_reported(counter):
    tried = {one["provider"]: one for one in (await counter.post("/test")).json()}
    assert [tried[name]["success"] for name in ("stripe", "paypal")] == [True, True]
    assert tried["stripe"]["account"]
    small = {one["provider"]: one for one in (await counter.post("/test", json={"amount": "1.00"})).json()}
    assert small["stripe"]["reference"].startswith("pi_")
    health = (await counter.get("/health")).json()
    assert (health["status"], health["providers"], health["database"]) == ("healthy", ["paypal", "stripe"], "none")


async def test_what_is_not_set_up_is_said_and_the_sandbox_with_its_reason(counter):
    for provider, words in (("sandbox", "database"), ("square", "Set up here: paypal, stripe.")):
        answer = await counter.post("/create", json={"provider": provider, "amount": "20.00"})
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_provider")
        assert words in answer.json()["detail"]


async def test_what_is_no_amount_reaches_no_provider(counter, stripe_town):
    for amount in ("0", "20.005", "-1"):
        answer = await counter.post("/create", json={"provider": "stripe", "amount": amount})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_amount")


async def test_it_has_a_reference_and_a_document_of_its_own(counter):
    document = (await counter.get("/openapi/payments-app.json")).json()
    names = {operation["operationId"] for _, _, operation in operations(document)}
    assert names == set(REFUSALS) | {"standalone_health"}
    links = re.findall(r'href="(/docs/[^"]+)#', (await counter.get("/docs")).text)
    page = await counter.get(links[0])
    assert set(links) == {links[0]}
    assert all(f'id="{name}"' in page.text for name in names)
    assert "Takes an access token" not in page.text
    assert (await counter.get("/static/moorage.css")).status_code == 200


def test_half_of_a_provider_s_keys_stops_the_start(settings):
    with pytest.raises(UnsafeSettingsError, match="STRIPE_WEBHOOK_SECRET is missing"):
        outside_gateways(
            settings.model_copy(update={"stripe_secret_key": "sk_test_x", "stripe_publishable_key": "pk_x"})
        )


async def test_the_command_serves_with_no_database_anywhere(tmp_path, stripe_town):
    environment = {
        "PATH": os.environ["PATH"],
        "MOORAGE_HOME": str(tmp_path),
        "STRIPE_SECRET_KEY": SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "STRIPE_BASE_URL": stripe_town.base_url,
    }
    command = [sys.executable, "-m", "moorage", "payments", "--port", "0"]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        first = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        base_url = first.split()[3]
        async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:
            health = await client.get("/health")
            begun = await client.post("/create", json={"provider": "stripe", "amount": "20.00"})
        assert health.json()["providers"] == ["stripe"]
        assert begun.status_code == 201, begun.text
    finally:
        process.terminate()
        await process.wait()
    assert list(tmp_path.iterdir()) == []
