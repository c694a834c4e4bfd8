"""Schedules are replaced whole, by their practitioner or an administrator, and sessions claim their time once."""

from datetime import UTC, date, datetime, timedelta

import pytest

from moorage.domains.availability import (
    InvalidScheduleError,
    InvalidTimezoneError,
    Override,
    Schedule,
    SessionConflictError,
    TimeTakenError,
    WeeklyRule,
    Window,
    operations,
    queries,
)
from moorage.kernel.db import ANONYMOUS, Actor, Database
from moorage.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from moorage.kernel.ids import uuid7
from moorage.kernel.pools import connect_pool
from tests.builders import make_practitioner, make_service, make_user
from tests.domains.availability.conftest import utc

NINE_TO_FIVE = tuple(WeeklyRule(day, Window(540, 480)) for day in range(5))


@pytest.fixture
async def doors(database):
    """The product's own pools."""

    async def pool(dsn: str, role: str):
        return await connect_pool(
            dsn, role=role, min_size=0, max_size=5, statement_timeout_ms=20_000, lock_timeout_ms=15_000
        )

    made = Database(await pool(database.web_dsn, "moorage_web"), await pool(database.worker_dsn, "moorage_worker"), 20)
    yield made
    await made.close()


async def test_a_schedule_is_replaced_whole_and_read_back_as_it_was_given(doors, owner):
    someone = await make_practitioner(owner)
    first = Schedule("Europe/Berlin", NINE_TO_FIVE, (Override(date(2030, 12, 24)), Override(date(2030, 12, 31))))
    second = Schedule(
        "America/New_York",
        (WeeklyRule(6, Window(1320, 240), date(2026, 1, 1), date(2030, 1, 1)), WeeklyRule(6, Window(0, 1440))),
        (Override(date(2030, 12, 24), (Window(600, 60), Window(720, 30))),),
    )
    for schedule in (first, second):
        async with doors.transaction(Actor(someone.user_id)) as db:
            await operations.replace_schedule(db, someone.id, schedule)
        async with doors.reading(ANONYMOUS) as db:
            read = await queries.get_schedule(db, someone.id)
        assert read is not None
        assert read.timezone == schedule.timezone
        assert set(read.weekly) == set(schedule.weekly)
        assert read.overrides == schedule.overrides


async def test_only_its_practitioner_or_an_administrator_replaces_a_schedule(doors, owner):
    someone, other = await make_practitioner(owner), await make_practitioner(owner)
    admin, client = await make_user(owner, role="admin"), await make_user(owner)
    schedule = Schedule("UTC", NINE_TO_FIVE)
    for actor in (ANONYMOUS, Actor(client), Actor(other.user_id)):
        with pytest.raises(ForbiddenError):
            async with doors.transaction(actor) as db:
                await operations.replace_schedule(db, someone.id, schedule)
    async with doors.transaction(Actor(admin)) as db:
        await operations.replace_schedule(db, someone.id, schedule)
        with pytest.raises(Exception, match="not_found"):
            await operations.replace_schedule(db, uuid7(), schedule)


@pytest.mark.parametrize(
    ("schedule", "error", "pointer"),
    [
        (Schedule("Mars/Olympus"), InvalidTimezoneError, "/timezone"),
        (Schedule("UTC", (WeeklyRule(7, Window(0, 1)),)), InvalidScheduleError, "/weekly/0/weekday"),
        (Schedule("UTC", (WeeklyRule(0, Window(1440, 1)),)), InvalidScheduleError, "/weekly/0/start"),
        (Schedule("UTC", (WeeklyRule(0, Window(0, 0)),)), InvalidScheduleError, "/weekly/0/minutes"),
        (Schedule("UTC", (WeeklyRule(0, Window(0, 1441)),)), InvalidScheduleError, "/weekly/0/minutes"),
        (
            Schedule("UTC", (WeeklyRule(0, Window(0, 1), date(2026, 2, 1), date(2026, 1, 1)),)),
            InvalidScheduleError,
            "/weekly/0/valid_to",
        ),
        (
            Schedule("UTC", (), (Override(date(2026, 1, 1)), Override(date(2026, 1, 1)))),
            InvalidScheduleError,
            "/overrides/1/date",
        ),
        (
            Schedule("UTC", (), (Override(date(2026, 1, 1), (Window(0, 0),)),)),
            InvalidScheduleError,
            "/overrides/0/windows/0/minutes",
        ),
        (Schedule("UTC", (WeeklyRule(0, Window(0, 1)),) * 201), InvalidScheduleError, "/weekly"),
    ],
)
async def test_an_absurd_schedule_is_refused_with_the_row_at_fault(db, schedule, error, pointer):
    with pytest.raises(error) as refused:
        await operations.replace_schedule(db, uuid7(), schedule)
    assert refused.value.pointer == pointer


