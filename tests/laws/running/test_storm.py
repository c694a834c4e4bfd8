"""A hundred clients at once: no overlap, no oversell, no undersell, no error of ours, no deadlock.

The same storms run against a database whose exclusion constraint and locks are switched off, and must be found out
there: a law that cannot fail proves nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from tests.laws.running import truths
from tests.laws.running.conftest import FULL
from tests.laws.running.house import RunningHouse
from tests.laws.running.people import ALL_DAY, Town

CLIENTS = 100
STARTS = 50
ROUNDS = 5 if FULL else 1
REFUSALS = {201, 409, 422}

pytestmark = pytest.mark.timeout(600)


def _monday_noon(days: int = 3) -> datetime:
    return (datetime.now(UTC) + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


async def _storm_of_sessions(town: Town, admin: str, db: asyncpg.Connection, seed: int) -> tuple[str, str, set[str]]:
    """100 clients each try several of 50 half-overlapping starts while holds expire under them."""
    chance = random.Random(seed)
    keeper, practitioner = await town.practitioner(admin, ALL_DAY)
    service = await town.service(keeper)
    first = _monday_noon()
    starts = [(first + timedelta(minutes=30 * index)).isoformat() for index in range(STARTS)]
    clients = await town.register_many(CLIENTS)
    booked: set[str] = set()

    async def one_client(token: str) -> None:
        for start in chance.sample(starts, 4):
            answer = await town.book(token, service, start_time=start)
            assert answer.status_code in REFUSALS, answer.text
            if answer.status_code == 201:
                booked.add(answer.json()["data"]["id"])

    async def time_passes() -> None:
        for _ in range(20):
            await asyncio.sleep(0.05)
            await db.execute(
                """WITH due AS (UPDATE bookings SET hold_expires_at = now() WHERE id IN (
                       SELECT id FROM bookings WHERE status = 'pending' AND service_id = $1 ORDER BY random() LIMIT 2
                       FOR UPDATE SKIP LOCKED) RETURNING id)
                   UPDATE claims SET expires_at = now() WHERE kind = 'hold' AND booking_id IN (SELECT id FROM due)""",
                service,
            )

    await asyncio.gather(time_passes(), *(one_client(token) for token in clients))
    return practitioner, service, booked


async def test_a_hundred_clients_on_half_overlapping_times_never_overlap_and_never_undersell(
    town: Town, house: RunningHouse, overseer: asyncpg.Connection
) -> None:
    admin = house.facts["tokens"]["owner"]
    for seed in range(ROUNDS):
        practitioner, service, booked = await _storm_of_sessions(town, admin, overseer, seed)
        assert booked
        assert await truths.broken(overseer) == {}
        await _nothing_undersold(town, practitioner, service, overseer)
    assert town.failures == []
    assert "deadlock detected" not in house.server_log()


async def _nothing_undersold(town: Town, practitioner: str, service: str, db: asyncpg.Connection) -> None:
    """Every start of the storm is either listed, or overlaps a live claim."""
    first = _monday_noon()
    last = first + timedelta(minutes=30 * STARTS)
    listed = {
        datetime.fromisoformat(start)
        for start in await town.starts(practitioner, service, first.date().isoformat(), last.date().isoformat())
    }
    for index in range(STARTS):
        start = first + timedelta(minutes=30 * index)
        taken = await db.fetchval(
            """SELECT EXISTS (SELECT FROM claims c JOIN bookings b ON b.id = c.booking_id
               WHERE b.service_id = $1 AND c.active AND (c.expires_at IS NULL OR c.expires_at > now())
                 AND c.during && tstzrange($2, $3))""",
            service,
            start,
            start + timedelta(minutes=60),
        )
        assert taken != (start in listed), f"{start}: taken {taken}, listed {start in listed}"


async def test_a_workshop_of_ten_places_sells_exactly_ten_to_two_hundred(
    town: Town, house: RunningHouse, overseer: asyncpg.Connection
) -> None:
    keeper, _ = await town.practitioner(house.facts["tokens"]["owner"], ALL_DAY)
    service = await town.service(keeper, service_type="workshop", max_participants=10, title="Bread")
    dates = await town.must(
        "POST",
        f"/api/v1/services/{service}/schedule/",
        keeper,
        {"start_time": (_monday_noon(5) + timedelta(hours=10)).isoformat(), "capacity": 10},
    )
    session = (dates["results"] if isinstance(dates, dict) and "results" in dates else _sessions(dates))[0]["id"]
    clients = await town.register_many(100)
    answers = await asyncio.gather(
        *(town.book(token, service, session_id=session) for token in clients for _ in range(2))
    )
    won = [answer for answer in answers if answer.status_code == 201]
    places = await overseer.fetchval("SELECT places_taken FROM sessions WHERE id = $1", session)
    assert places == 10
    assert len({answer.json()["data"]["id"] for answer in won}) >= 10
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await truths.broken(overseer) == {}
    assert town.failures == []


def _sessions(data: object) -> list[dict[str, str]]:
    """The sessions in an answer, whether it is the list or holds it."""
    if isinstance(data, list):
        return data
    assert isinstance(data, dict)
    return next(value for value in data.values() if isinstance(value, list))


async def test_two_courses_wanting_the_same_dates_in_opposite_order_one_wins_whole(
    town: Town, house: RunningHouse, overseer: asyncpg.Connection
) -> None:
    keeper, _ = await town.practitioner(house.facts["tokens"]["owner"], ALL_DAY)
    for round_no in range(10 if FULL else 4):
        dates = [(_monday_noon(10 + round_no * 3 + day) + timedelta(hours=9)).isoformat() for day in range(2)]
        courses = [
            await town.service(keeper, service_type="course", max_participants=5, title=f"Course {index}")
            for index in range(2)
        ]
        answers = await asyncio.gather(
            town.ask("POST", f"/api/v1/services/{courses[0]}/schedule/", keeper, {"sessions": dates}),
            town.ask("POST", f"/api/v1/services/{courses[1]}/schedule/", keeper, {"sessions": dates[::-1]}),
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409], [a.text for a in answers]
        counts = [
            await overseer.fetchval(
                "SELECT count(*) FROM sessions WHERE service_id = $1 AND status = 'scheduled'", course
            )
            for course in courses
        ]
        assert sorted(counts) == [0, 2]
    assert town.failures == []
    assert "deadlock detected" not in house.server_log()


async def test_enrolments_in_a_course_take_all_its_dates_or_none(
    town: Town, house: RunningHouse, overseer: asyncpg.Connection
) -> None:
    keeper, _ = await town.practitioner(house.facts["tokens"]["owner"], ALL_DAY)
    course = await town.service(keeper, service_type="course", max_participants=3, title="Three places")
    dates = [(_monday_noon(6 + day) + timedelta(hours=9)).isoformat() for day in range(3)]
    await town.must("POST", f"/api/v1/services/{course}/schedule/", keeper, {"sessions": dates, "capacity": 3})
    clients = await town.register_many(20)
    answers = await asyncio.gather(*(town.book(token, course) for token in clients))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 17
    taken = await overseer.fetch("SELECT places_taken FROM sessions WHERE service_id = $1", course)
    assert [row["places_taken"] for row in taken] == [3, 3, 3]
    assert await truths.broken(overseer) == {}
    assert town.failures == []


async def test_clients_who_swap_times_at_once_never_deadlock_and_keep_a_place(
    town: Town, house: RunningHouse, overseer: asyncpg.Connection
) -> None:
    keeper, _ = await town.practitioner(house.facts["tokens"]["owner"], ALL_DAY)
    service = await town.service(keeper, slot_interval_minutes=60)
    first = _monday_noon(4)
    clients = await town.register_many(12)
    bookings = []
    for index, token in enumerate(clients):
        answer = await town.book(token, service, start_time=(first + timedelta(hours=index)).isoformat())
        assert answer.status_code == 201, answer.text
        bookings.append(answer.json()["data"])
        assert (await town.pay(token, bookings[-1])).is_success
    for _ in range(6 if FULL else 2):
        await asyncio.gather(
            *(
                town.ask(
                    "POST",
                    f"/api/v1/bookings/{booking['id']}/reschedule/",
                    token,
                    {"start_time": (first + timedelta(hours=(index + shift) % 14)).isoformat()},
                )
                for index, (token, booking) in enumerate(zip(clients, bookings, strict=True))
                for shift in (1, 2)
            )
        )
    assert await truths.broken(overseer) == {}
    live = await overseer.fetchval(
        "SELECT count(*) FROM bookings WHERE service_id = $1 AND status = 'confirmed'", service
    )
    assert live == 12
    assert town.failures == []
    assert "deadlock detected" not in house.server_log()


@pytest.fixture
async def toothless(tmp_path: Path) -> AsyncIterator[tuple[RunningHouse, Town, asyncpg.Connection]]:
    """A product whose database neither locks nor forbids overlap."""
    running = RunningHouse(tmp_path)
    running.start()
    db = await running.overseer()
    town = Town(running.base_url)
    try:
        await _pull_the_teeth(db)
        yield running, town, db
    finally:
        await town.close()
        await db.close()
        running.stop()


async def _pull_the_teeth(db: asyncpg.Connection) -> None:
    await db.execute("ALTER TABLE claims DROP CONSTRAINT ex_claims_no_overlap")
    await db.execute("CREATE FUNCTION lock_nothing(bigint) RETURNS void LANGUAGE sql AS 'SELECT'")
    # What was checked is not committed for a while: without the lock others check meanwhile, however busy the machine.
    await db.execute(
        """CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END';
           CREATE TRIGGER dawdle AFTER INSERT ON claims FOR EACH ROW EXECUTE FUNCTION dawdle()"""
    )
    functions = await db.fetch(
        """SELECT pg_get_functiondef(p.oid) AS source FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'public' AND p.prokind = 'f' AND p.prosrc LIKE '%pg_advisory_xact_lock(%'"""
    )
    assert functions, "no function takes the lock: the law below would prove nothing"
    for function in functions:
        await db.execute(function["source"].replace("pg_advisory_xact_lock(", "lock_nothing("))


async def test_the_storm_finds_out_a_build_without_lock_and_constraint(
    toothless: tuple[RunningHouse, Town, asyncpg.Connection],
) -> None:
    house, town, db = toothless
    await _storm_of_sessions(town, house.facts["tokens"]["owner"], db, seed=0)
    assert "two active claims of one resource overlap" in await truths.broken(db)
