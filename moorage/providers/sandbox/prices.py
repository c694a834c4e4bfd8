"""Recurring prices that say themselves what they are, as test cards do: `price_month_2000_usd` is 20.00 USD a month."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from moorage.kernel.money import InvalidCurrencyError, exponent, format_amount
from moorage.providers.sandbox.errors import MissingError

_NAMED: Final = re.compile(r"price_(day|week|month|year)_([1-9][0-9]{0,8})_([a-z]{3})", re.ASCII)
_MONTHS: Final = {"month": 1, "year": 12}
_DAYS: Final = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class Price:
    """What is paid every day, week, month or year."""

    id: str
    interval: str
    amount_minor: int
    currency: str

    @property
    def name(self) -> str:
        """As a payer reads it."""
        return f"Test plan, {format_amount(self.amount_minor, self.currency)} {self.currency} a {self.interval}"

    def shown(self) -> dict[str, Any]:
        """The price as the API shows it."""
        return {
            "id": self.id,
            "object": "price",
            "name": self.name,
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "interval": self.interval,
        }


def price(name: str) -> Price:
    """The price of that id. Raises MissingError."""
    found = _NAMED.fullmatch(name)
    if found is None:
        raise MissingError("There is no such price; one is called like price_month_2000_usd.", param="price")
    try:
        exponent(found[3].upper())
    except InvalidCurrencyError:
        raise MissingError("There is no such currency.", param="price") from None
    return Price(name, found[1], int(found[2]), found[3].upper())


def period_end(starts_at: datetime, interval: str, anchor: datetime) -> datetime:
    """When a period ends that began then: on the day of the month on which the first began, or the month's last."""
    if interval in _DAYS:
        return starts_at + timedelta(days=_DAYS[interval])
    months = starts_at.month - 1 + _MONTHS[interval]
    first = starts_at.replace(year=starts_at.year + months // 12, month=months % 12 + 1, day=1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(anchor.day, last.day))