async def test_dates_are_made_with_one_claim_each_on_the_practitioner_s_time(doors, owner, superuser):
    someone = await make_practitioner(owner)
    workshop = await make_service(
        owner, someone, service_type="workshop", max_participants=8, buffer_before_minutes=15, buffer_after_minutes=30
    )
    start = utc("2030-06-03T10:00")
    async with doors.transaction(Actor(someone.user_id)) as db:
        made = await operations.create_sessions(db, workshop, [start, start + timedelta(days=7)], uuid7)
    assert [(each.starts_at, each.capacity, each.available_spots) for each in made.sessions] == [
        (start, 8, 8),
        (start + timedelta(days=7), 8, 8),
    ]
    claims = await superuser.fetch("SELECT session_id, during, kind FROM claims ORDER BY during")
    assert [each["session_id"] for each in claims] == [each.id for each in made.sessions]
    assert claims[0]["during"].lower == start - timedelta(minutes=15)
    assert claims[0]["during"].upper == start + timedelta(minutes=90)
    async with doors.reading(ANONYMOUS) as db:
        assert list(made.sessions) == await queries.list_sessions(db, workshop, utc("2030-01-01T00:00"))
        assert await queries.count_sessions(db, workshop, utc("2030-06-04T00:00")) == 1


async def test_conflicts_are_all_reported_with_nothing_written_or_skipped_with_a_list(doors, owner, superuser):
    someone = await make_practitioner(owner)
    workshop = await make_service(owner, someone, service_type="workshop")
    monday = utc("2030-06-03T10:00")
    weeks = [monday + timedelta(days=7 * week) for week in range(4)]
    async with doors.transaction(Actor(someone.user_id)) as db:
        await operations.block_time(db, uuid7(), someone.id, weeks[1], weeks[1] + timedelta(minutes=30))
        await operations.block_time(db, uuid7(), someone.id, weeks[3], weeks[3] + timedelta(minutes=30))
    with pytest.raises(SessionConflictError) as refused:
        async with doors.transaction(Actor(someone.user_id)) as db:
            await operations.create_sessions(db, workshop, weeks, uuid7)
    assert refused.value.facts == {"conflicts": [weeks[1].isoformat(), weeks[3].isoformat()]}
    assert await superuser.fetchval("SELECT count(*) FROM sessions") == 0
    async with doors.transaction(Actor(someone.user_id)) as db:
        made = await operations.create_sessions(db, workshop, weeks, uuid7, skip_conflicts=True)
    assert [each.starts_at for each in made.sessions] == [weeks[0], weeks[2]]
    assert made.skipped == (weeks[1], weeks[3])
    assert await superuser.fetchval("SELECT count(*) FROM sessions") == 2


async def test_dates_of_one_list_that_overlap_each_other_conflict(doors, owner):
    someone = await make_practitioner(owner)
    workshop = await make_service(owner, someone, service_type="workshop")
    first = utc("2030-06-03T10:00")
    with pytest.raises(SessionConflictError) as refused:
        async with doors.transaction(Actor(someone.user_id)) as db:
            await operations.create_sessions(db, workshop, [first, first + timedelta(minutes=59)], uuid7)
    assert refused.value.facts["conflicts"] == [(first + timedelta(minutes=59)).isoformat()]


