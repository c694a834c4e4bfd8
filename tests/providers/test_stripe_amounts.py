"""Amounts at Stripe: exact, or refused before anything is sent."""

import pytest

from moorage.domains.payments.gateway import AmountNotSupportedError
from moorage.kernel.money import InvalidCurrencyError
from moorage.providers.stripe.amounts import from_stripe, to_stripe


@pytest.mark.parametrize(
    ("amount_minor", "currency", "sent"),
    [
        (500, "JPY", 500),
        (1000, "USD", 1000),
        (12_340, "KWD", 12_340),
        (100_050, "HUF", 100_050),
        (500, "ISK", 50_000),
        (500, "UGX", 50_000),
        (1000, "TWD", 1000),
        (300, "MGA", 3),
        (7, "KRW", 7),
        (1_230, "TND", 1_230),
    ],
)
def test_case_18_every_currency_in_stripes_own_exponent(amount_minor, currency, sent):
    assert to_stripe(amount_minor, currency) == sent
    assert from_stripe(sent, currency.lower()) == amount_minor


@pytest.mark.parametrize(
    ("amount_minor", "currency"), [(12_345, "KWD"), (1, "BHD"), (350, "MGA"), (1_000, "IQD"), (1_000, "LYD")]
)
def test_case_18_what_stripe_cannot_hold_is_refused_not_rounded(amount_minor, currency):
    with pytest.raises(AmountNotSupportedError):
        to_stripe(amount_minor, currency)


def test_what_is_no_currency_is_refused():
    with pytest.raises(InvalidCurrencyError):
        to_stripe(100, "ABC")


def test_an_amount_of_stripes_that_we_cannot_hold_is_no_amount():
    with pytest.raises(ValueError, match="no whole amount"):
        from_stripe(50_050, "isk")


async def test_case_18_a_refused_amount_makes_no_call(stripe_town):
    with pytest.raises(AmountNotSupportedError):
        await stripe_town.gateway.create(stripe_town.request(12_345, "KWD"), key="kwd")
    with pytest.raises(AmountNotSupportedError):
        stripe_town.gateway.check_amount(12_345, "KWD")
    assert stripe_town.fake.served.calls() == 0


@pytest.mark.parametrize(("amount_minor", "currency", "sent"), [(500, "ISK", 50_000), (12_340, "KWD", 12_340)])
async def test_what_comes_back_is_in_our_units_again(stripe_town, amount_minor, currency, sent):
    made = await stripe_town.gateway.create(stripe_town.request(amount_minor, currency), key=currency)
    assert (made.amount_minor, made.currency) == (amount_minor, currency)
    assert stripe_town.fake.state.objects[made.reference]["amount"] == sent
