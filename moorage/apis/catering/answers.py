"""How this contract answers: plain JSON, and RFC 9457 where something is refused."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

PREFIX = "/api"


def said(data: Any, status: int = 200) -> Response:
    """Answer with `data` (a model, dataclass, dict or list)."""
    return Response(to_json(data), status, media_type="application/json")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an operation: which statuses besides its success it may answer with."""
    return {status: {"description": "Refused."} for status in statuses}


def instant_of(at: date | datetime, zone: tzinfo, *, is_end: bool) -> datetime:
    """The instant that a query means: a date's first, or the first after it; a local time is read in `zone`."""
    if isinstance(at, datetime):
        return at if at.tzinfo is not None else at.replace(tzinfo=zone).astimezone(UTC)
    day = at + timedelta(days=1) if is_end else at
    return datetime.combine(day, time.min, zone).astimezone(UTC)
