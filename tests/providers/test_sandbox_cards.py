"""Which card does what, and that nothing of a card is kept."""

from datetime import UTC, datetime

import asyncpg
import pytest

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.kernel.ids import uuid7
from moorage.providers.sandbox.cards import BY_NAME, BY_NUMBER, CardForm, judge, luhn
from tests.support.sandbox import Town

NOW = datetime(2026, 12, 15, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("number", BY_NUMBER)
def test_every_test_card_passes_luhn_and_no_longer_does_with_another_last_digit(number):
    assert luhn(number)
    assert not luhn(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_a_card_is_known_however_it_is_grouped():
    for text in ("4242 4242 4242 4242", "4242-4242-4242-4242", "4242424242424242"):
        method, wrong = judge(CardForm(text, "12/34", "123", "Anna Lee"), NOW)
        assert (method.name, wrong) == ("pm_card_visa", {})


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (CardForm("4242 4242 4242 4243", "12/34", "123", "Anna"), "number"),
        (CardForm("4111 1111 1111 1111", "12/34", "123", "Anna"), "number"),  # well-formed, but no test card
        (CardForm("", "12/34", "123", "Anna"), "number"),
        (CardForm("٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢", "12/34", "123", "Anna"), "number"),
        (CardForm("4242 4242 4242 4242", "11/26", "123", "Anna"), "expiry"),
        (CardForm("4242 4242 4242 4242", "13/30", "123", "Anna"), "expiry"),
        (CardForm("4242 4242 4242 4242", "soon", "123", "Anna"), "expiry"),
        (CardForm("4242 4242 4242 4242", "12/34", "12", "Anna"), "cvc"),
        (CardForm("378282246310005", "12/34", "123", "Anna"), "cvc"),
        (CardForm("4242 4242 4242 4242", "12/34", "123", "  "), "name"),
    ],
)
def test_a_mistake_is_shown_at_its_field(form, field):
    method, wrong = judge(form, NOW)
    assert method is None
    assert list(wrong) == [field]


def test_a_card_is_good_until_the_end_of_its_month():
    for text in ("12/26", "12 / 2026", "1226"[:2] + "-26"):
        assert judge(CardForm("4242424242424242", text, "123", "Anna"), NOW)[1] == {}


def test_a_form_says_nothing_to_a_log():
    assert "4242" not in repr(CardForm("4242424242424242", "12/34", "123", "Anna"))


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_declined", "card_declined"),
        ("pm_card_insufficient_funds", "insufficient_funds"),
        ("pm_card_expired", "expired_card"),
        ("pm_card_incorrect_cvc", "incorrect_cvc"),
        ("pm_wallet_decline", "wallet_declined"),
    ],
)
async def test_a_refused_method_says_why_and_another_may_follow(town: Town, method, code):
    reference = await town.create()
    with pytest.raises(ProviderDeclinedError) as refusal:
        await town.gateway.confirm(reference, payment_method=method, key="first")
    assert refusal.value.facts["failure_code"] == code
    after = await town.gateway.fetch(reference)
    assert (after.status, after.failure_code) == ("failed", code)
    paid = await town.gateway.confirm(reference, payment_method="pm_card_visa", key="second")
    assert (paid.status, paid.failure_code) == ("succeeded", None)


async def test_a_refusal_is_repeated_under_its_key(town: Town):
    reference = await town.create()
    for _ in range(3):
        with pytest.raises(ProviderDeclinedError):
            await town.gateway.confirm(reference, payment_method="pm_card_declined", key="same")
    charges = (await town.api.get("/charges")).json()["data"]
    assert [(charge["status"], charge["failure_code"]) for charge in charges] == [("failed", "card_declined")]


@pytest.mark.parametrize(
    ("method", "label"),
    [
        ("pm_card_visa", "visa 4242"),
        ("pm_card_mastercard", "mastercard 4444"),
        ("pm_card_amex", "amex 0005"),
        ("pm_wallet_approve", "wallet"),
    ],
)
async def test_a_receipt_can_say_what_was_paid_with(town: Town, method, label):
    reference = await town.paid(method=method)
    assert (await town.gateway.fetch(reference)).payment_method == label


