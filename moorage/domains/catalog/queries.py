"""Reads of the catalog. Who asks decides what is there: row-level security, and the same predicate in the query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from moorage.domains.catalog.policy import PriceOption, ServiceTerms
from moorage.kernel.db import Connection


@dataclass(frozen=True, slots=True)
class Category:
    """One category; bodies and filters name it by its slug."""

    id: UUID
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a service takes place, when it names one of its practitioner's locations."""

    id: UUID
    address: str
    city: str
    state: str
    country: str
    is_virtual: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A service as anybody may read it who sees it."""

    id: UUID
    practitioner_id: UUID
    practitioner_name: str
    timezone: str
    category: Category
    location: Place | None
    is_active: bool
    created_at: datetime
    updated_at: datetime
    terms: ServiceTerms


@dataclass(frozen=True, slots=True)
class Sellable:
    """A thing with a price: a service, or one of its options. `key` stays the same when the option is edited; `id` is
    the service's or the option's.
    """

    key: str
    name: str
    description: str
    price_minor: int
    currency: str
    is_active: bool
    id: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of ids, in order, and how many there are in all."""

    ids: tuple[UUID, ...]
    total: int


_CATEGORIES = "SELECT id, slug, name FROM categories ORDER BY name, id"

_FIND_CATEGORY = "SELECT find_category($1)"

TERMS_COLUMNS = (
    "title",
    "description",
    "service_type",
    "category_id",
    "location_id",
    "is_virtual",
    "price_minor",
    "minimum_minor",
    "currency",
    "deposit_bps",
    "deposit_minor",
    "free_until_hours",
    "late_fee_bps",
    "duration_minutes",
    "max_participants",
    "buffer_before_minutes",
    "buffer_after_minutes",
    "slot_interval_minutes",
    "slot_alignment",
    "min_notice_minutes",
    "horizon_days",
    "daily_limit",
)
"""The columns of `services` that are fields of ServiceTerms by the same name."""

_SELECT = f"""
SELECT s.id, s.practitioner_id, s.is_active, s.created_at, s.updated_at,
       {", ".join(f"s.{name}" for name in TERMS_COLUMNS)},
       p.display_name AS practitioner_name, p.timezone,
       c.slug AS category_slug, c.name AS category_name,
       l.address, l.city, l.state, l.country, l.is_virtual AS place_is_virtual,
       ARRAY(SELECT o.name FROM price_options o WHERE o.service_id = s.id ORDER BY o.position) AS option_names,
       ARRAY(SELECT o.price_minor FROM price_options o WHERE o.service_id = s.id ORDER BY o.position) AS option_prices
"""  # noqa: S608 - only our own column names are put in

_JOINS = """
  JOIN practitioners p ON p.id = s.practitioner_id
  JOIN categories c ON c.id = s.category_id
  LEFT JOIN practitioner_locations l ON l.id = s.location_id
"""

# What the public sees, and what is the asker's own.
_VISIBLE = """((s.is_active AND p.verification_status = 'verified') OR p.user_id = (SELECT asking_user())
               OR (SELECT asking_admin()))"""

_GET = f"{_SELECT} FROM services s {_JOINS} WHERE s.id = $1 AND {_VISIBLE}"

_LOCK_OWN = f"""
{_SELECT} FROM services s {_JOINS}
 WHERE s.id = $1 AND (p.user_id = (SELECT asking_user()) OR (SELECT asking_admin()))
   FOR NO KEY UPDATE OF s
"""

_GET_MANY = f"""
{_SELECT} FROM unnest($1::uuid[]) WITH ORDINALITY asked (id, position)
  JOIN services s ON s.id = asked.id {_JOINS}
 WHERE {_VISIBLE}
 ORDER BY asked.position
"""

_OF_PRACTITIONER = f"""
{_SELECT} FROM services s {_JOINS}
 WHERE s.practitioner_id = $1 AND {_VISIBLE}
 ORDER BY s.is_active DESC, s.title, s.id
 LIMIT $2 OFFSET $3
"""

_COUNT_OF_PRACTITIONER = f"""
SELECT count(*) FROM services s JOIN practitioners p ON p.id = s.practitioner_id
 WHERE s.practitioner_id = $1 AND {_VISIBLE}
"""  # noqa: S608 - only our own predicate is put in

