"""The filters of the practitioners' list, as the query string writes them."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field

from moorage.domains.practitioners import Near
from moorage.journeys.find_practitioners import FreeWindow, Search
from moorage.kernel.errors import InvalidError, InvalidRangeError
from moorage.web.fields import CurrencyCode, Instant, MoneyText

LONGEST_WINDOW: Final = timedelta(days=31)
DEFAULT_RADIUS_KM: Final = 25.0
DEFAULT_MINUTES: Final = 60
_POINT = re.compile(r"\s*(-?\d{1,3}(?:\.\d{1,15})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,15})?)\s*", re.ASCII)
_SPACE_FOR_PLUS = re.compile(r"(?<=\d) (?=\d\d:\d\d$)", re.ASCII)


class InvalidPointError(InvalidError):
    """A point is `latitude,longitude` in degrees, like 38.72,-9.14."""

    code = "invalid_point"


def _plus_restored(value: Any) -> Any:
    """A `+` that was not percent-encoded arrives as a space."""
    return _SPACE_FOR_PLUS.sub("+", value) if isinstance(value, str) else value


QueryInstant = Annotated[Instant, BeforeValidator(_plus_restored)]
Words = Annotated[str, Query(max_length=200)]


def _search(
    *,
    specialization: Annotated[Words | None, Query(description="One of theirs, in any case")] = None,
    category: Annotated[Words | None, Query(description="Slug or id of a category they have a service in")] = None,
    city: Annotated[Words | None, Query(description="City of one of their locations, in any case")] = None,
    near: Annotated[
        Words | None,
        Query(
            description="lat,lng in degrees",
            examples=["38.7223,-9.1393"],
            json_schema_extra={"pattern": r"^ *-?[0-9]{1,3}([.][0-9]{1,15})? *, *-?[0-9]{1,3}([.][0-9]{1,15})? *$"},
        ),
    ] = None,
    radius_km: Annotated[
        float | None, Query(gt=0, le=20_040, allow_inf_nan=False, description="With near; default 25")
    ] = None,
    is_virtual: Annotated[bool | None, Query(description="Whether they work at a distance")] = None,
    is_featured: Annotated[bool | None, Query()] = None,
    price_min: Annotated[MoneyText | None, Query(description="Of an active service, in whole units")] = None,
    price_max: Annotated[MoneyText | None, Query()] = None,
    currency: Annotated[CurrencyCode | None, Query(description="Which currency prices are in; default any")] = None,
    rating_min: Annotated[
        float | None,
        Query(ge=0, le=5, allow_inf_nan=False, description="Rated at least so much; nobody is rated yet"),
    ] = None,
    search: Annotated[Words | None, Query(description="Words of them or of one of their services")] = None,
    available_from: Annotated[QueryInstant | None, Query(description="Free in a window from here")] = None,
    available_to: Annotated[QueryInstant | None, Query(description="to here, at most 31 days on")] = None,
    duration_minutes: Annotated[
        Annotated[int, Field(ge=1, le=1440)] | None, Query(description="for so long in one piece; default 60")
    ] = None,
    verification_status: Annotated[
        Literal["pending", "verified", "rejected"] | None, Query(description="For administrators; default verified")
    ] = None,
) -> Search:
    """The search that the query string asks for. `rating_min` excludes whoever is not rated: there are no reviews
    yet, so with it nobody is found.
    """
    check_prices(price_min, price_max)
    if radius_km is not None and near is None:
        raise InvalidPointError("radius_km needs near=lat,lng", pointer="?near")
    return Search(
        specialization=specialization or None,
        category=category or None,
        city=city or None,
        near=_near(near, radius_km or DEFAULT_RADIUS_KM) if near else None,
        is_virtual=is_virtual,
        is_featured=is_featured,
        price_min=price_min,
        price_max=price_max,
        currency=currency,
        rating_min=rating_min,
        search=search or None,
        free=_window(available_from, available_to, duration_minutes),
        status=verification_status,
    )


PractitionerSearch = Annotated[Search, Depends(_search)]


def check_prices(price_min: str | None, price_max: str | None) -> None:
    """Refuse a range of prices that is empty."""
    if price_min is not None and price_max is not None and Decimal(price_min) > Decimal(price_max):
        raise InvalidRangeError("price_min is more than price_max", pointer="?price_max")


def _near(text: str, radius_km: float) -> Near:
    match = _POINT.fullmatch(text)
    if match is None:
        raise InvalidPointError(pointer="?near")
    lat, lng = float(match.group(1)), float(match.group(2))
    if abs(lat) > 90 or abs(lng) > 180:
        raise InvalidPointError("Latitude is -90 to 90 and longitude -180 to 180.", pointer="?near")
    return Near(lat, lng, radius_km)


def _window(starts_at: datetime | None, ends_at: datetime | None, minutes: int | None) -> FreeWindow | None:
    if starts_at is None and ends_at is None and minutes is None:
        return None
    if starts_at is None:
        raise InvalidRangeError(
            "Say from when: available_from and available_to go together.", pointer="?available_from"
        )
    if ends_at is None:
        raise InvalidRangeError("Say until when: available_from and available_to go together.", pointer="?available_to")
    if not starts_at < ends_at <= starts_at + LONGEST_WINDOW:
        raise InvalidRangeError("available_to is after available_from, by at most 31 days", pointer="?available_to")
    return FreeWindow(starts_at, ends_at, DEFAULT_MINUTES if minutes is None else minutes)
