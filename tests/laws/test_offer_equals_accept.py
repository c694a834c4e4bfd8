"""Whatever is offered can be booked, whatever is not offered cannot (case 18 of scheduling).

Random practitioners, services and diaries. What is listed is compared with an oracle that walks minutes; what is
listed is then held by the verb that clients hold with, and what is not listed is refused by it. `make test` tries 32
set-ups, MOORAGE_LAWS=full a thousand.
"""

import os
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from asyncpg import Range

from moorage.domains.availability import Override, WeeklyRule, Window, queries
from moorage.domains.availability.zones import pinned_zone
from moorage.domains.bookings import operations
from moorage.domains.bookings.operations import HoldRequest, Terms
from moorage.kernel.db import REFUSED_SQLSTATE
from moorage.kernel.ids import uuid7
from tests.builders import make_practitioner, make_service, make_user
from tests.laws.test_clock_changes import changes_of
from tests.support.time_oracle import MINUTE, Oracle, Rules

IS_FULL = os.environ.get("MOORAGE_LAWS") == "full"
CHUNKS, SETUPS = (20, 50) if IS_FULL else (4, 8)
TERMS = Terms(15, 500, [], [])
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Africa/Cairo", "Asia/Kolkata", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati", "America/Nuuk", "Africa/Casablanca", "Asia/Beirut",
    "America/Santiago", "Antarctica/Troll",
)  # fmt: skip


class SetUp:
    """One random practitioner with a service and some bookings, and the oracle of the same."""

    def __init__(self, db: asyncpg.Connection, chance: random.Random) -> None:
        self.db, self.chance = db, chance
        self.zone_name = chance.choice(ZONES)
        self.now = datetime.now(UTC).replace(second=0, microsecond=0)
        self.begins = self._begin()
        self.ends = self.begins + timedelta(hours=30)
        self.rules = self._rules()
        self.oracle = Oracle(pinned_zone(self.zone_name), self._weekly(), self._overrides())
        self.service: UUID

    def _begin(self) -> datetime:
        """Half of the windows lie around a clock change."""
        ahead = [at for at in changes_of(self.zone_name) if timedelta(0) < at - self.now < timedelta(days=600)]
        if ahead and self.chance.random() < 0.5:
            return self.chance.choice(ahead) - timedelta(hours=15)
        return self.now + timedelta(minutes=self.chance.randrange(0, 20 * 1440))

    def _rules(self) -> Rules:
        chance = self.chance
        duration = chance.choice((15, 20, 30, 45, 50, 60, 90, 180))
        notice = chance.choice((0, 0, 60, 2880))
        horizon = chance.choice((1, 14, 700, 700))
        return Rules(
            duration,
            chance.choice((5, 15, 20, 25, 30, 60, 90, duration)),
            compact=chance.random() < 0.4,
            before=chance.choice((0, 0, 10, 60)),
            after=chance.choice((0, 0, 15, 45)),
            notice=notice if notice < horizon * 1440 else 0,
            horizon=horizon,
            daily_limit=chance.choice((None, None, 1, 2)),
        )

    def _weekly(self) -> list[WeeklyRule]:
        chance = self.chance
        shapes = [Window(chance.choice((0, 60, 540, 570, 1320)), chance.choice((60, 200, 480, 1440))) for _ in range(3)]
        return [WeeklyRule(day, window) for window in shapes for day in range(7) if chance.random() < 0.5]

    def _overrides(self) -> list[Override]:
        first = self.begins.astimezone(pinned_zone(self.zone_name)).date()
        days = [first + timedelta(days=number) for number in range(-1, 3) if self.chance.random() < 0.2]
        return [Override(day, (Window(600, 150), Window(700, 100))[: self.chance.randint(0, 2)]) for day in days]

    async def make(self) -> None:
        """Put it all into the database, some bookings and blocks included."""
        practitioner = await make_practitioner(self.db, zone=self.zone_name)
        for rule in self.oracle.weekly:
            await self.db.execute(
                "INSERT INTO weekly_hours (id, practitioner_id, weekday, start_minute, minutes)"
                " VALUES ($1, $2, $3, $4, $5)",
                uuid7(), practitioner.id, rule.weekday, rule.window.start_minute, rule.window.minutes,
            )  # fmt: skip
        for override in self.oracle.overrides:
            await self.db.execute(
                "INSERT INTO date_overrides VALUES ($1, $2, $3, $4)",
                practitioner.id, override.day,
                [each.start_minute for each in override.windows], [each.minutes for each in override.windows],
            )  # fmt: skip
        rules = self.rules
        self.service = await make_service(
            self.db,
            practitioner,
            duration_minutes=rules.duration,
            slot_interval_minutes=rules.every,
            slot_alignment="compact" if rules.compact else "local_hour",
            buffer_before_minutes=rules.before,
            buffer_after_minutes=rules.after,
            min_notice_minutes=rules.notice,
            horizon_days=rules.horizon,
            daily_limit=rules.daily_limit,
        )
        await self._fill(practitioner.resource_no)
        await self._tell_oracle(practitioner.resource_no)

    async def _fill(self, resource_no: int) -> None:
        """A few blocks, and bookings of starts that are listed, of which one may have expired."""
        for _ in range(self.chance.randint(0, 3)):
            begins = self.begins + MINUTE * self.chance.randrange(-120, 32 * 60)
            await self.db.execute(
                "SELECT claim_time($1, $2, $3, 'block', NULL, NULL, NULL)",
                uuid7(), resource_no, Range(begins, begins + MINUTE * self.chance.randint(5, 200)),
            )  # fmt: skip
        for number in range(self.chance.randint(0, 4)):
            listed = await self.listed()
            if listed:
                assert await self.holds(self.chance.choice(listed)), self
            if number == 0:  # as after the hold's time, before any cleaner came by
                await self.db.execute("UPDATE bookings SET hold_expires_at = now() - interval '1 minute'")
                await self.db.execute("UPDATE claims SET expires_at = now() - interval '1 minute' WHERE kind = 'hold'")

    async def _tell_oracle(self, resource_no: int) -> None:
        claims = await self.db.fetch(
            "SELECT during FROM claims WHERE active AND resource_no = $1 AND (kind <> 'hold' OR expires_at > now())",
            resource_no,
        )
        self.oracle.busy = [(row["during"].lower, row["during"].upper) for row in claims]
        held = await self.db.fetch(
            "SELECT starts_at FROM bookings"
            " WHERE service_id = $1 AND status <> 'cancelled' AND hold_expires_at > now()",
            self.service,
        )
        self.oracle.booked = [row["starts_at"] for row in held]

    async def listed(self) -> list[datetime]:
        return await queries.list_starts(self.db, self.service, self.begins, self.ends, self.now)

    async def holds(self, start: datetime) -> bool:
        """Whether a new client's hold of that start is taken. (A holder may choose their own held time again.)"""
        client = await make_user(self.db)
        request = HoldRequest(uuid7(), client, None, self.service, uuid7(), uuid7(), "sandbox", starts_at=start)
        try:
            async with self.db.transaction():
                await operations.hold(self.db, request, TERMS, self.now)
        except asyncpg.PostgresError as error:
            if error.sqlstate != REFUSED_SQLSTATE:
                raise
            return False
        return True

    async def would_hold(self, start: datetime) -> bool:
        """The same, with nothing left behind."""
        attempt = self.db.transaction()
        await attempt.start()
        try:
            return await self.holds(start)
        finally:
            await attempt.rollback()

    def __repr__(self) -> str:
        return f"{self.zone_name} from {self.begins}, {self.rules}, {self.oracle}"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("chunk", range(CHUNKS))
