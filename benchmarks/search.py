"""`moorage bench search`: the first 50 of 100,000 practitioners who are free for an hour in a 4-hour window, and the
same with city and speciality over 30 days.

The times are the server's own (EXPLAIN ANALYZE, medians). Goals: 20 ms each. `listed_ms` is what the list of
practitioners asks for the same, which also counts all who match. The ratio is of the search through the product's query
against pgbench asking the same function, both with 16 at a time.
"""

import json
import random
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import asyncpg

from benchmarks.crowd import make_crowd, server_ms
from benchmarks.harness import CLIENTS, Turns, bench_server, in_turns, repeat_for
from moorage.domains.availability import queries

PRACTITIONERS: Final = 100_000
BUSY, BUSY_DAYS = 2_000, 31
FIRST: Final = 50
MINUTES: Final = 60
WINDOW, MONTH = timedelta(hours=4), timedelta(days=30)

_FIRST: Final = "SELECT * FROM search_free($1, $2, $3, $4)"
# What find_practitioners makes of city, speciality and free time, for one page and without the count.
_FILTERED: Final = """
SELECT p.id FROM practitioners p
 WHERE p.verification_status = 'verified' AND p.specialization_keys @> ARRAY['speciality 1']
   AND p.id IN (SELECT l.practitioner_id FROM practitioner_locations l WHERE lower(l.city) = 'city 1')
   AND {condition}
 ORDER BY p.is_featured DESC, p.id DESC LIMIT 50
"""
_LISTED: Final = "SELECT ids, total FROM find_practitioners($1, ARRAY['-is_featured', '-id'], 50, 0, $2)"


async def run() -> dict[str, Any]:
    """Measure all; times in milliseconds."""
    async with bench_server() as bench:
        db = await asyncpg.connect(bench.addresses.superuser_dsn)
        await db.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        day = await make_crowd(db, PRACTITIONERS, busy=BUSY, busy_days=BUSY_DAYS)
        now = datetime.now(UTC)
        begins = datetime.combine(day, time(8), UTC)
        windows = [begins + timedelta(days=number) for number in range(7)]
        first_ms = await server_ms(db, _FIRST, [(at, at + WINDOW, MINUTES, now) for at in windows * 5])
        found = await queries.search_free(db, begins, begins + WINDOW, MINUTES, now)
        condition = await _condition(db, begins, begins + MONTH, now)
        facts = {
            "first_50_of_100000_ms": first_ms,
            "found": len(found),
            "city_and_speciality_30_days_ms": await server_ms(db, _FILTERED.format(condition=condition), [()] * 35),
            "listed_ms": await server_ms(db, _LISTED, [(_filters(begins, WINDOW), now)] * 9),
            "listed_city_and_speciality_30_days_ms": await server_ms(
                db, _LISTED, [(_filters(begins, MONTH, city="City 1", specialization="speciality 1"), now)] * 9
            ),
        }
        turns = await _in_turns(bench, windows)
        await db.close()
    return {"ratio": turns.ratio, "cpu_ms": round(turns.cpu_ms, 3), **facts, "runs": turns.facts()}


async def _condition(db: asyncpg.Connection, begins: datetime, ends: datetime, now: datetime) -> str:
    condition: str = await db.fetchval(
        "SELECT free_condition('p.resource_no', $1, $2, $3, $4)", begins, ends, MINUTES, now
    )
    return condition


def _filters(begins: datetime, window: timedelta, **others: str) -> dict[str, Any]:
    free = {"from": begins.isoformat(), "to": (begins + window).isoformat(), "minutes": MINUTES}
    return {"free": free, **others}


async def _in_turns(bench: Any, windows: list[datetime]) -> Turns:
    pool = await asyncpg.create_pool(bench.addresses.worker_dsn, min_size=CLIENTS, max_size=CLIENTS)
    lanes = [await pool.acquire() for _ in range(CLIENTS)]

    async def once(lane: int) -> None:
        at = random.choice(windows)
        await queries.search_free(lanes[lane], at, at + WINDOW, MINUTES, windows[0] - timedelta(days=1), limit=FIRST)

    # pgbench takes a colon for a variable's, so instants are written by the hour.
    script = (
        f"\\set which random(0, {len(windows) - 1})\n"
        f"SELECT * FROM search_free(timestamptz '{windows[0]:%Y-%m-%d %H}00 UTC' + interval '24 hours' * :which,"
        f" timestamptz '{windows[0] + WINDOW:%Y-%m-%d %H}00 UTC' + interval '24 hours' * :which, {MINUTES},"
        f" timestamptz '{windows[0] - timedelta(days=1):%Y-%m-%d %H}00 UTC');\n"
    )
    try:
        return await in_turns(bench, lambda _: script, lambda seconds: repeat_for(seconds, once))
    finally:
        for lane in lanes:
            await pool.release(lane)
        await pool.close()
