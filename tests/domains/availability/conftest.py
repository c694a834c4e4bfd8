"""A connection that may do everything, and short ways to ask the core."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from asyncpg import Range

from moorage.domains.availability import queries
from moorage.kernel.ids import uuid7
from tests.builders import MadePractitioner, make_hours, make_practitioner, make_service


def utc(text: str) -> datetime:
    """An instant like "2026-06-01T10:00" in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Diary:
    """One practitioner and what is asked of their time."""

    def __init__(self, db, practitioner: MadePractitioner) -> None:
        self.db = db
        self.practitioner = practitioner

    async def service(self, minutes: int = 60, **columns) -> UUID:
        return await make_service(
            self.db, self.practitioner, **{"duration_minutes": minutes, "horizon_days": 730, **columns}
        )

    async def busy(self, begins: str, ends: str, *, kind="block", expires_at=None, booking_id=None) -> bool:
        """Occupy a stretch as it stands, without a service's buffers."""
        return await self.db.fetchval(
            "SELECT claim_time($1, $2, $3, $4, $5, $6, NULL)",
            uuid7(),
            self.practitioner.resource_no,
            Range(utc(begins), utc(ends)),
            kind,
            expires_at,
            booking_id,
        )

    async def starts(self, service: UUID, begins: str, ends: str, *, now: str = "2023-01-01T00:00") -> list[datetime]:
        return await queries.list_starts(self.db, service, utc(begins), utc(ends), utc(now))

    async def clock(self, service: UUID, day: str, *, now: str | None = None) -> list[str]:
        """The starts of one UTC date as HH:MM; asked two days before unless `now` is given."""
        begins = utc(f"{day}T00:00")
        asked_at = utc(now) if now else begins - timedelta(days=2)
        found = await queries.list_starts(self.db, service, begins, begins + timedelta(days=1), asked_at)
        return [f"{each:%H:%M}" for each in found]

    async def is_free(self, service: UUID, start: str, *, now: str = "2026-01-01T00:00", ignore=None) -> bool:
        return await self.db.fetchval("SELECT is_free_start($1, $2, $3, $4)", service, utc(start), utc(now), ignore)

    async def hours(self, start: str, minutes: int, weekdays: Sequence[int] = range(7), **validity) -> None:
        await make_hours(self.db, self.practitioner, start=start, minutes=minutes, weekdays=weekdays, **validity)


@pytest.fixture
def db(superuser):
    return superuser


@pytest.fixture
def diary(db):
    """`await diary("Europe/Berlin", ("09:00", 480))` makes a practitioner with those hours on every weekday."""

    async def make(zone: str = "UTC", *windows: tuple[str, int]) -> Diary:
        made = Diary(db, await make_practitioner(db, zone=zone))
        for start, minutes in windows:
            await made.hours(start, minutes)
        return made

    return make
