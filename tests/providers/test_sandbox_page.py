"""The payment page through real HTTP: plain forms, every state, every mistake."""

import re
from datetime import timedelta

import pytest

from moorage.kernel.ids import uuid7
from tests.support.sandbox import Town

CARD = {"action": "card", "number": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123", "name": "Anna Lee"}


async def opened(town: Town, **facts) -> tuple[str, str]:
    """(the page's address, the intent's reference) of a new intent."""
    asked = town.request(**facts)
    made = await town.gateway.create(asked, key=str(uuid7()))
    return town.page(asked.payment_id), made.reference


async def test_the_page_says_what_is_paid_for_and_asks_for_a_card(town: Town):
    page, _ = await opened(town, description="Massage <60> & more")
    shown = await town.payer.get(page)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for text in ("£72.00", "Massage &lt;60&gt; &amp; more", "<h1>Pay Moorage</h1>", "Sandbox: no real money"):
        assert text in shown.text
    for label in ("number", "expiry", "cvc", "name"):
        assert f'<label for="{label}">' in shown.text
    assert "<script" not in shown.text


async def test_the_pages_policy_lets_nothing_in_and_the_form_go_back_to_the_merchant(town: Town):
    page, _ = await opened(town)
    policy = (await town.payer.get(page)).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert f"form-action 'self' {town.base_url};" in policy
    assert "frame-ancestors 'none'" in policy
    assert (await town.payer.get(page)).headers["cache-control"] == "no-store"


async def test_paying_by_card_leads_back_to_the_merchant(town: Town):
    page, reference = await opened(town)
    paid = await town.payer.post(page, data=CARD)
    assert (paid.status_code, paid.headers["location"]) == (303, f"{town.base_url}/back")
    intent = await town.gateway.fetch(reference)
    assert (intent.status, intent.payment_method) == ("succeeded", "visa 4242")
    after = await town.payer.get(page)
    assert "£72.00 was paid with visa 4242" in after.text
    assert f'href="{town.base_url}/back"' in after.text
    assert "<form" not in after.text


async def test_a_second_click_pays_nothing_more(town: Town):
    page, _ = await opened(town)
    await town.payer.post(page, data=CARD)
    again = await town.payer.post(page, data=CARD)
    assert (again.status_code, town.base_url + again.headers["location"]) == (303, page)
    assert len([one async for one in town.gateway.records()]) == 1


async def test_mistakes_are_shown_at_their_fields_and_the_number_is_not_shown_again(town: Town):
    page, reference = await opened(town)
    wrong = await town.payer.post(
        page, data=CARD | {"number": "4242 4242 4242 4241", "expiry": "1/20", "name": "A <b>"}
    )
    assert wrong.status_code == 422
    assert "<title>Error: Pay £72.00" in wrong.text
    for field in ("number", "expiry"):
        assert f'aria-describedby="{field}-hint {field}-wrong"' in wrong.text
        assert f'href="#{field}"' in wrong.text
    assert wrong.text.partition("</style>")[2].count('aria-invalid="true"') == 2
    assert 'value="A &lt;b&gt;"' in wrong.text
    assert "4242 4242 4242 4241" not in wrong.text
    assert 'value="123"' not in wrong.text
    assert (await town.gateway.fetch(reference)).status == "pending"


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (CARD | {"number": "4000 0000 0000 0002"}, "The card was declined."),
        (CARD | {"number": "4000 0000 0000 9995"}, "There is not enough money on this card."),
        ({"action": "wallet_decline"}, "The wallet declined the payment."),
    ],
)
async def test_a_refused_payment_says_why_and_can_be_tried_again(town: Town, form, sentence):
    page, reference = await opened(town)
    refused = await town.payer.post(page, data=form)
    assert (refused.status_code, sentence in refused.text) == (402, True)
    assert 'role="alert"' in refused.text
    paid = await town.payer.post(page, data=CARD)
    assert (paid.status_code, (await town.gateway.fetch(reference)).status) == (303, "succeeded")


async def test_a_wallet_can_approve(town: Town):
    page, reference = await opened(town)
    paid = await town.payer.post(page, data={"action": "wallet_approve"})
    assert (paid.status_code, (await town.gateway.fetch(reference)).payment_method) == (303, "wallet")


