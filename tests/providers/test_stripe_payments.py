"""Collecting at Stripe by an intent: reserved, captured, challenged, refused, or slow."""

import asyncio

import pytest

from moorage.domains.payments.gateway import ProviderDeclinedError
from tests.support.stripe import paid, refunded, reserved

pytestmark = pytest.mark.usefixtures("kept_to_what_stripe_publishes")


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
