"""How this contract answers: plain JSON, and RFC 9457 where something is refused."""

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