async def test_a_challenge_waits_for_the_payer(town: Town):
    reference = await town.create()
    waiting = await town.gateway.confirm(reference, payment_method="pm_card_challenge", key="one")
    assert (waiting.status, "/sandbox/pay/" in waiting.checkout_url) == ("requires_action", True)
    approved = await town.api.post(f"/intents/{reference}/challenge", json={"approved": True})
    assert (approved.status_code, approved.json()["status"]) == (200, "paid")
    again = await town.api.post(f"/intents/{reference}/challenge", json={"approved": True})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "intent_paid")


async def test_a_failed_challenge_takes_nothing(town: Town):
    reference = await town.create()
    await town.gateway.confirm(reference, payment_method="pm_card_challenge", key="one")
    failed = await town.api.post(f"/intents/{reference}/challenge", json={"approved": False})
    assert (failed.status_code, failed.json()["error"]["code"]) == (402, "challenge_failed")
    assert (await town.gateway.fetch(reference)).status == "failed"


async def test_a_slow_payment_is_processed_first_and_cannot_be_cancelled(town: Town):
    await town.behave(slow={"seconds": 0, "next_calls": 1})
    reference = await town.create()
    processing = await town.gateway.confirm(reference, payment_method="pm_slow", key="one")
    assert processing.status == "processing"
    assert (await town.gateway.cancel(reference, key="two")).status == "processing"
    await town.sandbox.ripen()
    assert (await town.gateway.fetch(reference)).status == "succeeded"


async def test_a_disputed_card_succeeds_and_is_then_disputed(town: Town):
    reference = await town.paid(method="pm_card_disputed")
    await town.sandbox.ripen()
    disputes = [one async for one in town.gateway.records() if one.kind == "dispute"]
    assert [(one.payment_reference, one.status, one.amount_minor) for one in disputes] == [(reference, "opened", 7200)]


async def test_an_unknown_method_is_refused(town: Town):
    reference = await town.create()
    with pytest.raises(ProviderDeclinedError) as refusal:
        await town.gateway.confirm(reference, payment_method="pm_card_platinum", key="one")
    assert refusal.value.facts["failure_code"] == "unknown_payment_method"
    assert (await town.gateway.fetch(reference)).status == "pending"


async def test_no_table_holds_a_card_number(town: Town, session_database):
    for number, method in BY_NUMBER.items():
        asked = town.request()
        await town.gateway.create(asked, key=str(uuid7()))
        form = {"action": "card", "number": number, "expiry": "12/34", "name": "Anna Lee"}
        cvc = "1357" if method.brand == "amex" else "135"
        if method.name != "pm_timeout_after_charge":
            await town.payer.post(town.page(asked.payment_id), data=form | {"cvc": cvc})
    connection = await asyncpg.connect(session_database.superuser_dsn)
    tables = await connection.fetch(
        "SELECT oid::regclass::text AS name FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'sandbox'::regnamespace"
    )
    kept = ""
    for table in tables:
        kept += str(await connection.fetchval(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table['name']} t"))
        if table["name"] == "sandbox.events":
            kept += str(
                await connection.fetchval("SELECT string_agg(convert_from(body, 'UTF8'), ' ') FROM sandbox.events")
            )
    await connection.close()
    assert "visa" in kept
    assert not [number for number in BY_NUMBER if number in kept]
    assert "Anna Lee" not in kept


def test_every_method_of_the_contract_exists():
    named = "pm_card_visa pm_card_declined pm_card_insufficient_funds pm_card_challenge pm_card_disputed pm_slow"
    misbehaving = "pm_timeout_after_charge pm_500_before pm_500_after pm_webhook_duplicate pm_webhook_out_of_order"
    assert {*named.split(), *misbehaving.split(), "pm_webhook_late", "pm_webhook_never"} <= set(BY_NAME)
