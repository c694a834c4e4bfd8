"""What Razorpay takes: integer subunits of the currency's own exponent, and nothing rounded."""

from typing import Final

from moorage.domains.payments.gateway import AmountNotSupportedError
from moorage.kernel.money import exponent

# Three decimals are kept, and the last of them has to be 0.
_THREE: Final = frozenset({"BHD", "KWD", "OMR"})
_LEAST: Final = {"INR": 100}


def check_amount(amount_minor: int, currency: str) -> None:
    """Raises AmountNotSupportedError, InvalidCurrencyError for a code that is none."""
    check_exact(amount_minor, currency)
    if amount_minor < _LEAST.get(currency, 1):
        raise AmountNotSupportedError(f"Razorpay takes no {currency} payment of {amount_minor} minor units.")


def check_exact(amount_minor: int, currency: str) -> None:
    """Whether Razorpay can write it down. Its exponents are those of ISO 4217: what fits is sent as it is (JPY 295 is
    295, KWD 295.990 is 295990). Raises as above.
    """
    decimals = exponent(currency)
    if decimals > 3 or (decimals == 3 and currency not in _THREE):
        raise AmountNotSupportedError(f"Razorpay takes no {currency}.")
    if decimals == 3 and amount_minor % 10:
        raise AmountNotSupportedError(f"Razorpay takes {currency} in steps of 0.010.")
