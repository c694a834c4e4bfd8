"""PayPal's amounts: decimal strings with the decimals that PayPal knows for a currency, which are not always ISO's.

https://developer.paypal.com/reference/currency-codes/ lists the currencies; HUF, JPY and TWD take no decimals there.
Its published schemas would let three decimals of USD pass; the service does not.
"""

from collections.abc import Mapping
from typing import Any, Final

from moorage.domains.payments.gateway import AmountNotSupportedError
from moorage.kernel.money import exponent, format_amount

_WHOLE: Final = frozenset({"HUF", "JPY", "TWD"})
_CENTS: Final = frozenset(
    {"AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "ILS"}
    | {"MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "USD"}
)


def decimals(currency: str) -> int:
    """How many decimals PayPal takes. Raises AmountNotSupportedError for a currency that it does not know."""
    if currency in _WHOLE:
        return 0
    if currency in _CENTS:
        return 2
    raise AmountNotSupportedError(f"PayPal takes no payments in {currency}.", pointer="/currency")


def to_value(amount_minor: int, currency: str) -> str:
    """Minor units to PayPal's text: (1000, "USD") is "10.00", (500, "JPY") "500", (100000, "HUF") "1000". Raises
    AmountNotSupportedError for what would have to be rounded (1000.50 HUF), and for nothing or less.
    """
    kept = decimals(currency)
    dropped = exponent(currency) - kept
    if amount_minor <= 0:
        raise AmountNotSupportedError("PayPal takes amounts above zero.", pointer="/amount")
    if dropped and amount_minor % 10**dropped:
        raise AmountNotSupportedError(f"PayPal takes no decimals in {currency}.", pointer="/amount")
    text = format_amount(amount_minor, currency)
    return text.partition(".")[0] if kept == 0 else text


def to_money(amount_minor: int, currency: str) -> dict[str, str]:
    """PayPal's money object. Raises as `to_value`."""
    return {"currency_code": currency, "value": to_value(amount_minor, currency)}


def to_minor(value: str, currency: str) -> int:
    """PayPal's text to minor units, exactly; a sign is dropped (its reports write what leaves as negative). Raises
    ValueError for what is no amount or is finer than the currency's minor unit.
    """
    whole, _, fraction = value.removeprefix("-").partition(".")
    places = exponent(currency)
    kept, finer = fraction[:places].ljust(places, "0"), fraction[places:]
    digits = whole + kept if whole else "0" + kept if fraction else ""
    if not (digits.isascii() and digits.isdigit()) or finer.strip("0"):
        raise ValueError(f"not an amount of {currency}: {value!r}")
    return int(digits)


def minor_of(money: Mapping[str, Any]) -> int:
    """A money object's minor units. Raises KeyError, ValueError for what is none."""
    return to_minor(money["value"], money["currency_code"])
