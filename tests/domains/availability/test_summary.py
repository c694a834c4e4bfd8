"""The search summary says what hours less claims say, whatever happened; the search finds who is free, exactly."""

import os
import random
from datetime import UTC, datetime, timedelta

import pytest
from asyncpg import Range

from moorage.domains.availability import Override, Schedule, WeeklyRule, Window, queries
from moorage.domains.availability.operations import create_sessions, replace_schedule, roll_free_days
from moorage.kernel.ids import uuid7
from tests.builders import make_hours, make_practitioner, make_service

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Chatham", "Africa/Cairo")
SEEDS = range(40 if os.environ.get("MOORAGE_LAWS") == "full" else 2)
PIECE = timedelta(minutes=5)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


async def truth(db, practitioner, day: datetime) -> str:
    """The pieces of a UTC day with free time in them, from the exact free time."""
    free = await db.fetchval("SELECT free_time($1, $2, $3)", practitioner.id, day, day + timedelta(days=1))
    return "".join(
        "1" if any(span.lower < at + PIECE and span.upper > at for span in free) else "0"
        for at in (day + PIECE * number for number in range(288))
    )


async def disagreements(db, practitioner, days: int) -> list[datetime]:
    rows = await db.fetch("SELECT day, bits FROM free_days WHERE resource_no = $1", practitioner.resource_no)
    bits = {row["day"]: row["bits"].as_string().replace(" ", "") for row in rows}
    wanted = [TODAY + timedelta(days=number) for number in range(days)]
    return [day for day in wanted if bits.get(day.date(), "0" * 288) != await truth(db, practitioner, day)]


