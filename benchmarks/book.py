"""`moorage bench book [--http]`: holding bookings against pgbench calling the same SQL function on the same slots.

In process: `start_checkout`, 16 at a time. `--http`: POST /api/v1/bookings/ by signed-in clients against two web
processes on loopback, as `moorage serve --workers 2` runs them. Every hold takes another slot of one of 1,000
practitioners, so that none is refused. Goals: 0.6 and 0.8 ms of database CPU; 0.45 and 0.6 ms of web CPU.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

import asyncpg

from benchmarks.book_http import WebProcesses, web_processes
from benchmarks.harness import CLIENTS, ROUND_S, ROUNDS, Bench, bench_server, in_turns, repeat_for
from moorage.domains.bookings.operations import HoldRequest, Terms, hold
from moorage.journeys.book_and_pay import hold_terms, start_checkout
from moorage.journeys.house import House
from moorage.kernel.ids import uuid7
from moorage.wiring.house import connect_database, make_house
from moorage.wiring.settings import Settings

PRACTITIONERS: Final = 1_000
STARTS_A_DAY: Final = 12  # from 08:00 on
DAYS: Final = 55
BOOKED: Final = 3_000  # before anything is measured, so that plans are made for tables that hold something
ID_HEAD: Final = "1fe10de-47a8-76dc-9a1b-95c5ef"  # letters as in any UUID: runs of digits look like card numbers
SECRET: Final = "signing-key-of-the-benchmarks-0123456789"  # noqa: S105 - of a server that nobody reaches
FIRST_DAY: Final = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=2)


async def run(*, http: bool, rounds: int = ROUNDS, seconds: float = ROUND_S) -> dict[str, Any]:
    """Measure holds in process, or by HTTP with the web processes' CPU for a request and their peak memory."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        environment="test",
        secret_key=SECRET,  # type: ignore[arg-type]  # pydantic makes the secret of it
        database_pool_min=CLIENTS,
        database_pool_size=CLIENTS,
        database_pool_overflow=0,
        rate_limit_user_per_hour=10**9,
    )
    async with bench_server() as bench:
        slots = count()
        await _people_and_services(bench, Terms(15, 500, [], []), [slot(next(slots)) for _ in range(BOOKED)])
        if http:
            async with web_processes(bench, settings) as web:
                return await _by_http(bench, web, slots, rounds, seconds)
        database = await connect_database(settings, bench.addresses)
        try:
            return await _in_process(bench, make_house(settings, database), slots, rounds, seconds)
        finally:
            await database.close()


async def _in_process(bench: Bench, house: House, slots: Any, rounds: int, seconds: float) -> dict[str, Any]:
    async def once(_lane: int) -> None:
        service, start, client = slot(next(slots))
        await start_checkout(
            house,
            HoldRequest(uuid7(), client, client, service, uuid7(), uuid7(), "sandbox", starts_at=start, timezone="UTC"),
        )

    turns = await in_turns(
        bench, lambda _: _script(house, slots, seconds), lambda s: repeat_for(s, once), rounds=rounds, seconds=seconds
    )
    facts = turns.facts()
    return {"ratio": facts["ratio"], "cpu_ms": facts["cpu_ms"], "runs": facts}


async def _by_http(bench: Bench, web: WebProcesses, slots: Any, rounds: int, seconds: float) -> dict[str, Any]:
    answered, cpu_s = 0, 0.0

    async def ours(for_seconds: float) -> int:
        nonlocal answered, cpu_s
        before = web.cpu_s()
        done = await web.post_for(for_seconds, lambda: slot(next(slots)))
        if for_seconds == seconds:
            answered, cpu_s = answered + done, cpu_s + web.cpu_s() - before
        return done

    house = make_house(web.settings, web.database)
    turns = await in_turns(bench, lambda _: _script(house, slots, seconds), ours, rounds=rounds, seconds=seconds)
    facts = turns.facts()
    return {
        "ratio": facts["ratio"],
        "cpu_ms": round(1000 * cpu_s / answered, 3),
        "database_cpu_ms": facts["cpu_ms"],
        "peak_memory_mb": web.peak_memory_mb(),
        "runs": facts,
    }


def slot(number: int) -> tuple[UUID, datetime, UUID]:
    """The `number`th slot: service, start, and the client who takes it."""
    turn, practitioner = divmod(number, PRACTITIONERS)
    day, hour = divmod(turn, STARTS_A_DAY)
    start = FIRST_DAY + timedelta(days=day % DAYS, hours=hour)
    return _id("5", practitioner), start, _id("c", number % PRACTITIONERS)


