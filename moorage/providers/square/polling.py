"""What happened at Square lately, for what its webhooks never told: from its log of events, which a merchant may have
switched off; then from its lists, as the events that it would have sent.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from square import AsyncSquare

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.providers.square.client import ONCE, WrongKeysError, answer, every
from moorage.providers.square.events import TYPES

_PAGE: Final = 100
# An event is dated when it is made and seen when it is stored: looking back a little further misses none.
_OVERLAP: Final = timedelta(seconds=60)
_EVER: Final = "2009-01-01T00:00:00Z"


async def happened(square: AsyncSquare, location_id: str, since: datetime) -> list[dict[str, Any]]:
    """Bodies of events since then and a minute before, oldest first. Raises as any call does."""
    start = (since - _OVERLAP).astimezone(UTC).isoformat(timespec="milliseconds")
    try:
        return [body async for body in _logged(square, start)]
    except (ProviderDeclinedError, WrongKeysError):  # the log is off, or not for our token
        told = [body async for body in _listed(square, location_id, start)]
        return sorted(told, key=lambda body: str(body["created_at"]))


async def _logged(square: AsyncSquare, start: str) -> AsyncIterator[dict[str, Any]]:
    """From the log, which goes back 28 days."""
    query: Any = {
        "filter": {"event_types": list(TYPES), "created_at": {"start_at": start}},
        "sort": {"field": "DEFAULT", "order": "ASC"},
    }
    cursor: str | None = None
    while True:
        more: Any = {"cursor": cursor} if cursor else {}
        page = await answer(square.events.search_events(query=query, limit=_PAGE, request_options=ONCE, **more))
        for body in page.get("events") or ():
            yield body
        cursor = page.get("cursor")
        if not cursor:
            return


async def _listed(square: AsyncSquare, location_id: str, start: str) -> AsyncIterator[dict[str, Any]]:
    """From the lists: the present state of all that has changed. The same state is the same event."""
    asked: Any = {
        "begin_time": _EVER,
        "updated_at_begin_time": start,
        "location_id": location_id,
        "limit": _PAGE,
        "request_options": ONCE,
    }
    async for payment in every(square.payments.list(**asked)):
        yield _event("payment.updated", "payment", payment)
    async for refund in every(square.refunds.list(**asked)):
        yield _event("refund.updated", "refund", refund)
    since = datetime.fromisoformat(start)
    async for dispute in every(square.disputes.list(location_id=location_id, request_options=ONCE)):
        if datetime.fromisoformat(dispute["updated_at"]) >= since:
            yield _event("dispute.state.updated", "dispute", dispute)


def _event(kind: str, family: str, thing: dict[str, Any]) -> dict[str, Any]:
    at = thing["updated_at"]
    data = {"type": family, "id": thing["id"], "object": {family: thing}}
    return {"type": kind, "event_id": f"{thing['id']}:{at}", "created_at": at, "data": data}