async def test_rule_9_three_dates_that_never_overlap_all_fit_in_capacity_one(doors, owner):
    someone = await make_practitioner(owner)
    workshop = await make_service(owner, someone, service_type="workshop", max_participants=1)
    hours = [utc("2030-06-03T10:00") + timedelta(hours=number) for number in range(3)]
    async with doors.transaction(Actor(someone.user_id)) as db:
        made = await operations.create_sessions(db, workshop, hours, uuid7, capacity=1)
    assert [each.available_spots for each in made.sessions] == [1, 1, 1]


async def test_dates_are_for_workshops_and_courses_of_one_s_own(doors, owner):
    someone, other = await make_practitioner(owner), await make_practitioner(owner)
    session, theirs = await make_service(owner, someone), await make_service(owner, other, service_type="workshop")
    start = [utc("2030-06-03T10:00")]
    for service, error in ((session, InvalidError), (theirs, ForbiddenError), (uuid7(), NotFoundError)):
        with pytest.raises(error):
            async with doors.transaction(Actor(someone.user_id)) as db:
                await operations.create_sessions(db, service, start, uuid7)


async def test_a_practitioner_blocks_time_and_gives_it_back(doors, owner, diary):
    someone = await diary("UTC", ("09:00", 120))
    service = await someone.service()
    actor, block = Actor(someone.practitioner.user_id), uuid7()
    begins, ends = utc("2026-06-01T09:30"), utc("2026-06-01T10:30")
    async with doors.transaction(actor) as db:
        await operations.block_time(db, block, someone.practitioner.id, begins, ends)
        (listed,) = await queries.list_blocks(db, someone.practitioner.id, utc("2026-05-01T00:00"))
    assert (listed.id, listed.starts_at, listed.ends_at) == (block, begins, ends)
    assert await someone.clock(service, "2026-06-01") == []
    with pytest.raises(TimeTakenError):
        async with doors.transaction(actor) as db:
            await operations.block_time(db, uuid7(), someone.practitioner.id, begins, ends)
    stranger = Actor(await make_user(owner))
    for verb in (
        lambda db: operations.unblock_time(db, block),
        lambda db: operations.block_time(db, uuid7(), someone.practitioner.id, ends, ends + timedelta(hours=1)),
        lambda db: queries.list_blocks(db, someone.practitioner.id, begins),
    ):
        with pytest.raises(ForbiddenError):
            async with doors.transaction(stranger) as db:
                await verb(db)
    async with doors.transaction(actor) as db:
        await operations.unblock_time(db, block)
    assert await someone.clock(service, "2026-06-01") == ["09:00", "10:00"]
    with pytest.raises(NotFoundError):
        async with doors.transaction(actor) as db:
            await operations.unblock_time(db, block)


async def test_the_web_reads_no_claims_and_writes_no_summary(doors, owner):
    someone = await make_practitioner(owner)
    for statement in (
        "SELECT * FROM claims",
        "SELECT * FROM outside_busy",
        "DELETE FROM free_days",
        "DELETE FROM weekly_hours",
        "UPDATE sessions SET places_taken = 0",
        f"SELECT claim_time('{uuid7()}', {someone.resource_no}, '[2030-01-01,2030-01-02)', 'block', NULL, NULL, NULL)",
        f"SELECT refresh_free_days({someone.resource_no}, '2030-01-01', '2030-01-02')",
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with doors.transaction(Actor(someone.user_id)) as db:
                await db.execute(statement)


async def test_the_pinned_zone_data_is_the_only_one_asked(db):
    versions = await db.fetch("SELECT version FROM zone_release")
    assert len(versions) == 1
    assert await db.fetchval("SELECT count(DISTINCT zone) FROM zone_offsets") > 590
    assert datetime.now(UTC) < utc("2058-01-01T00:00"), "zone data ends in 2060"
