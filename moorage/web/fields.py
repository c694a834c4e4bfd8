"""Strict field types: what a body or a query may hold, said once. Nothing is coerced.

A refused value raises pydantic's error with one of our codes as its type; `problems.py` makes the answer of it.
"""

import re
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from moorage.domains.availability.zones import zone_names
from moorage.kernel.errors import MoorageError
from moorage.kernel.money import MAX_AMOUNT_MINOR, exponent
from moorage.web.body import Number

_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|z|[+-]\d{2}:\d{2})?", re.ASCII
)
# The same for the reference, with the bounds of each part.
_INSTANT_SHOWN: Final = (
    "^(19[7-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]"
    "(:[0-5][0-9]([.][0-9]{1,9})?)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_MONEY = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,4})?", re.ASCII)
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}\Z)"
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*",
    re.ASCII,
)
_LONGEST_NUMBER: Final = 24
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2199


class StrictModel(BaseModel):
    """What is taken in: unknown fields are refused, types are what the documentation says, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


def refusal(code: str, message: str) -> PydanticCustomError:
    """A field's refusal with one of our stable codes."""
    return PydanticCustomError(code, message)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise refusal("invalid_type", "has to be a string")
    return value


def _parse_id(value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    if not _UUID.fullmatch(_string(value)):
        raise refusal("invalid_id", "is not a UUID")
    return UUID(value)


def _parse_instant(value: Any) -> datetime:
    parsed = _parse_instant_or_local(value)
    if parsed.tzinfo is None:
        raise refusal("offset_required", "needs an offset from UTC, like 2026-12-15T10:30:00+01:00 or …Z")
    return parsed


def _parse_instant_or_local(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    match = _INSTANT.fullmatch(_string(value))
    if match is None:
        raise refusal("invalid_datetime", "is not an RFC 3339 date and time, like 2026-12-15T10:30:00Z")
    try:
        parsed = datetime.fromisoformat(value.upper().replace(" ", "T"))
    except ValueError:
        raise refusal("invalid_datetime", "is not a date and time that exists") from None
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise refusal("invalid_datetime", f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return parsed


def _parse_date(value: Any) -> date:
    if type(value) is date:
        return value
    if not _DATE.fullmatch(_string(value)):
        raise refusal("invalid_date", "is not a date like 2026-12-15")
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        raise refusal("invalid_date", "is not a date that exists") from None
    if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
        raise refusal("invalid_date", f"lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return parsed


def _parse_date_or_instant(value: Any) -> date | datetime:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return _parse_date(value)
    return _parse_instant_or_local(value)


def _parse_time(value: Any) -> time:
    if isinstance(value, time):
        return value
    if not _TIME.fullmatch(_string(value)):
        raise refusal("invalid_time", "is not a time of day like 09:30")
    return time.fromisoformat(value)


def _check_money(value: Any) -> str:
    if not isinstance(value, str):
        raise refusal("invalid_type", 'has to be a decimal string in whole units, like "80.00"')
    if not _MONEY.fullmatch(value):
        raise refusal("invalid_amount", 'is not a decimal amount in whole units, like "80.00"')
    if value.startswith("-"):
        raise refusal("invalid_amount", "cannot be negative")
    return value


def _read_money(value: Any) -> str:
    """A decimal string as it stands; a JSON number as it was written, without its exponent."""
    if isinstance(value, str):
        return _check_money(value)
    if isinstance(value, Number) and len(value.text) <= _LONGEST_NUMBER:
        number = Decimal(value.text)
        if abs(number.adjusted()) > _LONGEST_NUMBER:
            raise refusal("invalid_amount", "is no amount")
        return _check_money(format(number, "f"))
    if type(value) is int and value < 10**_LONGEST_NUMBER:
        return _check_money(str(value))
    raise refusal("invalid_type", 'has to be an amount in whole units, like "80.00" or 80.00')


def _check_minor(value: Any) -> int:
    if _check_signed_minor(value) <= 0:
        raise refusal("invalid_amount", "has to be more than nothing")
    return int(value)


def _check_signed_minor(value: Any) -> int:
    if type(value) is not int:
        raise refusal("invalid_type", "has to be a whole number of cents (minor units), like 10000")
    if abs(value) > MAX_AMOUNT_MINOR:
        raise refusal("invalid_amount", f"has to be at most {MAX_AMOUNT_MINOR} cents (minor units)")
    return value


def _check_currency(value: Any) -> str:
    try:
        exponent(_string(value))
    except MoorageError:
        raise refusal("invalid_currency", "is not an ISO 4217 code in capitals, like GBP") from None
    return str(value)


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """Every IANA time zone a person may be in, by the pinned release; never the machine's own list."""
    return zone_names() - {"Factory"}


def _check_zone(value: Any) -> str:
    if _string(value) not in known_zones():
        raise refusal("invalid_timezone", "is not an IANA time zone, like Europe/London")
    return str(value)


def _check_email(value: Any) -> str:
    if len(_string(value)) > 254 or not _EMAIL.fullmatch(value) or ".." in value or value.startswith("."):
        raise refusal("invalid_email", "is not an e-mail address")
    return str(value)


Id = Annotated[UUID, BeforeValidator(_parse_id), WithJsonSchema({"type": "string", "format": "uuid"})]
"""A UUID as text."""

Instant = Annotated[
    datetime, BeforeValidator(_parse_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""RFC 3339 with an offset, years 1970 to 2199; an aware datetime in the offset that was sent."""

InstantOrLocal = Annotated[
    datetime,
    BeforeValidator(_parse_instant_or_local),
    WithJsonSchema(
        {
            "type": "string",
            "description": "RFC 3339 with an offset, or a local time of the `timezone` that is sent along",
            "pattern": _INSTANT_SHOWN,
            "examples": ["2026-12-15T10:30:00+01:00", "2026-12-15T10:30:00"],
        }
    ),
]
"""RFC 3339, or a local time (naive datetime) where a `timezone` field is sent along."""

LocalDate = Annotated[date, BeforeValidator(_parse_date), WithJsonSchema({"type": "string", "format": "date"})]
"""A calendar date, YYYY-MM-DD."""

DateOrInstant = Annotated[
    date | datetime,
    BeforeValidator(_parse_date_or_instant),
    WithJsonSchema({"type": "string", "examples": ["2026-12-15", "2026-12-15T10:30:00+01:00"]}),
]
"""A calendar date, or a date and time."""

LocalTime = Annotated[
    time,
    BeforeValidator(_parse_time),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["09:30"]}),
]
"""A time of day, HH:MM."""

MoneyText = Annotated[
    str,
    BeforeValidator(_check_money),
    WithJsonSchema({"type": "string", "pattern": r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$", "examples": ["80.00"]}),
]
"""A decimal amount in whole units as a string, not negative; `kernel.money.parse_amount` makes minor units of it."""

MoneyNumber = Annotated[
    str,
    BeforeValidator(_read_money),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$"},
                {"type": "number", "minimum": 0, "maximum": 10**13},
            ],
            "examples": ["80.00"],
        }
    ),
]
"""A decimal amount in whole units as a string or as a JSON number, which is taken as it was written (never as a float);
its text, for `kernel.money.parse_amount`.
"""

MinorUnits = Annotated[
    int,
    BeforeValidator(_check_minor),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_AMOUNT_MINOR, "examples": [10000]}),
]
"""An amount in minor units of its currency, more than nothing."""

SignedMinorUnits = Annotated[
    int,
    BeforeValidator(_check_signed_minor),
    WithJsonSchema({"type": "integer", "minimum": -MAX_AMOUNT_MINOR, "maximum": MAX_AMOUNT_MINOR, "examples": [4500]}),
]
"""An amount in minor units of its currency; below zero it takes off."""

CurrencyCode = Annotated[
    str,
    BeforeValidator(_check_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["GBP"]}),
]
"""An ISO 4217 code in capitals."""

ZoneName = Annotated[
    str,
    BeforeValidator(_check_zone),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_+/-]{1,63}$", "examples": ["Europe/London"]}),
]
"""An IANA time zone."""

Email = Annotated[
    str, BeforeValidator(_check_email), WithJsonSchema({"type": "string", "format": "email", "maxLength": 254})
]
"""An e-mail address that can be written into a mail's header as it stands."""


def _not_blank(value: str) -> str:
    if not value.strip():
        raise refusal("required", "cannot be empty")
    return value.strip()


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_not_blank)]
"""A short text that is not blank, at most 200 characters, without space around it."""

ShortText = Annotated[str, Field(max_length=200)]
"""At most 200 characters, may be empty."""

LongText = Annotated[str, Field(max_length=5_000)]
"""At most 5,000 characters, may be empty."""
