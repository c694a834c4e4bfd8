"""With many payments, each filter of records is answered by an index, for administrators and for owners, with
row-level security: by the server's own count of what a list scanned.
"""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest_asyncio

from moorage.domains.payments.listed import PaymentFilter, payments_listed
from moorage.domains.payments.records import RecordFilter, record_of_gateway_id, record_of_no, records_of
from moorage.kernel.pools import prepare_session

_FILL = """
INSERT INTO users (id, email, role)
SELECT new_id(), n || '@example.com', CASE n WHEN 1 THEN 'admin' ELSE 'user' END FROM generate_series(1, 200) n;
INSERT INTO external_identities (issuer, subject, user_id)
SELECT 'site', row_number() OVER (ORDER BY id), id FROM users;
INSERT INTO payments (id, purpose, payer_id, amount_minor, currency, provider, provider_ref, status, created_at)
SELECT new_id(), CASE WHEN i % 3 = 0 THEN 'free_amount' ELSE 'booking_full' END, u.id, 100,
       CASE WHEN i % 99 = 0 THEN 'SEK' ELSE 'EUR' END, CASE WHEN i % 90 = 0 THEN 'square' ELSE 'stripe' END,
       'pi_' || i, CASE WHEN i % 60 = 0 THEN 'failed' ELSE 'succeeded' END, now() - make_interval(hours => i)
  FROM generate_series(1, 18000) i
  JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM users) u ON u.n = i % 200 + 1;
INSERT INTO payment_records (payment_id, gateway_payment_id, booking_no, property_no)
SELECT id, provider_ref, no / 3, no % 400 FROM payments WHERE purpose = 'free_amount';
VACUUM ANALYZE payments; VACUUM ANALYZE payment_records; VACUUM ANALYZE external_identities; VACUUM ANALYZE users;
"""
_SCANNED = """
SELECT c.relname, c.relkind = 'i' AS is_index FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND pg_stat_get_xact_numscans(c.oid) > 0
"""
NOW = datetime.now(UTC)


@pytest_asyncio.fixture(scope="module")
async def scanned(server):
    """`await scanned(asker, question)`: the indexes, and the large tables from end to end, that `question` read."""
    database = await server.clone()
    connection = await asyncpg.connect(database.superuser_dsn)
    await prepare_session(connection)
    for statement in _FILL.split(";"):
        if statement.strip():
            await connection.execute(statement)

    async def tell(asker, question):
        user_id = await connection.fetchval("SELECT id FROM users WHERE email = $1", f"{asker}@example.com")
        await connection.execute("SELECT pg_stat_force_next_flush()")
        async with connection.transaction():
            await connection.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(user_id))
            await connection.execute("SET LOCAL ROLE moorage_web")
            await question(connection, user_id)
            rows = await connection.fetch(_SCANNED)
        whole = {row["relname"] for row in rows if not row["is_index"]}
        return {row["relname"] for row in rows if row["is_index"]}, whole & {"payments", "payment_records"}

    yield tell
    await connection.close()
    await server.drop(database)


ADMIN, OWNER = 1, 7
FILTERS = {
    "payment_status": ({"statuses": ["failed"]}, "ix_payments_free_status"),
    "provider": ({"provider": "square"}, "ix_payments_free_provider"),
    "currency": ({"currency": "SEK"}, "ix_payments_free_currency"),
    "booking_id": ({"booking_no": 77}, "ix_payment_records_booking"),
    "property_id": ({"property_no": 39}, "ix_payment_records_property"),
    "created": (
        {"created_from": NOW - timedelta(days=9), "created_to": NOW - timedelta(days=8)},
        "ix_payments_free_created",
    ),
    "user_id": ({"subject": "9"}, "ix_payments_payer"),
}


async def test_each_filter_of_all_records_is_answered_by_an_index(scanned):
    for name, (narrowed, index) in FILTERS.items():

        async def ask(db, _, narrowed=narrowed, name=name):
            rows, count = await records_of(db, RecordFilter(**narrowed), limit=20, offset=0)
            assert len(rows) == min(count, 20) > 0, name

        indexes, whole = await scanned(ADMIN, ask)
        assert (index in indexes, whole) == (True, set()), (name, indexes)


async def test_each_filter_of_ones_own_records_is_answered_by_an_index(scanned):
    for name, (narrowed, _) in {**FILTERS, "none": ({}, "")}.items():
        if name != "user_id":

            async def ask(db, user_id, narrowed=narrowed):
                await records_of(db, RecordFilter(payer_id=user_id, **narrowed), limit=20, offset=0)

            assert (await scanned(OWNER, ask))[1] == set(), name


async def test_the_first_page_of_all_payments_is_read_in_order(scanned):
    async def ask(db, _):
        rows, count = await payments_listed(db, PaymentFilter(), limit=20, offset=0)
        assert (len(rows), count) == (20, 18_000)

    assert "ix_payments_newest" in (await scanned(ADMIN, ask))[0]


async def test_a_record_is_found_by_either_id_with_an_index(scanned):
    async def ask(db, _):
        assert (await record_of_gateway_id(db, "pi_300")).no == (await record_of_no(db, 300)).no

    assert (await scanned(ADMIN, ask))[1] == set()


async def test_the_first_page_of_all_records_is_read_in_order(scanned):
    async def ask(db, _):
        rows, count = await records_of(db, RecordFilter(), limit=20, offset=0)
        assert (len(rows), count) == (20, 6000)

    indexes, _ = await scanned(ADMIN, ask)
    assert "ix_payments_free_created" in indexes
