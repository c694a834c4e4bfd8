"""Many practitioners for the benchmarks of time, made set-based: models with real hours, copied to a crowd."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any, Final

from moorage.kernel.db import Connection

ZONES: Final = ("Europe/Berlin", "UTC", "America/New_York", "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney")
MODELS: Final = 24
CITIES: Final = 10
SPECIALITIES: Final = 5
SUMMARY_DAYS: Final = 33

# Every practitioner of the crowd has an account, hours, a place and a service of an hour. The hours are those of one
# of the models: seven and a half hours on six or seven days, in one of six zones.
_PEOPLE: Final = """
INSERT INTO users (id, email) SELECT gen_random_uuid(), 'bench' || n || '@example.com' FROM generate_series(1, $1) n;
"""
_PRACTITIONERS: Final = """
INSERT INTO practitioners (id, user_id, display_name, timezone, specializations, verification_status)
SELECT gen_random_uuid(), u.id, 'Practitioner ' || u.n, ($1::text[])[u.n % 6 + 1],
       ARRAY['speciality ' || u.n / 10 % $2], 'verified'
FROM (SELECT id, row_number() OVER () - 1 AS n FROM users) u
"""
_LOCATIONS: Final = """
INSERT INTO practitioner_locations (id, practitioner_id, city, country, is_primary)
SELECT gen_random_uuid(), p.id, 'City ' || p.resource_no % $1, 'DE', true FROM practitioners p
"""
_HOURS: Final = """
INSERT INTO weekly_hours (id, practitioner_id, weekday, start_minute, minutes)
SELECT gen_random_uuid(), p.id, d, 540 + p.resource_no % 4 * 30, 450
FROM practitioners p CROSS JOIN generate_series(0, 6) d
WHERE (p.resource_no + d) % 6 > 0 OR d < 2
"""
_SERVICES: Final = """
WITH category AS (INSERT INTO categories (id, slug, name) VALUES (gen_random_uuid(), 'bench', 'Bench') RETURNING id)
INSERT INTO services (id, practitioner_id, category_id, title, service_type, price_minor, currency, duration_minutes,
                      slot_interval_minutes, buffer_after_minutes)
SELECT gen_random_uuid(), p.id, category.id, 'An hour', 'session', 8000, 'EUR', 60, 30, p.resource_no % 2 * 15
FROM practitioners p CROSS JOIN category
"""
# One appointment or two on most days, and the summary of a model for all who have its hours. The claims are then taken
# out of the summary by the same mask as claim_time's.
_CLAIMS: Final = """
INSERT INTO claims (id, resource_no, during, kind)
SELECT gen_random_uuid(), p.resource_no, tstzrange(t.at, t.at + interval '75 minutes'), 'block'
FROM practitioners p CROSS JOIN generate_series(0, $2 - 1) d
CROSS JOIN LATERAL (SELECT ($1::date + d)::timestamp AT TIME ZONE 'UTC'
                           + (p.resource_no * 7 + d * 5) % 40 * interval '30 minutes' AS at) t
WHERE p.resource_no <= $3 AND (p.resource_no + d) % 3 > 0
"""
_SUMMARY: Final = """
INSERT INTO free_days (resource_no, day, bits)
SELECT p.resource_no, f.day, f.bits
FROM practitioners p JOIN free_days f ON f.resource_no = (p.resource_no - 1) % $1 + 1
WHERE p.resource_no > $1 ORDER BY f.day, p.resource_no
"""
_MASK: Final = """
UPDATE free_days f
SET bits = f.bits & ~pieces(pieces_into(f.day, lower(c.during))::int, pieces_into(f.day, upper(c.during))::int)
FROM claims c
WHERE f.resource_no = c.resource_no
  AND f.day IN ((lower(c.during) AT TIME ZONE 'UTC')::date, (upper(c.during) AT TIME ZONE 'UTC')::date)
"""


# Order matters: the database's own work for foreign keys and words is switched off where nothing depends on it.
_STEPS: Final = (
    (False, _PRACTITIONERS, (list(ZONES), SPECIALITIES)),
    (True, _LOCATIONS, (CITIES,)),
    (True, _HOURS, ()),
    (False, _SERVICES, ()),
)


async def make_crowd(db: Connection, practitioners: int, *, busy: int, busy_days: int) -> date:
    """Make `practitioners` with hours and the summary of 33 days; the first `busy` of them have appointments on the
    next `busy_days` days. Returns the first whole UTC day from now. `db`: a superuser's connection.
    """
    first_day = datetime.now(UTC).date() + timedelta(days=1)
    last_day = first_day + timedelta(days=SUMMARY_DAYS - 1)
    async with db.transaction():
        await db.execute("SET LOCAL synchronous_commit = off")
        await db.execute("SET LOCAL session_replication_role = replica")
        await db.execute(_PEOPLE.replace("$1", str(practitioners)))
        for is_bare, step, arguments in _STEPS:
            await db.execute(f"SET LOCAL session_replication_role = {'replica' if is_bare else 'origin'}")
            await db.execute(step, *arguments)
        for model in range(1, MODELS + 1):
            await db.execute("SELECT refresh_free_days($1, $2, $3)", model, first_day, last_day)
        await db.execute("DROP INDEX ix_free_days_day")
        await db.execute(_SUMMARY, MODELS)
        await db.execute("CREATE INDEX ix_free_days_day ON free_days (day, resource_no)")
        await db.execute(_CLAIMS, first_day, busy_days, busy)
        await db.execute(_MASK)
    await db.execute("VACUUM (ANALYZE)")
    return first_day


async def server_ms(db: Connection, query: str, calls: Sequence[Sequence[Any]]) -> float:
    """The median of what the server itself needed for `query`, in milliseconds, over `calls` (their arguments)."""
    took = []
    for arguments in (*calls[:2], *calls):  # the first two make plans
        plan = await db.fetch(f"EXPLAIN (ANALYZE, TIMING OFF) {query}", *arguments)
        took.append(float(plan[-1][0].removeprefix("Execution Time: ").removesuffix(" ms")))
    return round(median(took[2:]), 3)
