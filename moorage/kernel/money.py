"""Money: integer minor units with an ISO 4217 currency and its own exponent. No floats, ever."""

import re
from collections.abc import Sequence
from typing import Final

from moorage.kernel.errors import InvalidError

MAX_AMOUNT_MINOR: Final = 10**15
"""The largest amount taken in, in minor units: far below 2^63 so that sums cannot overflow."""

# ISO 4217 active codes by their exponent (list one, SIX Interbank Clearing).
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE
CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB
PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY
TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_EXPONENTS: Final = {
    code: decimals for codes, decimals in ((_NONE, 0), (_TWO, 2), (_THREE, 3), (_FOUR, 4)) for code in codes.split()
}
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)


class InvalidAmountError(InvalidError):
    """The amount is not a positive decimal string with at most the currency's own decimals."""

    code = "invalid_amount"


class InvalidCurrencyError(InvalidError):
    """The currency is not an ISO 4217 code in capitals."""

    code = "invalid_currency"


def exponent(currency: str) -> int:
    """How many decimals `currency` has (JPY 0, USD 2, KWD 3). Raises InvalidCurrencyError for an unknown code."""
    try:
        return _EXPONENTS[currency]
    except (KeyError, TypeError):
        raise InvalidCurrencyError(pointer="/currency") from None


def parse_amount(text: str, currency: str) -> int:
    """Whole units as a decimal string ("80.00") to minor units (8000), exactly: more decimals than the
    currency has are refused, never rounded. Negative and huge amounts raise InvalidAmountError.
    """
    decimals = exponent(currency)
    match = _DECIMAL.fullmatch(text) if len(text) <= 24 else None
    if match is None or text.startswith("-") or len(match.group(1) or "") > decimals:
        raise InvalidAmountError
    whole, _, fraction = text.partition(".")
    minor = int(whole + fraction.ljust(decimals, "0"))
    if minor > MAX_AMOUNT_MINOR:
        raise InvalidAmountError
    return minor


def format_amount(amount_minor: int, currency: str) -> str:
    """Minor units to whole units with the currency's own decimals: (8000, "USD") -> "80.00"."""
    decimals = exponent(currency)
    sign, digits = ("-" if amount_minor < 0 else ""), str(abs(amount_minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[: len(digits) - decimals]}" + (f".{digits[-decimals:]}" if decimals else "")


def half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded half away from zero to a whole minor unit; denominator > 0."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """`amount_minor` in parts proportional to `weights` that add up to it exactly; what is left over after
    rounding down goes, one unit each, to the first parts: 10000 by thirds is 3334, 3333, 3333.
    """
    total = sum(weights)
    parts = [amount_minor * weight // total for weight in weights]
    for index in range(amount_minor - sum(parts)):
        parts[index] += 1
    return parts