async def test_case_18_what_is_listed_books_and_what_is_not_listed_is_refused(superuser, chunk):
    for number in range(SETUPS):
        chance = random.Random(chunk * 1_000 + number)
        setup = SetUp(superuser, chance)
        outer = superuser.transaction()
        await outer.start()
        await setup.make()
        listed = await setup.listed()
        assert listed == setup.oracle.starts(setup.rules, setup.begins, setup.ends, setup.now), setup
        await every_minute_agrees(setup, listed)
        for start in chance.sample(listed, min(10, len(listed))):
            assert await setup.would_hold(start), (start, setup)
        for start in unlisted_near(setup, listed):
            assert not await setup.would_hold(start), (start, setup)
        await outer.rollback()


async def every_minute_agrees(setup: SetUp, listed: list[datetime]) -> None:
    """The check of one start says the same as the list, for every minute of the window."""
    rows = await setup.db.fetch(
        "SELECT m FROM generate_series($2::timestamptz, $3::timestamptz - interval '1 minute', '1 minute') m"
        " WHERE is_free_start($1, m, $4)",
        setup.service, setup.begins, setup.ends, setup.now,
    )  # fmt: skip
    assert [row["m"] for row in rows] == listed, setup


def unlisted_near(setup: SetUp, listed: list[datetime]) -> list[datetime]:
    """Starts that are not listed: beside listed ones, on the grid, anywhere, and a second off."""
    chance = setup.chance
    beside = [at + chance.choice((-1, 1, 5, 15)) * MINUTE for at in listed]
    anywhere = [setup.begins + MINUTE * chance.randrange(30 * 60) for _ in range(8)]
    quarters = [at.replace(minute=at.minute // 15 * 15) for at in anywhere]
    seconds = [at + timedelta(seconds=1) for at in listed[:1]]
    known = set(listed)
    chosen = [
        at for at in (*beside, *anywhere, *quarters, *seconds) if at not in known and setup.begins <= at < setup.ends
    ]
    return chance.sample(chosen, min(12, len(chosen)))
