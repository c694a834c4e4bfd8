"""Reads of practitioners. Who asks decides what is there: row-level security, and the same predicate in the query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from moorage.kernel.db import Connection


@dataclass(frozen=True, slots=True)
class Location:
    """Where a practitioner works; `lat` and `lng` in degrees, both or neither."""

    id: UUID
    address: str
    city: str
    state: str
    country: str
    lat: float | None
    lng: float | None
    is_primary: bool
    is_virtual: bool


@dataclass(frozen=True, slots=True)
class Practitioner:
    """What anybody may read of a practitioner they can see."""

    id: UUID
    user_id: UUID
    display_name: str
    bio: str
    timezone: str
    specializations: tuple[str, ...]
    certifications: tuple[str, ...]
    verification_status: str
    verified_at: datetime | None
    is_featured: bool
    created_at: datetime
    updated_at: datetime
    locations: tuple[Location, ...]


@dataclass(frozen=True, slots=True)
class PrivateFacts:
    """What only the practitioner and an administrator may read. `commission_bps` None takes the business's tiers."""

    stripe_account_id: str | None
    commission_bps: int | None
    verification_reason: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """An account as the people who work here see it. `role` is 'user', 'admin' or 'owner'; `delivers`: they are a
    verified practitioner.
    """

    id: UUID
    first_name: str
    middle_name: str | None
    last_name: str
    email: str
    role: str
    created_at: datetime
    delivers: bool


_COLUMNS = """
       p.id, p.user_id, p.display_name, p.bio, p.timezone, p.specializations, p.certifications,
       p.verification_status, p.verified_at, p.is_featured, p.created_at, p.updated_at,
       (SELECT coalesce(jsonb_agg(jsonb_build_object(
                 'id', l.id, 'address', l.address, 'city', l.city, 'state', l.state, 'country', l.country,
                 'lat', l.lat, 'lng', l.lng, 'is_primary', l.is_primary, 'is_virtual', l.is_virtual)
               ORDER BY l.is_primary DESC, l.created_at, l.id), '[]')
          FROM practitioner_locations l WHERE l.practitioner_id = p.id) AS locations
"""

# What the public sees, what is the asker's own, and to an administrator all.
_VISIBLE = "(p.verification_status = 'verified' OR p.user_id = (SELECT asking_user()) OR (SELECT asking_admin()))"

_GET = f"SELECT {_COLUMNS} FROM practitioners p WHERE p.id = $1 AND {_VISIBLE}"  # noqa: S608 - only our own text is put in

_GET_MANY = f"""
SELECT {_COLUMNS} FROM unnest($1::uuid[]) WITH ORDINALITY asked (id, position)
  JOIN practitioners p ON p.id = asked.id
 WHERE {_VISIBLE}
 ORDER BY asked.position
"""  # noqa: S608 - as above

_PERSON = """
SELECT u.id, u.first_name, u.middle_name, u.last_name, u.email, u.role, u.created_at,
       EXISTS (SELECT FROM practitioners p WHERE p.user_id = u.id AND p.verification_status = 'verified') AS delivers
  FROM users u
"""

_PERSON_BY_ID = f"{_PERSON} WHERE u.id = $1 AND (u.id = (SELECT asking_user()) OR (SELECT asking_admin()))"

_PEOPLE = f"{_PERSON} WHERE (SELECT asking_admin()) ORDER BY u.created_at DESC, u.id DESC LIMIT $1 OFFSET $2"

_COUNT_PEOPLE = "SELECT count(*) FROM users WHERE (SELECT asking_admin())"

_PRIVATE = "SELECT stripe_account_id, commission_bps, verification_reason FROM practitioner_private($1)"


async def get_practitioner(db: Connection, practitioner_id: UUID) -> Practitioner | None:
    """The practitioner, when they are verified, the asker's own, or an administrator asks."""
    row = await db.fetchrow(_GET, practitioner_id)
    return None if row is None else _practitioner(dict(row))


async def get_many(db: Connection, ids: Sequence[UUID]) -> list[Practitioner]:
    """Those of `ids` that the asker sees, in their order."""
    return [_practitioner(dict(row)) for row in await db.fetch(_GET_MANY, list(ids))]


async def get_private(db: Connection, practitioner_id: UUID) -> PrivateFacts | None:
    """The private facts, for the practitioner themselves or an administrator; None for anybody else."""
    row = await db.fetchrow(_PRIVATE, practitioner_id)
    return None if row is None else PrivateFacts(**dict(row))


async def get_person(db: Connection, user_id: UUID) -> Person | None:
    """The account, when it is the asker's own or an administrator asks."""
    row = await db.fetchrow(_PERSON_BY_ID, user_id)
    return None if row is None else Person(**dict(row))


async def list_people(db: Connection, *, limit: int, offset: int) -> tuple[list[Person], int]:
    """One page of all accounts, the newest first, and how many there are; none unless an administrator asks."""
    total: int = await db.fetchval(_COUNT_PEOPLE)
    return [Person(**dict(row)) for row in await db.fetch(_PEOPLE, limit, offset)], total


def _practitioner(row: dict[str, object]) -> Practitioner:
    locations = row.pop("locations")
    assert isinstance(locations, list)  # noqa: S101 - what jsonb_agg makes
    return Practitioner(
        **{**row, "specializations": tuple(row["specializations"]), "certifications": tuple(row["certifications"])},  # type: ignore[arg-type]
        locations=tuple(Location(**{**one, "id": UUID(one["id"])}) for one in locations),
    )