_SELLABLES = """
SELECT concat_ws(':', 'service', s.id::text, o.name) AS key, concat_ws(': ', s.title, o.name) AS name, s.description,
       coalesce(o.price_minor, s.price_minor) AS price_minor, s.currency,
       s.is_active AND p.verification_status = 'verified' AS is_active, coalesce(o.id, s.id)::text AS id
  FROM services s JOIN practitioners p ON p.id = s.practitioner_id
  LEFT JOIN price_options o ON o.service_id = s.id
 ORDER BY s.id, o.position
"""

_BY_OPTION = """
SELECT array(SELECT s.id FROM services s JOIN practitioners p ON p.id = s.practitioner_id
              WHERE s.is_active AND s.service_type = 'session' AND p.verification_status = 'verified'
                AND EXISTS (SELECT FROM price_options o WHERE o.service_id = s.id) LIMIT 2)
"""

_FIND = "SELECT ids, total FROM find_services($1::jsonb, $2, $3, $4)"


async def list_categories(db: Connection) -> list[Category]:
    """Every category by its name."""
    return [Category(**dict(row)) for row in await db.fetch(_CATEGORIES)]


async def find_category(db: Connection, named: str) -> UUID | None:
    """The id of the category that `named`, a slug or an id, is."""
    found: UUID | None = await db.fetchval(_FIND_CATEGORY, named)
    return found


async def get_service(db: Connection, service_id: UUID) -> Service | None:
    """The service, when it is active and its practitioner verified, the asker's own, or an administrator asks."""
    row = await db.fetchrow(_GET, service_id)
    return None if row is None else _service(row)


async def lock_own_service(db: Connection, service_id: UUID) -> Service | None:
    """The asker's own service (an administrator's: any), locked until the transaction ends."""
    row = await db.fetchrow(_LOCK_OWN, service_id)
    return None if row is None else _service(row)


async def get_services(db: Connection, ids: Sequence[UUID]) -> list[Service]:
    """Those of `ids` that the asker sees, in their order."""
    return [_service(row) for row in await db.fetch(_GET_MANY, list(ids))]


async def list_of_practitioner(
    db: Connection, practitioner_id: UUID, *, limit: int, offset: int
) -> tuple[list[Service], int]:
    """One page of a practitioner's services that the asker sees, active ones first and by title, and their count."""
    total: int = await db.fetchval(_COUNT_OF_PRACTITIONER, practitioner_id)
    rows = await db.fetch(_OF_PRACTITIONER, practitioner_id, limit, offset)
    return [_service(row) for row in rows], total


async def find_services(
    db: Connection, filters: Mapping[str, Any], order: Sequence[str], *, limit: int, offset: int
) -> Found:
    """One page of the listed services that match `filters` (see find_services in functions.sql), in `order`."""
    row = await db.fetchrow(_FIND, dict(filters), list(order), limit, offset)
    assert row is not None  # noqa: S101 - the function answers one row
    return Found(tuple(row["ids"]), row["total"])


async def sellables(db: Connection) -> list[Sellable]:
    """Everything that has a price: each service, or each of its options where it has them; for the product itself."""
    return [Sellable(**row) for row in await db.fetch(_SELLABLES)]


async def only_service_by_option(db: Connection) -> UUID | None:
    """The one session on offer that is priced per participant by option; None where there is none, or several."""
    found: list[UUID] = await db.fetchval(_BY_OPTION)
    return found[0] if len(found) == 1 else None


def _service(row: asyncpg.Record) -> Service:
    options = zip(row["option_names"], row["option_prices"], strict=True)
    location = None
    if row["city"] is not None:
        location = Place(
            row["location_id"], row["address"], row["city"], row["state"], row["country"], row["place_is_virtual"]
        )
    return Service(
        id=row["id"],
        practitioner_id=row["practitioner_id"],
        practitioner_name=row["practitioner_name"],
        timezone=row["timezone"],
        category=Category(row["category_id"], row["category_slug"], row["category_name"]),
        location=location,
        is_active=row["is_active"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        terms=ServiceTerms(
            options=tuple(PriceOption(name, price) for name, price in options),
            **{name: row[name] for name in TERMS_COLUMNS},
        ),
    )
