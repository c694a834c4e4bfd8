"""Quick builders: people, practitioners, services, hours and dates, straight into the tables.

For tests that need them to exist and are about something else. Each takes an owner's or superuser's connection, acts
as the engine (row-level security binds the owner too), commits nothing of its own unless no transaction is open, and
has a sensible default for all that a test does not care about.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from moorage.kernel.db import Connection
from moorage.kernel.ids import uuid7

WEEK = range(7)
WORKDAYS = range(5)


@dataclass(frozen=True, slots=True)
class MadePractitioner:
    """A practitioner of `make_practitioner`."""

    id: UUID
    user_id: UUID
    resource_no: int
    timezone: str


async def make_user(db: Connection, *, role: str = "user", **columns: Any) -> UUID:
    """A person with a verified address, made up unless given. `columns` are those of `users`."""
    user_id = columns.pop("id", None) or uuid7()
    values = {
        "id": user_id,
        "email": f"{user_id.hex}@example.com",
        "first_name": "Ada",
        "last_name": "Marsh",
        "role": role,
        "email_verified_at": datetime.now(UTC),
        **columns,
    }
    async with as_engine(db):
        await _insert(db, "users", values)
    return user_id


async def make_practitioner(
    db: Connection, *, zone: str = "UTC", user_id: UUID | None = None, **columns: Any
) -> MadePractitioner:
    """A verified practitioner in `zone`, for an account of their own unless `user_id` is given."""
    user_id = user_id or await make_user(db, first_name="Pia", last_name="Harbour")
    values = {
        "id": uuid7(),
        "user_id": user_id,
        "display_name": "Pia Harbour",
        "timezone": zone,
        "verification_status": "verified",
        "verified_at": datetime.now(UTC),
        **columns,
    }
    async with as_engine(db):
        await _insert(db, "practitioners", values)
        number = await db.fetchval("SELECT resource_no FROM practitioners WHERE id = $1", values["id"])
    return MadePractitioner(values["id"], user_id, number, zone)


async def make_hours(
    db: Connection,
    practitioner: MadePractitioner,
    *,
    start: str = "09:00",
    minutes: int = 480,
    weekdays: Sequence[int] = WEEK,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> None:
    """Weekly hours on `weekdays` (0 is Monday) from the local time `start` for `minutes` on the wall clock.
    May be called again for more; the summary that search reads is refreshed."""
    hours, _, rest = start.partition(":")
    async with as_engine(db):
        for weekday in weekdays:
            await _insert(
                db,
                "weekly_hours",
                {
                    "id": uuid7(),
                    "practitioner_id": practitioner.id,
                    "weekday": weekday,
                    "start_minute": int(hours) * 60 + int(rest),
                    "minutes": minutes,
                    "valid_from": valid_from,
                    "valid_to": valid_to,
                },
            )
        await db.execute("SELECT rebuild_free_days($1)", practitioner.id)


async def make_override(
    db: Connection, practitioner: MadePractitioner, day: date, windows: Sequence[tuple[str, int]] = ()
) -> None:
    """What replaces `day`'s hours: pairs of local start "HH:MM" and minutes; none is closed."""
    starts = [int(start[:2]) * 60 + int(start[3:]) for start, _ in windows]
    async with as_engine(db):
        await _insert(
            db,
            "date_overrides",
            {
                "practitioner_id": practitioner.id,
                "date": day,
                "start_minutes": starts,
                "lengths_minutes": [minutes for _, minutes in windows],
            },
        )
        await db.execute("SELECT rebuild_free_days($1)", practitioner.id)


async def make_category(db: Connection, slug: str = "wellness", name: str | None = None) -> UUID:
    """The category by that slug, made where it does not exist."""
    async with as_engine(db):
        await db.execute(
            "INSERT INTO categories (id, slug, name) VALUES ($1, $2, $3) ON CONFLICT (slug) DO NOTHING",
            uuid7(),
            slug,
            name or slug.replace("-", " ").capitalize(),
        )
        found: UUID = await db.fetchval("SELECT id FROM categories WHERE slug = $1", slug)
    return found


