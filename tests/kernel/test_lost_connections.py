"""Connections that the server ended while they waited: nobody who asks next hears of it."""

from moorage.kernel.db import ANONYMOUS, SYSTEM
from tests.support.worker import until


async def test_a_connection_that_was_lost_at_hand_is_replaced_before_it_is_asked(house, superuser):
    for actor in (ANONYMOUS, SYSTEM):
        async with house.database.hot(actor) as db:
            pid = await db.fetchval("SELECT pg_backend_pid()")
        await superuser.execute("SELECT pg_terminate_backend($1)", pid)
        await until(lambda: _has_heard(db))
        async with house.database.hot(actor) as db:
            assert await db.fetchval("SELECT pg_backend_pid()") != pid


async def _has_heard(connection):
    """Whether the end of the connection has reached the pool, which takes it back then."""
    return connection._con is None
