"""`moorage bench availability`: free starts of one practitioner for 31 days, and the first three of a thousand for 14.

The times are the server's own (EXPLAIN ANALYZE, medians). Goals: 3 ms and 150 ms. The ratio is of one practitioner's 31
days asked through the product's query against pgbench asking the same function, both with 16 at a time.
"""

import random
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from benchmarks.crowd import make_crowd, server_ms
from benchmarks.harness import CLIENTS, Turns, bench_server, in_turns, repeat_for
from moorage.domains.availability import queries

PRACTITIONERS: Final = 2_000
MANY: Final = 1_000
DAYS, MANY_DAYS, FIRST_STARTS = 31, 14, 3

_SERVICES: Final = """
SELECT s.id FROM services s JOIN practitioners p ON p.id = s.practitioner_id ORDER BY p.resource_no LIMIT $1
"""

# The same call, as pgbench makes it; it takes a colon for a variable's, so instants are written without.
_SCRIPT: Final = """\\set which random(1, @count)
SELECT ARRAY(SELECT s FROM list_starts(
  (SELECT s.id FROM services s JOIN practitioners p ON p.id = s.practitioner_id WHERE p.resource_no = :which),
  '@from UTC', '@to UTC', '@from UTC') s);
"""


async def run() -> dict[str, Any]:
    """Measure all; times in milliseconds."""
    async with bench_server() as bench:
        db = await asyncpg.connect(bench.addresses.superuser_dsn)
        day = await make_crowd(db, PRACTITIONERS, busy=PRACTITIONERS, busy_days=DAYS)
        services: list[UUID] = [row["id"] for row in await db.fetch(_SERVICES, MANY)]
        begins, now = datetime.combine(day, time(), UTC), datetime.now(UTC)
        ends, many_ends = begins + timedelta(days=DAYS), begins + timedelta(days=MANY_DAYS)
        one_ms = await server_ms(
            db,
            "SELECT s FROM list_starts($1, $2, $3, $4) s",
            [(service, begins, ends, now) for service in random.sample(services, 100)],
        )
        check_ms = await server_ms(
            db,
            "SELECT is_free_start($1, $2, $3)",
            [(service, begins + timedelta(hours=12), now) for service in random.sample(services, 100)],
        )
        many_ms = await server_ms(
            db,
            "SELECT service_id, starts_at FROM first_starts($1, $2, $3, $4, $5)",
            [(services, begins, many_ends, now, FIRST_STARTS)] * 9,
        )
        found = await queries.first_starts(db, services, begins, many_ends, now=now, count=FIRST_STARTS)
        turns = await _in_turns(bench, services, begins, ends)
        await db.close()
    return {
        "ratio": turns.ratio,
        "cpu_ms": round(turns.cpu_ms, 3),
        "one_31_days_ms": one_ms,
        "first_3_of_1000_14_days_ms": many_ms,
        "first_starts_found": sum(map(len, found.values())),
        "check_one_start_ms": check_ms,
        "runs": turns.facts(),
    }


async def _in_turns(bench: Any, services: list[UUID], begins: datetime, ends: datetime) -> Turns:
    pool = await asyncpg.create_pool(bench.addresses.worker_dsn, min_size=CLIENTS, max_size=CLIENTS)
    lanes = [await pool.acquire() for _ in range(CLIENTS)]

    async def once(lane: int) -> None:
        await queries.list_starts(lanes[lane], random.choice(services), begins, ends, begins)

    script = _SCRIPT.replace("@count", str(len(services))).replace("@from", str(begins.date()))
    script = script.replace("@to", str(ends.date()))
    try:
        return await in_turns(bench, lambda _: script, lambda seconds: repeat_for(seconds, once))
    finally:
        for lane in lanes:
            await pool.release(lane)
        await pool.close()
