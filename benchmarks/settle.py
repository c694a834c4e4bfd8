"""`moorage bench settle`: a provider's webhook in, and what follows from it, against pgbench on the same server.

Acknowledgement: POST /webhooks/sandbox, verified, stored, answered by two web processes; pgbench inserts the same row.
Goal 0.5. Processing: stored events to confirmed bookings, in process; pgbench calls `settle_payment`. Goal 0.35.
"""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import asyncpg

from benchmarks.harness import CLIENTS, ROUNDS, Bench, Turns, bench_server, in_turns
from benchmarks.lanes import post_for
from benchmarks.shop import PRACTITIONERS, hold, open_shop
from benchmarks.web import web_processes
from moorage.journeys.house import House
from moorage.journeys.process_events import process_due_events
from moorage.kernel.db import Connection
from moorage.kernel.ids import uuid7
from moorage.providers.sandbox.signatures import HEADER, sign
from moorage.wiring.house import connect_database, make_house
from moorage.wiring.providers import close_gateways
from moorage.wiring.settings import Settings

WEB_PROCESSES: Final = 2
SECRET: Final = "whsec_of_the_benchmark_0123456789"  # noqa: S105 - for a server that nobody else reaches
EACH: Final = 32  # bookings with each practitioner in one turn


async def run() -> dict[str, Any]:
    """Measure both; `ratio` is the acknowledgement's, `processing_ratio` the other's."""
    async with bench_server() as bench:
        with tempfile.TemporaryDirectory() as home:
            acknowledged = await _measure_acknowledgement(bench, home)
            processed = await _measure_processing(bench, home)
    return {
        "ratio": acknowledged.ratio,
        "processing_ratio": processed.ratio,
        "cpu_ms": round(processed.cpu_ms, 3),
        "runs": {"acknowledgement": acknowledged.facts(), "processing": processed.facts()},
    }


async def _measure_acknowledgement(bench: Bench, home: str) -> Turns:
    async with web_processes(WEB_PROCESSES, _environment(bench, home)) as port:

        def next_request() -> bytes:
            return _request(_event(f"evt_{uuid7().hex}", str(uuid7())))

        turns = await in_turns(
            bench,
            lambda _: _insert(),
            lambda seconds: post_for(port, seconds, next_request, status=200),
            pgbench_dsn=bench.addresses.superuser_dsn,
        )
    superuser = await asyncpg.connect(bench.addresses.superuser_dsn)
    await superuser.execute("DELETE FROM webhook_events")
    await superuser.close()
    return turns


async def _measure_processing(bench: Bench, home: str) -> Turns:
    """Rounds of a number of events instead of seconds: each booking can be settled once."""
    os.environ.update(_environment(bench, home))
    settings = Settings()
    pools = await connect_database(settings, bench.addresses)
    house = make_house(settings, pools)
    superuser = await asyncpg.connect(bench.addresses.superuser_dsn)
    theirs, ours, cpu_s, count = [], [], 0.0, PRACTITIONERS * EACH
    try:
        await open_shop(superuser)
        await _warm_up(bench, superuser)
        for number in range(ROUNDS):
            await hold(superuser, 1 + 2 * number * EACH, EACH)
            theirs.append(await bench.pgbench(_settle(), transactions=count // CLIENTS))
            await superuser.execute("SELECT setval('bench_turn', (SELECT max(n) FROM bench_holds))")
            await hold(superuser, 1 + (2 * number + 1) * EACH, EACH)
            await _store(superuser, await superuser.fetchval("SELECT last_value FROM bench_turn"))
            before = bench.database_cpu_s()
            ours.append(count / await _process(house, count))
            cpu_s += bench.database_cpu_s() - before
            await superuser.execute("SELECT setval('bench_turn', (SELECT max(n) FROM bench_holds))")
        unpaid = await superuser.fetchval("SELECT count(*) FROM bookings WHERE status <> 'confirmed'")
        if unpaid:
            raise RuntimeError(f"{unpaid} bookings were not confirmed")
    finally:
        await superuser.close()
        await close_gateways(house)
        await pools.close()
    return Turns(theirs, ours, 1000 * cpu_s / (count * ROUNDS))


async def _warm_up(bench: Bench, superuser: Connection) -> None:
    """One booking with each practitioner is paid: accounts are open, and no table is empty when plans are made."""
    await hold(superuser, 0, 1)
    await bench.pgbench(_settle(), transactions=PRACTITIONERS, clients=1)
    await superuser.execute("ANALYZE")


async def _process(house: House, count: int) -> float:
    """How many seconds it takes to process the `count` events that are due."""
    started = time.perf_counter()
    taken = 0
    while taken < count:
        taken += await process_due_events(house)
    return time.perf_counter() - started


def _environment(bench: Bench, home: str) -> dict[str, str]:
    return {
        "ENVIRONMENT": "test",
        "MOORAGE_HOME": str(Path(home)),
        "DATABASE_URL": bench.addresses.superuser_dsn or "",
        "SANDBOX_WEBHOOK_SECRET": SECRET,
        "RATE_LIMIT_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
    }


def _event(event_id: str, payment_id: str) -> bytes:
    """A success as the sandbox tells it."""
    data = {
        "id": f"pi_{payment_id}",
        "object": "intent",
        "client_reference": payment_id,
        "status": "paid",
        "amount_minor": 8_000,
        "captured_minor": 8_000,
        "capture_method": "automatic",
        "currency": "USD",
        "description": "An hour",
        "payment_method": "visa 4242",
        "failure_code": None,
        "charge": f"ch_{payment_id}",
        "refunded_minor": 0,
        "created_at": "2026-01-01T00:00:00+00:00",
    }
    return json.dumps({"id": event_id, "type": "intent.succeeded", "livemode": False, "data": data}).encode()


def _request(body: bytes) -> bytes:
    signature = sign([SECRET], body, int(time.time()))
    head = (
        f"POST /webhooks/sandbox HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"{HEADER}: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _store(superuser: Connection, after: int) -> None:
    """Events in the inbox that pay what was held after number `after`."""
    rows = await superuser.fetch("SELECT n, payment_id FROM bench_holds WHERE n > $1 ORDER BY n", after)
    await superuser.executemany(
        "INSERT INTO webhook_events (id, provider, event_id, event_type, body)"
        " VALUES ($1, 'sandbox', $2, 'intent.succeeded', $3)",
        [(uuid7(), f"evt_{row['n']}", _event(f"evt_{row['n']}", str(row["payment_id"]))) for row in rows],
    )


def _insert() -> str:
    """The same row, inserted by pgbench, which takes every colon for a variable's: hence chr(58)."""
    body = _event("evt_00000000000000000000000000000000", str(uuid7())).decode().replace(":", "' || chr(58) || '")
    return (
        "INSERT INTO webhook_events (id, provider, event_id, event_type, body)"  # noqa: S608 - a body of our own
        f" SELECT id, 'sandbox', 'evt_' || id, 'intent.succeeded', convert_to('{body}', 'UTF8')"
        " FROM gen_random_uuid() AS id ON CONFLICT (provider, event_id) DO NOTHING;\n"
    )


def _settle() -> str:
    """The next held booking's payment has succeeded, as pgbench says it."""
    return (
        "SELECT settle_payment(payment_id, 'succeeded', 8000, 'USD', 'pi_' || payment_id, 'visa 4242', NULL,"
        " 'sandbox_webhook', '{}', now()) FROM bench_holds WHERE n = (SELECT nextval('bench_turn'));\n"
    )
