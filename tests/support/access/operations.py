"""Health, metrics, failed jobs and what providers tell us, in the access matrix: rows, and what requests fill in."""

from tests.support.access.asks import Ask, Asks, a_stored_event, of
from tests.support.access.cast import Cast

# operation (and a word where it has several rows)  anonymous client practitioner | client host admin (of it)
EXPECTED = {
    "failed_jobs_list": "401 403 403 403 403 200",
    "failed_jobs_retry": "401 403 403 403 403 200",
    "provider_events_list": "401 403 403 403 403 200",
    "provider_events_replay": "401 403 403 403 403 200",
    "webhooks_receive": "400 400 400 400 400 400",
    "health": "200 200 200 200 200 200",
    "metrics": "200 200 200 200 200 200",
}
TOKEN_UNREAD = {"webhooks_receive", "health", "metrics"}


async def a_failed_job(cast: Cast) -> Ask:
    return Ask({"job_id": await cast.failed_job()})


ASKS: dict[str, Asks] = {
    "failed_jobs_retry": a_failed_job,
    "provider_events_replay": a_stored_event,
    "webhooks_receive": of({"id": "evt_forged"}),
}