async def make_service(
    db: Connection,
    practitioner: MadePractitioner,
    *,
    options: Mapping[str, int] | None = None,
    **columns: Any,
) -> UUID:
    """An active session of 60 minutes at USD 80.00. `columns` are those of `services`; `options` names price options
    and their minor units. `slot_interval_minutes` follows the duration (at most 60) unless given."""
    duration = columns.get("duration_minutes", 60)
    values = {
        "id": uuid7(),
        "practitioner_id": practitioner.id,
        "category_id": columns.pop("category_id", None) or await make_category(db),
        "title": "Quiet hour",
        "service_type": "session",
        "price_minor": 8000,
        "currency": "USD",
        "duration_minutes": duration,
        "slot_interval_minutes": min(duration, 60),
        **columns,
    }
    async with as_engine(db):
        await _insert(db, "services", values)
        for position, (name, price) in enumerate((options or {}).items()):
            await _insert(
                db,
                "price_options",
                {
                    "id": uuid7(),
                    "service_id": values["id"],
                    "position": position,
                    "name": name,
                    "price_minor": price,
                },
            )
    service_id: UUID = values["id"]
    return service_id


async def make_session(
    db: Connection, service_id: UUID, starts_at: datetime, *, capacity: int | None = None, places_taken: int = 0
) -> UUID:
    """One date of a workshop or course with the practitioner's claim on that time, buffers included.
    Ends after the service's duration; the capacity is the service's unless given."""
    async with as_engine(db):
        service = await db.fetchrow(
            """
            SELECT s.practitioner_id, p.resource_no, s.duration_minutes, s.max_participants,
                   s.buffer_before_minutes, s.buffer_after_minutes
              FROM services s JOIN practitioners p ON p.id = s.practitioner_id
             WHERE s.id = $1
            """,
            service_id,
        )
        assert service is not None, "the service must exist"
        session_id, ends_at = uuid7(), starts_at + timedelta(minutes=service["duration_minutes"])
        await _insert(
            db,
            "sessions",
            {
                "id": session_id,
                "service_id": service_id,
                "resource_no": service["resource_no"],
                "starts_at": starts_at,
                "ends_at": ends_at,
                "capacity": capacity or service["max_participants"],
                "places_taken": places_taken,
            },
        )
        await db.execute(
            """
            INSERT INTO claims (id, resource_no, during, kind, session_id)
            VALUES ($1, $2, tstzrange($3, $4, '[)'), 'booking', $5)
            """,
            uuid7(),
            service["resource_no"],
            starts_at - timedelta(minutes=service["buffer_before_minutes"]),
            ends_at + timedelta(minutes=service["buffer_after_minutes"]),
            session_id,
        )
        await db.execute("SELECT rebuild_free_days($1)", service["practitioner_id"])
    return session_id


async def make_location(db: Connection, practitioner: MadePractitioner, **columns: Any) -> UUID:
    """A place of the practitioner's: Lisbon unless `columns` say otherwise."""
    values = {
        "id": uuid7(),
        "practitioner_id": practitioner.id,
        "city": "Lisbon",
        "country": "PT",
        "lat": 38.7223,
        "lng": -9.1393,
        **columns,
    }
    async with as_engine(db):
        await _insert(db, "practitioner_locations", values)
    location_id: UUID = values["id"]
    return location_id


@asynccontextmanager
async def as_engine(db: Connection) -> AsyncIterator[None]:
    """A transaction (or savepoint) that acts as the engine role and goes back to the role of before."""
    async with db.transaction():
        before = await db.fetchval("SELECT current_setting('role')")
        await db.execute("SET LOCAL ROLE moorage_engine")
        yield
        await db.execute("SELECT set_config('role', $1, true)", before)


async def _insert(db: Connection, table: str, values: Mapping[str, Any]) -> None:
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await db.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())
