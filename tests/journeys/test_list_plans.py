"""With many rows, the lists use their indexes: by the server's own count of what a call of the functions scanned."""

import json
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest_asyncio

PRACTITIONERS = 20_000

# What this connection has scanned since its last report: an index, or a table from end to end.
_SCANNED = """
SELECT c.relname, c.relkind = 'i' AS is_index FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND pg_stat_get_xact_numscans(c.oid) > 0
"""

_FILL = f"""
INSERT INTO users (id, email) SELECT new_id(), n || '@example.com' FROM generate_series(1, {PRACTITIONERS}) n;
INSERT INTO practitioners (id, user_id, display_name, bio, timezone, specializations, verification_status, is_featured)
SELECT new_id(), u.id, 'Person ' || u.n, 'Words' || u.n % 997 || ' of ' || md5(u.n::text), 'UTC',
       ARRAY['Special ' || u.n % 199], CASE WHEN u.n % 10 = 0 THEN 'pending' ELSE 'verified' END, u.n % 300 = 0
  FROM (SELECT id, row_number() OVER () AS n FROM users) u;
INSERT INTO practitioner_locations (id, practitioner_id, city, country, lat, lng, is_primary)
SELECT new_id(), p.id, 'City ' || p.resource_no % 211, 'PT', p.resource_no * 7919 % 1600 / 10.0 - 80,
       p.resource_no * 104729 % 3600 / 10.0 - 180, true FROM practitioners p;
INSERT INTO services (id, practitioner_id, category_id, location_id, title, description, service_type, price_minor,
                      currency, duration_minutes, slot_interval_minutes)
SELECT new_id(), p.id, c.id, l.id, 'Hour ' || p.resource_no % 499, md5(p.resource_no::text), 'session',
       (p.resource_no * 7919 % 50000 + 100), 'EUR', 60, 60
  FROM practitioners p
  JOIN practitioner_locations l ON l.practitioner_id = p.id
  JOIN (SELECT id, row_number() OVER (ORDER BY slug) - 1 AS n, count(*) OVER () AS of FROM categories) c
    ON c.n = p.resource_no % c.of;
INSERT INTO free_days (resource_no, day, bits)
SELECT p.resource_no, current_date + d,
       CASE WHEN (p.resource_no + d) % 50 = 0 THEN ~B'0'::bit(288) ELSE B'0'::bit(288) END
  FROM practitioners p CROSS JOIN generate_series(0, 6) d;
VACUUM ANALYZE users; VACUUM ANALYZE practitioners; VACUUM ANALYZE practitioner_locations; VACUUM ANALYZE services;
VACUUM ANALYZE free_days;
"""

_LARGE = {"practitioners", "practitioner_locations", "services", "free_days"}


@pytest_asyncio.fixture(scope="module")
async def told(server):
    """A database with many practitioners, and the function that tells what a call scans: indexes, whole tables."""
    database = await server.clone()
    connection = await asyncpg.connect(database.superuser_dsn)
    for statement in _FILL.split(";"):
        if statement.strip():
            await connection.execute(statement)

    async def tell(function, filters, order):
        now = ", now()" if function == "find_practitioners" else ""
        # The counts are of all that this connection has not reported yet: what came before is reported first.
        await connection.execute("SELECT pg_stat_force_next_flush()")
        async with connection.transaction():
            await connection.fetchrow(
                f"SELECT * FROM {function}($1::jsonb, $2, 20, 0{now})", json.dumps(filters), order
            )
            scanned = await connection.fetch(_SCANNED)
        indexes = {row["relname"] for row in scanned if row["is_index"]}
        return indexes, _LARGE & {row["relname"] for row in scanned if not row["is_index"]}

    yield tell
    await connection.close()
    await server.drop(database)


PRACTITIONER_FILTERS = {
    "specialization": ({"specialization": "special 7"}, {"ix_practitioners_specialization_keys"}),
    "city": ({"city": "CITY 9"}, {"ix_practitioner_locations_city"}),
    "near": (
        {
            "near": {
                "lat": 10,
                "lng": 10,
                "radius_km": 100,
                "lat_from": 9.1,
                "lat_to": 10.9,
                "lng_ranges": [[9.08, 10.92]],
            }
        },
        {"ix_practitioner_locations_point"},
    ),
    "featured": ({"is_featured": True}, {"ix_practitioners_listed"}),
    "search": ({"search": "words13 of"}, {"ix_practitioners_search_words", "ix_services_search_words"}),
    "price": ({"price_min": "5.00", "price_max": "5.50"}, {"ix_services_price"}),
    "free": (
        {"free": {"from": "{day}T10:00Z", "to": "{day}T14:00Z", "minutes": 60}, "city": "City 9"},
        {"pk_free_days"},
    ),
}


async def test_each_filter_of_practitioners_is_answered_by_an_index(told):
    for name, (filters, wanted) in PRACTITIONER_FILTERS.items():
        indexes, whole = await told("find_practitioners", _in_two_days(filters), ["-is_featured", "-id"])
        assert wanted <= indexes, (name, indexes)
        assert whole == set(), (name, whole)


async def test_the_first_page_of_all_practitioners_is_read_in_order(told):
    for order, index in (
        (["-is_featured", "-id"], "ix_practitioners_listed"),
        (["display_name"], "ix_practitioners_by_name"),
    ):
        indexes, _ = await told("find_practitioners", {}, order)
        assert index in indexes


SERVICE_FILTERS = {
    "category": ({"category": "yoga"}, {"ix_services_category_id"}),
    "practitioner": ({"practitioner": "01890000-0000-7000-8000-000000000000"}, {"ix_services_practitioner"}),
    "location": ({"location_id": "01890000-0000-7000-8000-000000000000"}, {"ix_services_location_id"}),
    "city": ({"city": "city 9"}, {"ix_practitioner_locations_city"}),
    "price": ({"price_min": "5.00", "price_max": "5.50"}, {"ix_services_price"}),
    "search": ({"search": "hour 77"}, {"ix_services_search_words"}),
}


async def test_each_filter_of_services_is_answered_by_an_index(told):
    for name, (filters, wanted) in SERVICE_FILTERS.items():
        indexes, whole = await told("find_services", filters, ["-id"])
        assert wanted <= indexes, (name, indexes)
        assert "services" not in whole, name


async def test_the_first_page_of_all_services_is_read_in_order(told):
    for order, index in ((["-id"], "ix_services_newest"), (["price"], "ix_services_price")):
        indexes, _ = await told("find_services", {}, order)
        assert index in indexes


def _in_two_days(filters):
    day = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    return json.loads(json.dumps(filters).replace("{day}", day))
