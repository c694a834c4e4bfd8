"""With row-level security off on every table, the API alone keeps everybody to their own: the access matrix's refusals
of strangers hold all the same.
"""

import asyncpg
import pytest_asyncio

from tests.support.access.asks import of
from tests.support.access.cast import CALLERS, gathered
from tests.support.access.matrix import ASKS, EXPECTED, OPERATIONS, status

STRANGERS = ("other_client", "other_practitioner")
# What shows the catalog, or refuses everybody by role alone, says nothing of whose a row is.
REFUSED = {
    name: cells.split()
    for name, cells in EXPECTED.items()
    if cells.split()[1] in ("403", "404") and cells.count("200") > 1
}
LISTS = (
    "bookings_list",
    "bookings_upcoming",
    "bookings_history",
    "payments_history",
    "records_list",
    "practice_appointments_list",
    "practice_payments_list",
    "practice_training_enrollments_list",
)


@pytest_asyncio.fixture
async def open_cast(standing_town, session_database):
    """The cast, in a database without row-level security while the test lasts."""
    superuser = await asyncpg.connect(session_database.superuser_dsn)
    tables = await superuser.fetch(
        "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relrowsecurity"
    )
    try:
        await _switch(superuser, tables, "DISABLE")
        async with gathered(standing_town, session_database) as everybody:
            yield everybody
    finally:
        await _switch(superuser, tables, "ENABLE")
        await superuser.close()


async def test_strangers_are_refused_by_the_api_alone(open_cast):
    wrong = {}
    for name, cells in REFUSED.items():
        for stranger in STRANGERS:
            await _as_at_first(open_cast)
            ask = await ASKS.get(name, of())(open_cast)
            answered = await status(open_cast, stranger, name.split(" ")[0], ask)
            if answered != cells[CALLERS.index(stranger)]:
                wrong[name, stranger] = answered
    assert wrong == {}
    assert len(REFUSED) > 20


async def test_lists_show_strangers_nothing_by_the_api_alone(open_cast):
    await open_cast.confirmed()
    await open_cast.record()
    for name in LISTS:
        for stranger in STRANGERS:
            answer = await open_cast.ask(stranger, *OPERATIONS[name])
            assert answer.status_code == 200, (name, answer.text)
            body = answer.json()
            count = len(body) if isinstance(body, list) else body["total"] if "total" in body else body["data"]["count"]
            assert count == 0, (name, stranger)


async def _as_at_first(cast):
    """Some questions are about a practice that is not open: the next one is about one that is."""
    await cast.superuser.execute("UPDATE services SET is_active = true, service_type = 'session'")
    await cast.superuser.execute("UPDATE practitioners SET verification_status = 'verified'")


async def _switch(superuser, tables, how):
    async with superuser.transaction():
        for table in tables:
            await superuser.execute(f"ALTER TABLE {table['name']} {how} ROW LEVEL SECURITY")
