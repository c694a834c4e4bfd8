"""PayPal's amounts: exact decimal strings, with PayPal's own decimals."""

import pytest

from moorage.domains.payments.gateway import AmountNotSupportedError
from moorage.providers.paypal.amounts import to_minor, to_value


@pytest.mark.parametrize(
    ("amount_minor", "currency", "value"),
    [
        (500, "JPY", "500"),
        (1_000, "USD", "10.00"),
        (1, "USD", "0.01"),
        (100_000, "HUF", "1000"),
        (100_000, "TWD", "1000"),
        (123_456_789, "EUR", "1234567.89"),
    ],
)
def test_case_18_amounts_are_written_with_the_decimals_that_paypal_knows(amount_minor, currency, value):
    assert to_value(amount_minor, currency) == value
    assert to_minor(value, currency) == amount_minor


@pytest.mark.parametrize(
    ("amount_minor", "currency"),
    [(100_050, "HUF"), (1, "TWD"), (12_345, "KWD"), (12_340, "KWD"), (500, "ISK"), (0, "USD"), (-1, "USD"), (1, "XXX")],
)
def test_case_18_what_would_be_rounded_or_is_not_taken_is_refused(paypal, amount_minor, currency):
    with pytest.raises(AmountNotSupportedError):
        paypal.check_amount(amount_minor, currency)


@pytest.mark.parametrize(
    ("value", "currency", "amount_minor"),
    [
        ("10", "USD", 1_000),
        ("10.5", "USD", 1_050),
        ("10.500", "USD", 1_050),
        ("500.00", "JPY", 500),
        ("-3.20", "EUR", 320),
    ],
)
def test_what_paypal_writes_otherwise_is_read_exactly(value, currency, amount_minor):
    assert to_minor(value, currency) == amount_minor


@pytest.mark.parametrize(
    ("value", "currency"),
    [("10.505", "USD"), ("500.5", "JPY"), ("", "USD"), ("1e3", "USD"), ("١٠", "USD"), ("+1", "USD")],
)
def test_what_is_no_amount_is_not_read(value, currency):
    with pytest.raises(ValueError, match="not an amount"):
        to_minor(value, currency)
