"""Amounts as Stripe writes them: integers whose exponent is Stripe's own for the currency, not always ISO's.

Rescaling is exact or refused: JPY 500 is 500, HUF 1000.50 is 100050, KWD 12.340 is 12340 (its last digit must be 0),
and ISK and UGX, which have no minor unit, are sent with two decimals that must be 00.
"""

from typing import Final

from moorage.domains.payments.gateway import AmountNotSupportedError
from moorage.kernel.money import exponent

_NONE: Final = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF"
_THREE: Final = "BHD JOD KWD OMR TND"
# Known to ISO 4217 and not to Stripe.
_UNKNOWN: Final = "CLF CUP IQD IRR KPW LYD SDG SSP SYP UYI UYW VED VES ZWG"


def to_stripe(amount_minor: int, currency: str) -> int:
    """The core's minor units as Stripe's. Raises AmountNotSupportedError where Stripe has no exact amount for it,
    InvalidCurrencyError for what is no currency.
    """
    shift = _decimals(currency) - exponent(currency)
    scale = int(10 ** abs(shift))
    amount, rest = (amount_minor * scale, 0) if shift >= 0 else divmod(amount_minor, scale)
    if rest or (currency in _THREE and amount % 10):
        raise AmountNotSupportedError(f"Stripe takes fewer decimals of {currency} than this amount has.")
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's amount (its currencies are in small letters) in the core's minor units. Raises ValueError for one that
    the core cannot hold exactly.
    """
    code = currency.upper()
    shift = exponent(code) - _decimals(code)
    scale = int(10 ** abs(shift))
    minor, rest = (amount * scale, 0) if shift >= 0 else divmod(amount, scale)
    if rest:
        raise ValueError(f"{amount} of Stripe's {code} is no whole amount of ours")
    return minor


def _decimals(currency: str) -> int:
    """Stripe's exponent. ISK and UGX are among the twos: Stripe kept their old decimals."""
    if currency in _UNKNOWN:
        raise AmountNotSupportedError(f"Stripe does not take {currency}.")
    if currency in _NONE:
        return 0
    return 3 if currency in _THREE else 2