class Operations:
    """Random changes of one practitioner's time, by the verbs that the product uses."""

    def __init__(self, db, practitioner, chance: random.Random, workshop) -> None:
        self.db, self.practitioner, self.chance, self.workshop = db, practitioner, chance, workshop
        self.bookings: list = []
        self.sessions: list = []

    def stretch(self) -> Range:
        step = self.chance.choice((1, 5, 5, 15, 60))
        begins = TODAY + timedelta(minutes=step * self.chance.randrange(8 * 1440 // step))
        return Range(begins, begins + timedelta(minutes=step * self.chance.randint(1, 1 + 300 // step)))

    async def schedule(self) -> None:
        chance = self.chance
        step = chance.choice((1, 5, 30))
        windows = [Window(step * chance.randrange(1440 // step), step * chance.randint(1, 900 // step)) for _ in "123"]
        weekly = tuple(WeeklyRule(chance.randrange(7), chance.choice(windows)) for _ in range(chance.randint(0, 12)))
        days = chance.sample(range(9), 2)
        overrides = tuple(
            Override((TODAY + timedelta(days=day)).date(), tuple(chance.sample(windows, chance.randint(0, 2))))
            for day in days
        )
        await self.db.execute("SELECT set_config('request.jwt.claim.sub', $1, false)", str(self.practitioner.user_id))
        await replace_schedule(self.db, self.practitioner.id, Schedule(chance.choice(ZONES), weekly, overrides))

    async def hold(self) -> None:
        booking = uuid7()
        await self.db.fetchval(
            "SELECT claim_time($1, $2, $3, 'hold', now() + interval '15 minutes', $4, NULL)",
            uuid7(),
            self.practitioner.resource_no,
            self.stretch(),
            booking,
        )
        self.bookings.append(booking)

    async def of_a_booking(self, verb: str) -> None:
        if self.bookings:
            await self.db.execute(f"SELECT {verb}($1)", self.chance.choice(self.bookings))

    async def move(self) -> None:
        if self.bookings:
            await self.db.execute("SELECT move_claim($1, $2)", self.chance.choice(self.bookings), self.stretch())

    async def expire_and_free(self) -> None:
        if self.bookings:
            await self.db.execute(
                "UPDATE claims SET expires_at = now() - interval '1 second' WHERE booking_id = $1 AND kind = 'hold'",
                self.chance.choice(self.bookings),
            )
        await self.db.execute("SELECT free_expired_claims($1)", self.practitioner.resource_no)

    async def workshops(self) -> None:
        starts = [self.stretch().lower for _ in range(3)]
        made = await create_sessions(self.db, self.workshop, starts, uuid7, skip_conflicts=True)
        self.sessions += [each.id for each in made.sessions]

    async def withdraw_a_session(self) -> None:
        if self.sessions:
            await self.db.execute("SELECT release_session_claim($1)", self.chance.choice(self.sessions))

    async def one(self) -> None:
        await self.chance.choices(
            (
                self.schedule,
                self.hold,
                lambda: self.of_a_booking("release_claim"),
                lambda: self.of_a_booking("confirm_claim"),
                lambda: self.of_a_booking("reclaim"),
                self.move,
                self.expire_and_free,
                self.workshops,
                self.withdraw_a_session,
            ),
            (1, 8, 3, 2, 3, 4, 2, 2, 2),
        )[0]()


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_summary_agrees_with_the_truth_after_whatever_happened(db, seed):
    practitioner = await make_practitioner(db)
    workshop = await make_service(db, practitioner, service_type="workshop")
    happenings = Operations(db, practitioner, random.Random(seed), workshop)
    await happenings.schedule()
    for _ in range(6):
        for _ in range(10):
            await happenings.one()
        assert await disagreements(db, practitioner, 10) == []


async def test_the_summary_reaches_as_far_as_the_longest_horizon_and_follows_the_zone(db):
    practitioner = await make_practitioner(db)
    await make_hours(db, practitioner, start="00:00", minutes=60)
    reach = "SELECT max(day) - (now() AT TIME ZONE 'UTC')::date FROM free_days"
    await db.execute("SELECT rebuild_free_days($1)", practitioner.id)
    assert await db.fetchval(reach) == 61
    await make_service(db, practitioner, horizon_days=200)
    assert await db.fetchval(reach) == 201
    await db.execute("UPDATE practitioners SET timezone = 'Asia/Tokyo'")
    assert await disagreements(db, practitioner, 3) == []


async def test_the_summary_rolls_forward_and_drops_what_is_past(db):
    today = TODAY.date()
    practitioners = [await make_practitioner(db) for _ in range(3)]
    for practitioner in practitioners[:2]:
        await make_hours(db, practitioner)
        await db.execute("DELETE FROM free_days WHERE resource_no = $1 AND day > $2", practitioner.resource_no, today)
        await db.execute(
            "INSERT INTO free_days SELECT resource_no, $2, bits FROM free_days WHERE resource_no = $1 LIMIT 1",
            practitioner.resource_no,
            today - timedelta(days=9),
        )
    last: int | None = 0
    while last is not None:
        last = await roll_free_days(db, last, 2)
    for practitioner in practitioners[:2]:
        reached = await db.fetch(
            "SELECT day FROM free_days WHERE resource_no = $1 ORDER BY day", practitioner.resource_no
        )
        assert reached[0]["day"] >= today - timedelta(days=1)
        assert reached[-1]["day"] == today + timedelta(days=61)
        assert await disagreements(db, practitioner, 5) == []
    assert await db.fetchval("SELECT count(DISTINCT resource_no) FROM free_days") == 2


async def longest_free(db, practitioner, begins, ends) -> timedelta:
    free = await db.fetchval("SELECT free_time($1, $2, $3)", practitioner.id, begins, ends)
    return max((span.upper - span.lower for span in free), default=timedelta(0))


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_search_finds_exactly_who_is_free_and_the_earliest_of_each(db, seed):
    chance = random.Random(seed)
    crowd = [await make_practitioner(db) for _ in range(12)]
    for practitioner in crowd:
        workshop = await make_service(db, practitioner, service_type="workshop")
        happenings = Operations(db, practitioner, chance, workshop)
        await happenings.schedule()
        for _ in range(10):
            await happenings.one()
        await db.execute(  # an expired hold that no cleaner has seen
            "UPDATE claims SET expires_at = now() - interval '1 second' WHERE kind = 'hold' AND resource_no = $1",
            practitioner.resource_no,
        )
    for _ in range(25):
        step = chance.choice((1, 5, 60))
        begins = TODAY + timedelta(days=1, minutes=step * chance.randrange(6 * 1440 // step))
        ends = begins + timedelta(minutes=step * chance.randint(1, chance.choice((300, 3000)) // step + 1))
        minutes = chance.choice((1, 7, 30, 60, 61, 90, 240, 1000))
        found = await queries.search_free(db, begins, ends, minutes, TODAY)
        lasts = timedelta(minutes=minutes)
        wanted = [each.id for each in crowd if await longest_free(db, each, begins, ends) >= lasts]
        assert [each.practitioner_id for each in found] == wanted
        for each in found:
            free = await db.fetchval("SELECT free_time($1, $2, $3)", each.practitioner_id, begins, ends)
            assert each.earliest == min(span.lower for span in free if span.upper - span.lower >= lasts)


async def test_who_a_search_lists_has_a_start_that_can_be_booked(db):
    practitioner = await make_practitioner(db, zone="Europe/Berlin")
    await make_hours(db, practitioner, start="22:30", minutes=180)  # over midnight there, and over midnight UTC
    service = await make_service(db, practitioner, slot_interval_minutes=30)
    begins = TODAY + timedelta(days=2, hours=21)
    (found,) = await queries.search_free(db, begins, begins + timedelta(hours=6), 60, TODAY)
    starts = await queries.list_starts(db, service, begins, begins + timedelta(hours=6), TODAY)
    assert found.earliest == starts[0]
    await db.fetchval(
        "SELECT claim_time($1, $2, $3, 'block', NULL, NULL, NULL)",
        uuid7(),
        practitioner.resource_no,
        Range(begins - timedelta(hours=3), begins + timedelta(hours=9)),
    )
    assert await queries.search_free(db, begins, begins + timedelta(hours=6), 60, TODAY) == []


async def test_a_search_does_not_find_what_is_past(db):
    practitioner = await make_practitioner(db)
    await make_hours(db, practitioner, start="09:00", minutes=60)
    begins, ends = TODAY + timedelta(days=2, hours=9), TODAY + timedelta(days=2, hours=10)
    assert len(await queries.search_free(db, begins, ends, 30, begins)) == 1
    assert len(await queries.search_free(db, begins, ends, 30, begins + timedelta(minutes=30))) == 1
    assert await queries.search_free(db, begins, ends, 30, begins + timedelta(minutes=31)) == []


@pytest.mark.parametrize("alignment", ["local_hour", "compact"])
async def test_the_first_starts_of_many_are_the_first_of_each(db, alignment):
    chance = random.Random(alignment)
    services = []
    for _ in range(8):
        practitioner = await make_practitioner(db)
        await Operations(db, practitioner, chance, None).schedule()
        services.append(await make_service(db, practitioner, slot_alignment=alignment, daily_limit=2))
    begins, ends = TODAY + timedelta(days=1, hours=5), TODAY + timedelta(days=15)
    found = await queries.first_starts(db, services, begins, ends, now=TODAY, count=3)
    for service in services:
        every = await queries.list_starts(db, service, begins, ends, TODAY)
        assert found.get(service, []) == every[:3]
