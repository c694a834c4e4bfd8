"""`/metrics`: what Prometheus reads. Counters of this process (of all web processes where there are several), and what
the database knows: the queue, the jobs that failed, the events that wait for a person.
"""

import os
from typing import Final

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.responses import Response

from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import UnavailableError
from moorage.web.actor import house_of
from moorage.web.metrics import REGISTRY

router = APIRouter(tags=["Operations"])
_STATE: Final = """
SELECT (SELECT count(*) FROM pgqueuer WHERE status = 'queued') AS queued,
       (SELECT count(*) FROM pgqueuer WHERE status = 'picked') AS running,
       (SELECT count(*) FROM pgqueuer WHERE status = 'failed') AS failed,
       (SELECT coalesce(extract(epoch FROM now() - min(execute_after)), 0)::float8 FROM pgqueuer
         WHERE status = 'queued' AND execute_after <= now()) AS oldest_s,
       (SELECT count(*) FROM webhook_events WHERE status = 'received') AS events,
       (SELECT count(*) FROM webhook_events WHERE status = 'parked') AS parked
"""


@router.get("/metrics", operation_id="metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Everything measured, in Prometheus' text format."""
    counted = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    else:
        counted = REGISTRY
    text = generate_latest(counted) + generate_latest(await _looked_at(house_of(request)))
    return Response(text, 200, {"cache-control": "no-store"}, "text/plain; version=0.0.4; charset=utf-8")


async def _looked_at(house: House) -> CollectorRegistry:
    looked = CollectorRegistry()
    pool = Gauge("moorage_database_connections", "Connections of this process.", ["pool", "state"], registry=looked)
    for name, (opened, busy) in house.database.in_use().items():
        pool.labels(name, "idle").set(opened - busy)
        pool.labels(name, "busy").set(busy)
    up = Gauge("moorage_database_up", "1 when the database answers.", registry=looked)
    try:
        async with house.database.reading(SYSTEM) as db:
            state = await db.fetchrow(_STATE)
    except UnavailableError:
        return looked
    up.set(1)
    if state is not None:
        jobs = Gauge("moorage_jobs", "Jobs in the queue, by state.", ["state"], registry=looked)
        for name in ("queued", "running", "failed"):
            jobs.labels(name).set(state[name])
        Gauge("moorage_jobs_oldest_seconds", "How long the oldest due job waits.", registry=looked).set(
            state["oldest_s"]
        )
        events = Gauge("moorage_webhook_events", "Providers' events not done with.", ["state"], registry=looked)
        events.labels("received").set(state["events"])
        events.labels("parked").set(state["parked"])
    return looked