def _id(kind: str, number: int) -> UUID:
    """The service ('5'), practitioner ('b') or client ('c') by number: one that pgbench can make too."""
    return UUID(f"{kind}{ID_HEAD}{number:06d}")


def _script(house: House, slots: Any, seconds: float) -> str:
    """The same call on the next slots, as pgbench makes it; a variable of pgbench keeps its value from one transaction
    to the next, so that each client walks through slots of its own.
    """
    # Room for far more than pgbench reaches; in-process and HTTP turns go on behind it.
    first, room = next(slots), round(4_000 * seconds)
    for _ in range(room):
        next(slots)
    terms = hold_terms(replace(house.terms))
    above, tiers = (f"ARRAY{list(values)}" for values in (terms.above_units, terms.tier_bps))
    client, service = (f"('{kind}{ID_HEAD}' || lpad((:k % 1000)::text, 6, '0'))::uuid" for kind in "c5")
    day, hour = f":k / 1000 / {STARTS_A_DAY} % {DAYS}", f":k / 1000 % {STARTS_A_DAY}"
    start = f"to_timestamp({FIRST_DAY.timestamp():.0f}) + make_interval(days => {day}, hours => {hour})"
    return (
        f"\\set n :n + 1\n\\set k {first} + :n * {CLIENTS} + :client_id\n"
        f"SELECT * FROM hold_booking(gen_random_uuid(), {client}, {client}, now(), {service}, {start}, NULL, NULL,"
        " 'UTC', NULL, NULL, NULL, '', gen_random_uuid(), gen_random_uuid(), 'sandbox',"
        f" {terms.hold_minutes}, {terms.commission_bps}, {above}, {tiers});\n"
    )


async def _people_and_services(bench: Bench, terms: Terms, booked: list[tuple[UUID, datetime, UUID]]) -> None:
    """Practitioners who work from 08:00 to 20:00 every day, each with a service of an hour; clients who are signed in;
    and some slots that are booked already.
    """
    superuser = bench.addresses.superuser_dsn
    if superuser is None:
        raise RuntimeError("the benchmark has a server of its own")
    db = await asyncpg.connect(superuser)
    try:
        await db.execute("SET synchronous_commit = off")
        await db.execute(_SETUP.replace("@", ID_HEAD, 1))
        for service, start, client in booked:
            wanted = HoldRequest(uuid7(), client, client, service, uuid7(), uuid7(), "sandbox", starts_at=start)
            await hold(db, wanted, terms, datetime.now(UTC))
        await db.execute("VACUUM ANALYZE")
    finally:
        await db.close()


_SETUP: Final = """
CREATE FUNCTION pg_temp.id(kind text, number integer) RETURNS uuid LANGUAGE sql AS
  $$ SELECT (kind || '@' || lpad(number::text, 6, '0'))::uuid $$;
INSERT INTO categories (id, slug, name) VALUES (pg_temp.id('a', 0), 'bench', 'Bench') ON CONFLICT DO NOTHING;
INSERT INTO users (id, email, first_name) SELECT pg_temp.id('c', n), 'c' || n || '@bench.test', 'Client'
  FROM generate_series(0, 999) n;
INSERT INTO refresh_families (id, user_id) SELECT id, id FROM users;
INSERT INTO users (id, email, first_name) SELECT pg_temp.id('b', n), 'b' || n || '@bench.test', 'Host'
  FROM generate_series(0, 999) n;
INSERT INTO practitioners (id, user_id, display_name, timezone, verification_status)
  SELECT pg_temp.id('b', n), pg_temp.id('b', n), 'Host ' || n, 'UTC', 'verified' FROM generate_series(0, 999) n;
INSERT INTO weekly_hours (id, practitioner_id, weekday, start_minute, minutes)
  SELECT gen_random_uuid(), pg_temp.id('b', n), weekday, 480, 720
    FROM generate_series(0, 999) n, generate_series(0, 6) weekday;
INSERT INTO services (id, practitioner_id, category_id, title, service_type, price_minor, currency, duration_minutes,
                      slot_interval_minutes)
  SELECT pg_temp.id('5', n), pg_temp.id('b', n), (SELECT id FROM categories WHERE slug = 'bench'), 'An hour', 'session',
         8000, 'USD', 60, 60 FROM generate_series(0, 999) n;
SELECT rebuild_free_days(id) FROM practitioners;
"""
