"""Lists of bookings: what is shown of one is looked up for those on the page alone."""

from moorage.domains.bookings import queries
from moorage.domains.bookings.queries import Asker, Filters
from tests.domains.bookings.conftest import day_at

_COPIES = """
INSERT INTO bookings ({names})
SELECT {values} FROM bookings b, generate_series(1, 500) n WHERE b.id = $1
"""
_NAMES = """
SELECT column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = 'bookings' AND is_identity = 'NO' AND is_generated = 'NEVER'
"""
# How often this transaction has looked through payments, by that index or by all of them.
_LOOKED_UP = """
SELECT pg_stat_get_xact_numscans('ix_payments_purpose'::regclass) + pg_stat_get_xact_numscans('payments'::regclass)
"""


async def test_a_page_of_bookings_looks_up_the_payments_of_its_own_alone(scene):
    booking = await scene.confirmed(day_at(10))
    names = [row[0] for row in await scene.superuser.fetch(_NAMES)]
    changed = {
        "id": "new_id()",
        "starts_at": "starts_at + n * interval '1 day'",
        "ends_at": "ends_at + n * interval '1 day'",
    }
    values = ", ".join(changed.get(name, f"b.{name}") for name in names)
    await scene.superuser.execute(_COPIES.format(names=", ".join(names), values=values), booking)
    async with scene.act(scene.client) as db:
        before = await db.fetchval(_LOOKED_UP)
        total, page = await queries.bookings(
            db,
            Asker(scene.client, None, is_admin=False),
            Filters(),
            [("total_amount", True), ("start_time", True)],
            limit=20,
            offset=0,
        )
        assert (total, len(page)) == (501, 20)
        assert [view.starts_at for view in page] == sorted((view.starts_at for view in page), reverse=True)
        assert await db.fetchval(_LOOKED_UP) - before <= 2 * len(page)
