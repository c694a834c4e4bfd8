"""Answers of Stripe that never came, and what is found by asking afterwards."""

import pytest

from moorage.domains.payments.gateway import NotSupportedByProviderError, OutcomeUnknownError, ProviderDeclinedError
from moorage.kernel.ids import uuid7
from tests.fakes.stripe.fixtures import stripe_gateway
from tests.support.stripe import paid

pytestmark = pytest.mark.usefixtures("kept_to_what_stripe_publishes")


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
