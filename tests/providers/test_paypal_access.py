"""How we get in at PayPal: tokens, keys, and answers that never come."""

import asyncio

import pytest

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from tests.fakes.paypal.fixtures import adapter
from tests.support.paypal import asked, opened


async def test_twenty_who_wait_for_a_token_share_one(paypal, paypal_fake):
    await asyncio.gather(*(opened(paypal) for _ in range(20)))
    assert paypal_fake.served.calls("POST", "/v1/oauth2/token") == 1


async def test_a_token_that_was_withdrawn_is_replaced_once_for_all(paypal, paypal_fake):
    made = await opened(paypal)
    paypal_fake.door.withdraw()
    answers = await asyncio.gather(*(paypal.fetch(made.reference) for _ in range(20)))
    assert {answer.reference for answer in answers} == {made.reference}
    assert paypal_fake.served.calls("POST", "/v1/oauth2/token") == 2


async def test_a_token_is_renewed_before_it_ends(paypal, paypal_fake):
    paypal_fake.door.token_lifetime_s = 59  # within the minute that has to be left
    await opened(paypal)
    await opened(paypal)
    assert paypal_fake.served.calls("POST", "/v1/oauth2/token") == 2


async def test_keys_that_paypal_does_not_know_are_told_as_such(paypal_fake):
    stranger = adapter(paypal_fake, client_secret="wrong")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await stranger.test_connection()
    assert refusal.value.facts["failure_code"] == "invalid_credentials"
    with pytest.raises(OutcomeUnknownError):  # nothing was done, and it can be when the keys are right
        await stranger.create(asked(), key="k")
    await stranger.aclose()


async def test_the_connection_is_tried_with_our_webhook(paypal, paypal_fake):
    assert await paypal.test_connection() == "APP-80W284485P519543T"
    paypal_fake.door.webhook_id = "ANOTHER"
    with pytest.raises(ProviderDeclinedError) as refusal:
        await paypal.test_connection()
    assert refusal.value.facts["failure_code"] == "invalid_resource_id"


async def test_a_reference_is_one_step_of_a_path(paypal, paypal_fake):
    with pytest.raises(OutcomeUnknownError):
        await paypal.fetch("../../v1/customer/disputes")
    assert paypal_fake.served.exchanges[-1].path.startswith("/v2/checkout/orders/")


@pytest.mark.parametrize("fault", ["timeout_after", "lost_before", "500_after", "429", "broken_body"])
async def test_no_answer_is_no_refusal(paypal_fake, fault):
    hasty = adapter(paypal_fake, timeout_s=1.0)
    await hasty.test_connection()
    paypal_fake.fault(fault, path="/v2/checkout/orders")
    with pytest.raises(OutcomeUnknownError):
        await hasty.create(asked(), key="k")
    await hasty.aclose()
