"""How amounts, days and times are written for people."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from moorage.kernel.money import format_amount

_SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_THOUSANDS: Final = re.compile(r"(?<=[0-9])(?=(?:[0-9]{3})+$)")


def amount_text(amount_minor: int, currency: str) -> str:
    """An amount as people write it: "£72.00", "-$7.50", "¥7,200", "CHF 72.00"."""
    sign = "-" if amount_minor < 0 else ""
    whole, point, decimals = format_amount(abs(amount_minor), currency).partition(".")
    number = f"{_THOUSANDS.sub(',', whole)}{point}{decimals}"
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{currency} {number}"


def day_text(at: datetime, zone: str = "UTC") -> str:
    """The day of an instant in a zone: "Tue 15 Dec 2026"."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %-d %b %Y}"


def moment_text(at: datetime, zone: str = "UTC") -> str:
    """An instant in a zone, which is named: "Tue 15 Dec 2026, 10:30 (London)"."""
    city = zone.rpartition("/")[2].replace("_", " ")
    return f"{at.astimezone(ZoneInfo(zone)):%a %-d %b %Y, %H:%M} ({city})"


def percent_text(bps: int) -> str:
    """Basis points as per cent: 2000 -> "20 %", 725 -> "7.25 %"."""
    whole, rest = divmod(bps, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + " %"


def with_breaks(text: str) -> Markup:
    """Lines of text as lines of a page."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())
