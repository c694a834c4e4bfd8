"""`moorage bench analytics`: the whole report over 1,000,000 payments of two years, by day, through the product's own
queries as an administrator, after the days were tallied as the worker does.

Goal: one second. The ratio is against what the server needs to add up the same rows once in plain SQL: no report can
take less than that.
"""

import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final

import asyncpg

from benchmarks.harness import bench_server
from moorage.domains.analytics import days_of, edges_of, midnight_of, payment_report, tally_begins, tally_payments
from moorage.kernel.db import Connection

PAYMENTS: Final = 1_000_000
PAYERS: Final = 50_000
DAYS: Final = 730
ROUNDS: Final = 5

_PEOPLE = f"""
INSERT INTO users (id, email, email_verified_at, role)
SELECT gen_random_uuid(), 'bench' || n || '@example.com', now(), CASE n WHEN 0 THEN 'admin' ELSE 'user' END
  FROM generate_series(0, {PAYERS}) AS n
"""  # noqa: S608 - constants
_PAYMENTS = f"""
WITH payers AS (SELECT array_agg(id) AS ids FROM users)
INSERT INTO payments (id, purpose, purpose_id, payer_id, amount_minor, currency, status, provider, provider_ref,
                      payment_method, client_secret, refunded_minor, succeeded_at, created_at, updated_at)
SELECT new_id(), (ARRAY['booking_deposit', 'booking_balance', 'booking_full', 'invoice'])[1 + n % 4],
       gen_random_uuid(), payers.ids[1 + (n::bigint * 7919) % {PAYERS}], 1000 + n % 9000, 'USD', made.status, 'sandbox',
       'pi_' || n, (ARRAY['visa 4242', 'mastercard 4444', 'wallet'])[1 + n % 3], 'secret_' || n,
       CASE made.status WHEN 'partially_refunded' THEN 500 ELSE 0 END,
       CASE WHEN made.status <> 'failed' THEN made.at END, made.at, made.at
  FROM payers, generate_series(1, {PAYMENTS}) AS n,
       LATERAL (SELECT CASE WHEN n % 20 = 0 THEN 'failed' WHEN n % 20 = 1 THEN 'partially_refunded'
                            ELSE 'succeeded' END AS status,
                       now() - interval '{DAYS} days' * (({PAYMENTS} - n)::float8 / {PAYMENTS}) AS at) AS made
"""  # noqa: S608 - constants
_REFUNDS = """
INSERT INTO refunds (id, payment_id, amount_minor, currency, status, reason)
SELECT new_id(), id, 500, currency, 'succeeded', (ARRAY['customer_request', 'duplicate', 'other'])[1 + no % 3]
  FROM payments WHERE status = 'partially_refunded'
"""
_DISPUTES = """
INSERT INTO disputes (id, payment_id, provider, provider_ref, amount_minor, held_minor, currency)
SELECT new_id(), id, provider, 'dp_' || no, amount_minor, 0, currency FROM payments WHERE no % 1000 = 2
"""
_FLOOR = "SELECT count(*), sum(amount_minor) FROM payments WHERE currency = 'USD' AND created_at >= $1"


async def run() -> dict[str, Any]:
    """Measure; times in seconds."""
    async with bench_server() as bench:
        db = await asyncpg.connect(bench.addresses.superuser_dsn)
        for statement in (_PEOPLE, _PAYMENTS, _REFUNDS, _DISPUTES, "VACUUM ANALYZE"):
            await db.execute(statement)
        admin = await db.fetchval("SELECT id FROM users WHERE role = 'admin'")
        ends = datetime.now(UTC) + timedelta(minutes=1)
        edges = edges_of(ends - timedelta(days=DAYS + 1), ends, "day", UTC)
        tallied = await _timed(lambda: _tally(db))
        floor = [await _timed(lambda: db.fetchrow(_FLOOR, edges[0])) for _ in range(ROUNDS)]
        web = await asyncpg.connect(bench.addresses.web_dsn)
        await web.execute("SELECT set_config('role', 'moorage_web', false)")
        await web.execute("SELECT set_config('jit', 'off', false)")
        await web.execute("SELECT set_config('request.jwt.claim.sub', $1, false)", str(admin))
        before = bench.database_cpu_s()
        ours = [await _timed(lambda: _report(web, edges)) for _ in range(ROUNDS)]
        cpu_s = bench.database_cpu_s() - before
        await web.close()
        await db.close()
    return {
        "ratio": round(median(floor) / median(ours), 3),
        "cpu_ms": round(1000 * cpu_s / ROUNDS),
        "report_s": round(median(ours), 3),
        "sum_s": round(median(floor), 3),
        "tally_all_s": round(tallied, 1),
        "runs": {"payments": PAYMENTS, "reports_s": [round(each, 3) for each in ours]},
    }


async def _tally(db: Connection) -> None:
    begins = await tally_begins(db) or datetime.now(UTC)
    days = days_of(midnight_of(begins, UTC), midnight_of(datetime.now(UTC), UTC), UTC)
    while await tally_payments(db, days, limit=60, timeout_s=600):
        pass


async def _report(db: Connection, edges: list[datetime]) -> None:
    report = await payment_report(db, edges, days_of(edges[0], edges[-1], UTC), None, otherwise="USD")
    if report.total.payments != PAYMENTS:
        raise RuntimeError(f"{report.total.payments} payments were reported")


async def _timed(ask: Any) -> float:
    started = time.perf_counter()
    await ask()
    return time.perf_counter() - started
