"""Verbs of practitioners: apply, edit, be verified. They take a connection and never commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from moorage.domains.practitioners import queries
from moorage.domains.practitioners.errors import PrimaryLocationError, UnknownLocationError
from moorage.domains.practitioners.policy import Decision, decision_mail
from moorage.kernel.db import Connection
from moorage.kernel.errors import NotFoundError
from moorage.kernel.ids import Ids


@dataclass(frozen=True, slots=True)
class Profile:
    """What a practitioner says of themselves; `timezone` is an IANA name that exists."""

    display_name: str
    bio: str
    timezone: str
    specializations: Sequence[str] = ()
    certifications: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A location as given. `id` names one that stays; without it the place is a new one."""

    city: str
    country: str
    address: str = ""
    state: str = ""
    lat: float | None = None
    lng: float | None = None
    is_primary: bool = False
    is_virtual: bool = False
    id: UUID | None = None


_APPLY = "SELECT apply_practitioner($1, $2, $3, $4, $5, $6)"

_EDIT = """
UPDATE practitioners
   SET display_name = $2, bio = $3, timezone = $4, specializations = $5, certifications = $6, updated_at = now()
 WHERE id = $1 AND user_id = (SELECT asking_user())
"""

_DROP_PLACES = "DELETE FROM practitioner_locations WHERE practitioner_id = $1 AND id <> ALL ($2::uuid[])"

# The index allows one primary at a time, also between two statements of one transaction.
_NONE_PRIMARY = """
UPDATE practitioner_locations SET is_primary = false, updated_at = now() WHERE practitioner_id = $1 AND is_primary
"""

_KEEP_PLACE = """
INSERT INTO practitioner_locations AS l
       (id, practitioner_id, address, city, state, country, lat, lng, is_primary, is_virtual)
VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE
   SET address = excluded.address, city = excluded.city, state = excluded.state, country = excluded.country,
       lat = excluded.lat, lng = excluded.lng, is_primary = excluded.is_primary, is_virtual = excluded.is_virtual,
       updated_at = now()
 WHERE l.practitioner_id = excluded.practitioner_id
"""

_OWN_PLACES = "SELECT id FROM practitioner_locations WHERE practitioner_id = $1"

_DECIDE = "SELECT decide_practitioner($1, $2, $3, $4, $5)"

_SET_HOUSE = "SELECT set_practitioner_house($1, $2)"

_SET_TERMS = "SELECT set_practitioner_terms($1, $2, $3)"


async def apply(db: Connection, practitioner_id: UUID, profile: Profile) -> UUID:
    """The asker applies to be a practitioner; returns the id (an earlier one when they were rejected before).
    Raises AlreadyAppliedError.
    """
    applied: UUID = await db.fetchval(
        _APPLY,
        practitioner_id,
        profile.display_name,
        profile.bio,
        profile.timezone,
        distinct(profile.specializations),
        distinct(profile.certifications),
    )
    return applied


async def appoint(
    db: Connection, practitioner_id: UUID, *, user_id: UUID, display_name: str, timezone: str, by: UUID
) -> None:
    """Make an account a verified practitioner at once, on the word of the administrator `by`."""
    await db.execute(
        "SELECT appoint_practitioner($1, $2, $3, $4, $5)", practitioner_id, user_id, display_name, timezone, by
    )


async def edit(db: Connection, practitioner_id: UUID, profile: Profile) -> None:
    """Replace what the asker's own practitioner says of themselves. Raises NotFoundError when it is not theirs."""
    done = await db.execute(
        _EDIT,
        practitioner_id,
        profile.display_name,
        profile.bio,
        profile.timezone,
        distinct(profile.specializations),
        distinct(profile.certifications),
    )
    if done == "UPDATE 0":
        raise NotFoundError


async def replace_locations(db: Connection, practitioner_id: UUID, places: Sequence[Place], ids: Ids) -> None:
    """Make `places` the locations of the asker's own practitioner: those named by id stay, others go, the rest are
    new. Where none is primary the first one is. Raises PrimaryLocationError, and UnknownLocationError for
    an id that is not theirs.
    """
    if sum(place.is_primary for place in places) > 1:
        raise PrimaryLocationError(pointer="/locations")
    own = {row["id"] for row in await db.fetch(_OWN_PLACES, practitioner_id)}
    kept = [place.id for place in places if place.id is not None]
    if not own.issuperset(kept) or len(set(kept)) < len(kept):
        raise UnknownLocationError("One of the locations is not yours, or named twice.", pointer="/locations")
    await db.execute(_DROP_PLACES, practitioner_id, kept)
    await db.execute(_NONE_PRIMARY, practitioner_id)
    has_primary = any(place.is_primary for place in places)
    for position, place in enumerate(places):
        await db.execute(
            _KEEP_PLACE,
            practitioner_id,
            place.id or ids(),
            place.address,
            place.city,
            place.state,
            place.country,
            place.lat,
            place.lng,
            place.is_primary or (position == 0 and not has_primary),
            place.is_virtual,
        )


async def decide(
    db: Connection, practitioner_id: UUID, decision: Decision, reason: str | None, public_url: str
) -> None:
    """An administrator verifies or rejects, with its audit row and the mail that tells the practitioner.
    Raises ForbiddenError, NotFoundError, AlreadyDecidedError.
    """
    practitioner = await queries.get_practitioner(db, practitioner_id)
    if practitioner is None:
        raise NotFoundError
    subject, body = decision_mail(decision, practitioner.display_name, reason, public_url)
    await db.execute(_DECIDE, practitioner_id, decision, reason, subject, body)


async def set_terms(db: Connection, practitioner_id: UUID, *, is_featured: bool, commission_bps: int | None) -> None:
    """An administrator sets whether they are featured, and their own commission (None takes the tiers), with its
    audit row. Raises ForbiddenError and NotFoundError.
    """
    await db.execute(_SET_TERMS, practitioner_id, is_featured, commission_bps)


async def set_house(db: Connection, practitioner_id: UUID, *, is_house: bool) -> None:
    """An administrator says whether they are the business itself, which sells without commission, with its audit row.
    Raises ForbiddenError and NotFoundError.
    """
    await db.execute(_SET_HOUSE, practitioner_id, is_house)


def distinct(names: Sequence[str]) -> list[str]:
    """`names` without repeats, whatever their case: the first of each, in their order."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    return list(first.values())
