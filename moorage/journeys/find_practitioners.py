"""Looking for somebody: by what they do, where, for how much, and when they are free. One query for all of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from moorage.domains.practitioners import Near, Practitioner, box_around, queries
from moorage.journeys.house import House
from moorage.kernel.db import Actor

_FIND = "SELECT ids, total FROM find_practitioners($1::jsonb, $2, $3, $4, $5)"


@dataclass(frozen=True, slots=True)
class FreeWindow:
    """Free for `minutes` in one piece, somewhere from `starts_at` to `ends_at` (aware instants)."""

    starts_at: datetime
    ends_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; None does not filter. Prices are decimal strings in whole units, whatever the currency
    unless it is named; `category` is a slug or id; `search` words of the practitioner or of one of their services.
    `status` other than verified is for administrators.
    """

    specialization: str | None = None
    category: str | None = None
    city: str | None = None
    near: Near | None = None
    is_virtual: bool | None = None
    is_featured: bool | None = None
    price_min: str | None = None
    price_max: str | None = None
    currency: str | None = None
    rating_min: float | None = None
    search: str | None = None
    free: FreeWindow | None = None
    status: str | None = None


async def find_practitioners(
    house: House, actor: Actor, search: Search, order: Sequence[str], *, limit: int, offset: int
) -> tuple[list[Practitioner], int]:
    """One page of the practitioners that match, in `order` ("-is_featured", "display_name", "price", "distance", …),
    and how many match in all.
    """
    async with house.database.reading(actor) as db:
        row = await db.fetchrow(_FIND, _filters(search), list(order), limit, offset, house.clock())
        assert row is not None  # noqa: S101 - the function answers one row
        return await queries.get_many(db, row["ids"]), row["total"]


def _filters(search: Search) -> dict[str, Any]:
    """The keys that find_practitioners.sql knows, only those that filter."""
    asked: dict[str, Any] = {
        "specialization": search.specialization,
        "category": search.category,
        "city": search.city,
        "is_virtual": search.is_virtual,
        "is_featured": search.is_featured,
        "price_min": search.price_min,
        "price_max": search.price_max,
        "currency": search.currency,
        "search": search.search,
        "status": search.status,
        # There are no reviews yet, and who is not rated is not rated at least so much.
        "nobody": search.rating_min is not None or None,
    }
    if search.near is not None:
        asked["near"] = {**asdict(search.near), **asdict(box_around(search.near))}
    if search.free is not None:
        window = search.free
        asked["free"] = {
            "from": window.starts_at.isoformat(),
            "to": window.ends_at.isoformat(),
            "minutes": window.minutes,
        }
    return {name: value for name, value in asked.items() if value is not None}
