"""What must be true of the database after any storm or crash, asked in SQL as the overseer."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg

# Each returns rows only where a law is broken.
BROKEN = {
    "two active claims of one resource overlap": """
        SELECT a.id, b.id FROM claims a JOIN claims b
          ON a.resource_no = b.resource_no AND a.id < b.id AND a.during && b.during
        WHERE a.active AND b.active""",
    "places taken differ from the live bookings' places": """
        SELECT s.id, s.places_taken, coalesce(sum(b.places), 0) FROM sessions s
        LEFT JOIN bookings b ON b.session_id = s.id AND b.status IN ('pending', 'confirmed', 'completed')
        GROUP BY s.id HAVING s.places_taken <> coalesce(sum(b.places), 0)""",
    "a session is oversold": "SELECT id FROM sessions WHERE places_taken > capacity",
    "a live booking of a session service has no active claim": """
        SELECT b.id FROM bookings b JOIN services s ON s.id = b.service_id
        WHERE s.service_type = 'session' AND b.status IN ('pending', 'confirmed')
          AND NOT EXISTS (SELECT FROM claims c WHERE c.booking_id = b.id AND c.active)""",
    "an active claim belongs to a booking that is over": """
        SELECT c.id FROM claims c JOIN bookings b ON b.id = c.booking_id
        WHERE c.active AND b.status = 'cancelled'""",
    "a ledger transaction does not sum to zero": """
        SELECT transaction_id FROM ledger_entries GROUP BY 1 HAVING sum(amount_minor) <> 0""",
    "a balance differs from its entries": """
        SELECT a.code FROM ledger_accounts a
        LEFT JOIN (SELECT account_no, sum(balance_minor) AS kept FROM ledger_balances GROUP BY 1) b
          ON b.account_no = a.no
        LEFT JOIN (SELECT account_no, sum(amount_minor) AS told FROM ledger_entries GROUP BY 1) e
          ON e.account_no = a.no
        WHERE coalesce(kept, 0) <> coalesce(told, 0)""",
    "a confirmed, unpaid booking": """
        SELECT id FROM bookings WHERE status = 'confirmed' AND parent_id IS NULL AND total_minor > 0
          AND due_now_minor > paid_minor""",
    "a succeeded payment is not posted exactly once": """
        SELECT p.id FROM payments p
        WHERE p.status IN ('succeeded', 'partially_refunded', 'refunded', 'disputed', 'charged_back')
          AND (SELECT count(*) FROM ledger_transactions t WHERE t.reference_id = p.id AND t.kind = 'payment') <> 1""",
}


async def broken(db: asyncpg.Connection) -> dict[str, list[Any]]:
    """The laws that do not hold, each with a few of the rows that break it."""
    found = {}
    for law, query in BROKEN.items():
        rows = await db.fetch(f"{query} LIMIT 5")
        if rows:
            found[law] = [tuple(row.values()) for row in rows]
    return found


_OPEN = """
SELECT 'operation' AS what, kind, status, attempts, error, next_at - now() AS due_in FROM provider_operations
 WHERE status IN ('planned', 'called', 'unknown')
UNION ALL
SELECT 'event', event_type, status, attempts, outcome, next_at - now() FROM webhook_events WHERE status = 'received'
"""


async def settle_down(db: asyncpg.Connection, timeout_s: float = 60.0) -> None:
    """Wait until no call to a provider is open and no event waits: the promised minute after a crash."""
    deadline = time.monotonic() + timeout_s
    while True:
        waiting = [tuple(row.values()) for row in await db.fetch(_OPEN)]
        if not waiting:
            return
        assert time.monotonic() < deadline, f"still open: {waiting[:5]} of {len(waiting)}"
        await asyncio.sleep(0.2)
