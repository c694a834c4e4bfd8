"""Removes what nobody will ask for again: kept answers, past windows of the rate limits, old tokens, links and logs."""

from typing import Final

from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM

_STATEMENTS: Final = (
    "DELETE FROM idempotency_keys WHERE expires_at < now()",
    "DELETE FROM rate_limits WHERE window_no < extract(epoch FROM now())::bigint / 3600 - 1",
    "DELETE FROM account_links WHERE expires_at < now() - interval '7 days'",
    # A used token is kept while it could still come back and give a thief away.
    "DELETE FROM refresh_tokens WHERE expires_at < now() - interval '7 days'",
    """
    DELETE FROM refresh_families f WHERE f.created_at < now() - interval '14 days'
       AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.family_id = f.id)
    """,
    "DELETE FROM pgqueuer_log WHERE created < now() - interval '7 days'",
)


async def tidy_up(house: House) -> None:
    """Task: one short transaction for each kind of leftover."""
    for statement in _STATEMENTS:
        async with house.database.transaction(SYSTEM) as db:
            await db.execute(statement)