async def test_the_banks_check_is_a_step_of_its_own(town: Town):
    page, reference = await opened(town)
    asked = await town.payer.post(page, data=CARD | {"number": "4000 0027 6000 3184"})
    assert (asked.status_code, town.base_url + asked.headers["location"]) == (303, page)
    step = await town.payer.get(page)
    assert "Your bank wants to check that it is you" in step.text
    assert 'value="challenge_approve"' in step.text
    failed = await town.payer.post(page, data={"action": "challenge_fail"})
    assert (failed.status_code, "bank’s check failed" in failed.text.replace("&#39;", "’")) == (402, True)
    await town.payer.post(page, data=CARD | {"number": "4000 0027 6000 3184"})
    approved = await town.payer.post(page, data={"action": "challenge_approve"})
    assert (approved.status_code, approved.headers["location"]) == (303, f"{town.base_url}/back")
    assert (await town.gateway.fetch(reference)).status == "succeeded"


async def test_a_payer_who_is_early_sees_that_it_is_being_prepared(town: Town):
    asked = town.request()
    page = town.page(asked.payment_id)
    early = await town.payer.get(page)
    assert (early.status_code, early.headers["refresh"]) == (200, "2")
    assert "being prepared" in early.text
    assert (await town.payer.post(page, data=CARD)).headers["refresh"] == "2"
    await town.gateway.create(asked, key="one")
    assert "Pay by card" in (await town.payer.get(page)).text


async def test_a_slow_payment_is_waited_for(town: Town):
    page, reference = await opened(town)
    await town.payer.post(page, data=CARD | {"number": "4000 0000 0100 0019"})
    waiting = await town.payer.get(page)
    assert (waiting.headers["refresh"], "being processed" in waiting.text) == ("2", True)
    async with town.sandbox.database.worker.acquire() as db:
        await db.execute("UPDATE sandbox.intents SET ripe_at = now() WHERE id = $1", reference)
    await town.sandbox.ripen()
    assert "was paid with" in (await town.payer.get(page)).text


async def test_cancelled_and_expired_are_said_kindly(town: Town):
    page, reference = await opened(town)
    await town.gateway.cancel(reference, key="one")
    cancelled = await town.payer.get(page)
    assert ("was cancelled, and nothing was taken" in cancelled.text, "<form" in cancelled.text) == (True, False)
    assert (await town.payer.post(page, data=CARD)).status_code == 303
    page, _ = await opened(town, expires_at=town.sandbox.clock() - timedelta(seconds=1))
    expired = await town.payer.get(page)
    assert ("The time to pay this is over" in expired.text, "<form" in expired.text) == (True, False)
    assert (await town.payer.post(page, data=CARD)).status_code == 303
    assert [one async for one in town.gateway.records()] == []


@pytest.mark.parametrize("number", ["4000 0000 0100 0035", "4000 0000 0100 0043"])
async def test_what_breaks_is_not_called_failed(town: Town, number):
    page, _ = await opened(town)
    broken = await town.payer.post(page, data=CARD | {"number": number})
    assert broken.status_code == 500
    assert "it may have gone through" in broken.text
    assert "Check again" in broken.text


async def test_a_page_without_its_key_is_not_there(town: Town):
    page, _ = await opened(town)
    address = page.partition("?")[0]
    for other in (
        address,
        f"{address}?key=",
        f"{address}?key=" + "0" * 40,
        page[:-1],
        page.replace("key=", "key=%C3%A9"),
    ):
        for answer in (await town.payer.get(other), await town.payer.post(other, data=CARD)):
            assert (answer.status_code, "There is no payment here" in answer.text) == (404, True)


async def test_an_intent_without_a_reference_has_a_page_too(town: Town):
    body = {"amount_minor": 500, "currency": "JPY", "description": "Tea", "return_url": f"{town.base_url}/back"}
    made = (await town.api.post("/intents", json=body)).json()
    assert "¥500" in (await town.payer.get(made["page_url"])).text


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"action": "steal"}},
        {"data": {}},
        {"json": CARD},
        {"content": b"\xff\xfe", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {
            "content": b"action=card&name=" + b"x" * 9_000,
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        },
        {"files": {"number": b"4242"}},
        {"data": {"action": "challenge_approve"}},
        {"data": CARD | {"name": "\u0000\u202e\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")}},
    ],
)
async def test_whatever_is_posted_the_page_answers(town: Town, sent):
    page, reference = await opened(town)
    answer = await town.payer.post(page, **sent)
    assert answer.status_code in (303, 422), answer.text
    if answer.status_code == 422:
        assert "Pay by card" in answer.text
        assert (await town.gateway.fetch(reference)).status == "pending"


async def test_amounts_are_written_as_people_write_them(town: Town):
    for amount_minor, currency, text in (
        (123_456_789, "USD", "$1,234,567.89"),
        (7_200, "CHF", "CHF 72.00"),
        (12_340, "KWD", "KWD 12.340"),
    ):
        page, _ = await opened(town, amount_minor=amount_minor, currency=currency)
        assert re.search(rf'class="amount">{re.escape(text)}<', (await town.payer.get(page)).text)
