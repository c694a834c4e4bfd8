"""Collecting and giving back at Stripe: reserved money, its own page, answers that never came."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from moorage.domains.payments.gateway import NotSupportedByProviderError, OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payments.gateway_values import Line
from moorage.kernel.ids import uuid7
from tests.fakes.schemas import present
from tests.fakes.stripe.fixtures import stripe_gateway
from tests.fakes.stripe.published import check_stripe

pytestmark = pytest.mark.usefixtures("kept_to_what_stripe_publishes")


@pytest.fixture
def kept_to_what_stripe_publishes(stripe_town):
    yield
    if present("stripe"):
        check_stripe(stripe_town.fake)


async def reserved(town, amount_minor=10_000):
    """A payment reserved and not collected; its reference."""
    made = await town.gateway.create(town.request(amount_minor, capture="manual"), key=f"create-{uuid7()}")
    town.fake.pay(made.reference)
    return made.reference


async def paid(town, amount_minor=10_000, card="4242424242424242"):
    made = await town.gateway.create(town.request(amount_minor), key=f"create-{uuid7()}")
    town.fake.pay(made.reference, card)
    return made.reference


async def refunded(town, reference, amount_minor):
    mine = uuid7()
    return await town.gateway.refund(
        reference, refund_id=mine, amount_minor=amount_minor, currency="GBP", key=f"refund-{mine}"
    )


async def test_case_14_a_part_is_captured_once_and_the_rest_released(stripe_town):
    reference, gateway = await reserved(stripe_town), stripe_town.gateway
    before = await gateway.fetch(reference)
    assert (before.status, before.needs_capture, before.amount_minor) == ("processing", True, 10_000)
    with pytest.raises(ProviderDeclinedError) as refusal:
        await gateway.capture(reference, amount_minor=10_001, currency="GBP", key="more")
    assert refusal.value.facts["failure_code"] == "amount_too_large"
    after = await gateway.capture(reference, amount_minor=6_000, currency="GBP", key="part")
    assert (after.status, after.needs_capture, after.amount_minor) == ("succeeded", False, 6_000)
    again = await gateway.capture(reference, amount_minor=4_000, currency="GBP", key="rest")
    assert (again.status, again.amount_minor, again.refunded_minor) == ("succeeded", 6_000, 0)
    assert [(one.kind, one.amount_minor) async for one in gateway.records()] == [("charge", 6_000)]
    await refunded(stripe_town, reference, 1_000)
    assert (await gateway.fetch(reference)).refunded_minor == 1_000


async def test_case_13_nothing_is_captured_after_a_cancel(stripe_town):
    reference, gateway = await reserved(stripe_town), stripe_town.gateway
    assert (await gateway.cancel(reference, key="cancel")).status == "canceled"
    with pytest.raises(ProviderDeclinedError):
        await gateway.capture(reference, amount_minor=10_000, currency="GBP", key="late")
    assert [one async for one in gateway.records()] == []


async def test_case_13_of_capture_and_cancel_at_once_one_wins(stripe_town):
    gateway, ends = stripe_town.gateway, set()
    for no in range(10):
        reference = await reserved(stripe_town)
        calls = [
            gateway.capture(reference, amount_minor=10_000, currency="GBP", key=f"capture-{no}"),
            gateway.cancel(reference, key=f"cancel-{no}"),
        ]
        answers = await asyncio.gather(*calls[:: 1 if no % 2 else -1], return_exceptions=True)
        there = (await gateway.fetch(reference)).status
        ends.add(there)
        assert {one.status for one in answers if not isinstance(one, ProviderDeclinedError)} == {there}
    assert ends <= {"succeeded", "canceled"}


async def test_a_customer_that_stripe_has_no_more_keeps_nobody_from_paying(stripe_town):
    for mode in ("intent", "checkout"):
        asked = stripe_town.request(customer="cus_gone", mode=mode)
        first = await stripe_town.gateway.create(asked, key=f"gone-{mode}")
        again = await stripe_town.gateway.create(asked, key=f"gone-{mode}")
        assert (first.reference, "customer" in first.ids) == (again.reference, False)


async def test_lines_that_stripe_cannot_show_become_one(stripe_town):
    for currency, total, lines in (
        ("GBP", 900, (Line("Dinner", 1_000), Line("Voucher", -100))),
        ("KWD", 10, (Line("Tea", 5), Line("Cake", 5))),
    ):
        asked = stripe_town.request(total, currency, mode="checkout", lines=lines, description="All of it")
        made = await stripe_town.gateway.create(asked, key=currency)
        assert made.amount_minor == total


async def test_a_challenge_comes_before_the_money(stripe_town):
    gateway, fake = stripe_town.gateway, stripe_town.fake
    made = await gateway.create(stripe_town.request(), key="challenge")
    asked = await gateway.confirm(made.reference, payment_method="pm_card_threeDSecureRequired", key="confirm")
    assert asked.status == "requires_action"
    fake.pass_challenge(made.reference, passed=False)
    assert (await gateway.fetch(made.reference)).status == "failed"
    await gateway.confirm(made.reference, payment_method="pm_card_threeDSecureRequired", key="confirm again")
    fake.pass_challenge(made.reference)
    assert (await gateway.fetch(made.reference)).status == "succeeded"


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_chargeDeclined", "card_declined"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeCustomerFail", "card_declined"),
    ],
)
async def test_every_refusal_of_a_card_is_told_as_exactly_as_stripe_tells_it(stripe_town, method, code):
    made = await stripe_town.gateway.create(stripe_town.request(), key="decline")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await stripe_town.gateway.confirm(made.reference, payment_method=method, key="confirm")
    assert refusal.value.facts["failure_code"] == code
    assert (await stripe_town.gateway.fetch(made.reference)).failure_code == code


async def test_a_bank_debit_takes_its_time(stripe_town):
    reference = await paid(stripe_town, card="pm_usBankAccount_success")
    assert (await stripe_town.gateway.fetch(reference)).status == "processing"
    stripe_town.fake.ripen()
    there = await stripe_town.gateway.fetch(reference)
    assert (there.status, there.payment_method) == ("succeeded", "us_bank_account")


async def test_a_session_is_paid_on_stripes_page_and_is_the_same_payment(stripe_town):
    gateway, fake = stripe_town.gateway, stripe_town.fake
    lines = (Line("Dinner", 3_000, 2, "Per guest"), Line("Travel", 1_200))
    asked = stripe_town.request(7_200, mode="checkout", lines=lines, payer_email="ann@example.test")
    made = await gateway.create(asked, key="session")
    assert made.reference.startswith("cs_")
    assert (made.status, made.amount_minor, made.checkout_url[:4]) == ("pending", 7_200, "http")
    assert made.expires_at > datetime.now(UTC) + timedelta(hours=23)
    assert (await gateway.find(asked.payment_id)).reference == made.reference
    fake.pay_session(made.reference)
    after = await gateway.fetch(made.reference)
    assert (after.status, after.payment_method, after.checkout_url) == ("succeeded", "card", None)
    assert set(after.ids) == {"checkout_session", "payment_intent", "charge"}
    assert (await gateway.find(asked.payment_id)).reference == made.reference
    told = [one for one in await gateway.events_since(asked_at(asked)) if one.kind == "payment"]
    assert {one.payment_id for one in told} == {asked.payment_id}
    assert {one.ids["payment_intent"] for one in told} == {after.ids["payment_intent"]}
    refund = await gateway.refund(
        made.reference, refund_id=uuid7(), amount_minor=1_200, currency="GBP", key="refund a session"
    )
    assert (refund.status, refund.amount_minor) == ("succeeded", 1_200)
    assert (await gateway.fetch(made.reference)).refunded_minor == 1_200


async def test_a_session_that_is_cancelled_cannot_be_paid(stripe_town):
    gateway = stripe_town.gateway
    made = await gateway.create(stripe_town.request(mode="checkout"), key="session")
    assert (await gateway.cancel(made.reference, key="cancel")).status == "canceled"
    assert (await gateway.cancel(made.reference, key="cancel again")).status == "canceled"
    page = await read_page(stripe_town, made.reference)
    assert "expired" in page


async def test_cancelling_a_paid_session_answers_that_it_is_paid(stripe_town):
    made = await stripe_town.gateway.create(stripe_town.request(mode="checkout"), key="session")
    stripe_town.fake.pay_session(made.reference)
    assert (await stripe_town.gateway.cancel(made.reference, key="late")).status == "succeeded"


async def test_money_reserved_on_stripes_page_is_captured_or_released(stripe_town):
    gateway, fake = stripe_town.gateway, stripe_town.fake
    for end in ("capture", "cancel"):
        made = await gateway.create(stripe_town.request(mode="checkout", capture="manual"), key=f"session-{end}")
        fake.pay_session(made.reference)
        held = await gateway.fetch(made.reference)
        assert (held.status, held.needs_capture) == ("processing", True)
        if end == "capture":
            done = await gateway.capture(made.reference, amount_minor=7_200, currency="GBP", key="capture")
            assert done.status == "succeeded"
        else:
            assert (await gateway.cancel(made.reference, key="cancel")).status == "canceled"


async def test_a_session_is_open_for_as_long_as_stripe_allows_at_least(stripe_town):
    soon = datetime.now(UTC) + timedelta(minutes=15)
    asked = stripe_town.request(mode="checkout", expires_at=soon)
    first = await stripe_town.gateway.create(asked, key="soon")
    again = await stripe_town.gateway.create(asked, key="soon")
    assert first.reference == again.reference
    assert timedelta(minutes=40) < first.expires_at - datetime.now(UTC) < timedelta(minutes=46)


async def test_with_automatic_tax_the_price_stays_and_its_tax_is_told(stripe_town):
    taxing = stripe_gateway(stripe_town.base_url, automatic_tax=True)
    assert taxing.capabilities.tax
    made = await taxing.create(stripe_town.request(9_999, mode="checkout"), key="taxed")
    await taxing.aclose()
    assert (made.amount_minor, made.tax_minor) == (9_999, 1_667)


async def test_the_page_takes_a_card_and_sends_the_payer_back(stripe_town):
    made = await stripe_town.gateway.create(stripe_town.request(mode="checkout"), key="session")
    async with httpx.AsyncClient(trust_env=False) as payer:
        refused = await payer.post(made.checkout_url, data={"card": "4000 0000 0000 0002"})
        assert (refused.status_code, "declined" in refused.text) == (200, True)
        challenged = await payer.post(made.checkout_url, data={"card": "4000 0027 6000 3184"})
        assert "Complete authentication" in challenged.text
        done = await payer.post(made.checkout_url, data={"challenge": "pass"})
    assert (done.status_code, done.headers["location"]) == (303, "https://moorage.test/back")
    assert (await stripe_town.gateway.fetch(made.reference)).status == "succeeded"


@pytest.mark.parametrize("mode", ["intent", "checkout"])
@pytest.mark.parametrize("fault", ["lost_after", "500_after", "broken_body"])
async def test_case_11_an_answer_that_was_lost_is_unknown_and_found(stripe_town, fault, mode):
    gateway, fake, asked = stripe_town.gateway, stripe_town.fake, stripe_town.request(mode=mode)
    fake.served.fault(fault, method="POST")
    with pytest.raises(OutcomeUnknownError):
        await gateway.create(asked, key="lost")
    found = await gateway.find(asked.payment_id)
    again = await gateway.create(asked, key="lost")
    assert found.reference == again.reference


async def test_case_11_a_provider_that_says_nothing_is_not_waited_for_for_ever(stripe_town):
    impatient, asked = stripe_gateway(stripe_town.base_url, timeout_s=0.2), stripe_town.request()
    stripe_town.fake.served.fault("timeout_after", method="POST")
    with pytest.raises(OutcomeUnknownError):
        await impatient.create(asked, key="silence")
    await impatient.aclose()
    assert (await stripe_town.gateway.find(asked.payment_id)).status == "pending"


@pytest.mark.parametrize("fault", ["lost_before", "500_before", "429"])
async def test_case_11_what_never_arrived_is_unknown_and_not_found(stripe_town, fault):
    gateway, fake, asked = stripe_town.gateway, stripe_town.fake, stripe_town.request()
    fake.served.fault(fault, method="POST")
    with pytest.raises(OutcomeUnknownError):
        await gateway.create(asked, key="lost")
    assert await gateway.find(asked.payment_id) is None
    assert fake.served.calls("POST") == 1  # The SDK does not try again by itself.


async def test_case_11_a_refund_whose_answer_was_lost_is_found_and_given_once(stripe_town):
    reference, mine = await paid(stripe_town), uuid7()
    stripe_town.fake.served.fault("lost_after", path="/v1/refunds")
    with pytest.raises(OutcomeUnknownError):
        await stripe_town.gateway.refund(reference, refund_id=mine, amount_minor=100, currency="GBP", key="lost")
    found = await stripe_town.gateway.find_refund(reference, mine)
    assert (found.status, found.amount_minor) == ("succeeded", 100)
    assert (await stripe_town.gateway.fetch(reference)).refunded_minor == 100


async def test_a_payment_is_found_among_many(stripe_town):
    asked = stripe_town.request()
    made = await stripe_town.gateway.create(asked, key="first")
    for no in range(230):
        stripe_town.fake.state.make("pi", "payment_intent", f"pi_{no}", metadata={}, status="canceled", amount=1)
    found = await stripe_town.gateway.find(asked.payment_id)
    assert found.reference == made.reference
    stripe_town.fake.served.exchanges.clear()  # What was put there is no whole intent.


async def test_the_same_key_with_another_request_decides_nothing(stripe_town):
    await stripe_town.gateway.create(stripe_town.request(7_200), key="one key")
    with pytest.raises(OutcomeUnknownError):
        await stripe_town.gateway.create(stripe_town.request(7_300), key="one key")


async def test_keys_that_stripe_does_not_know_are_told_apart_from_no_answer(stripe_town):
    assert await stripe_town.gateway.test_connection() == "acct_1MoorageFake"
    stranger = stripe_gateway(stripe_town.base_url, secret_key="sk_test_other")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await stranger.test_connection()
    assert refusal.value.facts["failure_code"] == "invalid_credentials"
    with pytest.raises(OutcomeUnknownError):  # Not knowing us says nothing about what was done.
        await stranger.find(uuid7())
    await stranger.aclose()
    nowhere = stripe_gateway("http://127.0.0.1:1")
    with pytest.raises(OutcomeUnknownError):
        await nowhere.test_connection()
    await nowhere.aclose()


async def test_an_unknown_reference_is_missing(stripe_town):
    for reference in ("pi_none", "cs_none"):
        with pytest.raises(ProviderDeclinedError) as refusal:
            await stripe_town.gateway.fetch(reference)
        assert refusal.value.facts["failure_code"] == "resource_missing"
    with pytest.raises(NotSupportedByProviderError):
        await stripe_town.gateway.confirm("cs_none", payment_method="pm_card_visa", key="confirm")


async def test_case_16_a_refund_may_come_back_days_later(stripe_town):
    reference = await paid(stripe_town, card="4000000000005126")
    made = await refunded(stripe_town, reference, 4_000)
    assert made.status == "succeeded"
    stripe_town.fake.ripen()
    told = (await stripe_town.gateway.events_since(datetime.now(UTC) - timedelta(minutes=1)))[-1]
    assert (told.kind, told.refund_status, told.refund_reference) == ("refund", "failed", made.reference)
    assert (await stripe_town.gateway.fetch(reference)).refunded_minor == 0


async def test_case_16_a_refund_may_be_pending_first(stripe_town):
    made = await refunded(stripe_town, await paid(stripe_town, card="4000000000007726"), 4_000)
    assert made.status == "pending"


async def test_case_17_a_refund_in_the_dashboard_is_on_record(stripe_town):
    reference = await paid(stripe_town)
    stripe_town.fake.refund_in_dashboard(reference, 2_500)
    records = [one async for one in stripe_town.gateway.records()]
    assert [(one.kind, one.amount_minor, one.refund_id) for one in records] == [
        ("charge", 10_000, None),
        ("refund", 2_500, None),
    ]
    assert records[0].payment_id == records[1].payment_id is not None


async def test_case_22_a_disputed_charge_gives_nothing_back(stripe_town):
    reference = await paid(stripe_town, card="4000000000000259")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await refunded(stripe_town, reference, 100)
    assert refusal.value.facts["failure_code"] == "charge_disputed"
    records = [one async for one in stripe_town.gateway.records()]
    assert [(one.kind, one.status, one.payment_reference) for one in records] == [
        ("charge", "succeeded", reference),
        ("dispute", "opened", reference),
    ]
    assert records[1].payment_id == records[0].payment_id


async def test_records_go_back_as_far_as_asked_and_through_every_page(stripe_town):
    for _ in range(3):
        await paid(stripe_town, 1_000)
    assert len([one async for one in stripe_town.gateway.records(datetime.now(UTC) - timedelta(hours=1))]) == 3
    assert [one async for one in stripe_town.gateway.records(datetime.now(UTC) + timedelta(hours=1))] == []


def asked_at(request):
    return datetime.fromtimestamp((request.payment_id.int >> 80) / 1000, UTC)


async def read_page(town, session):
    async with httpx.AsyncClient(base_url=town.base_url, trust_env=False) as payer:
        return (await payer.get(f"/c/pay/{session}")).text
