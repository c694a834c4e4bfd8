"""Lists of the practice contract: arrays taken by `skip` and `limit`, with `X-Total-Count` and `Link` (RFC 8288)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from moorage.web.errors import InvalidLimitError

LIMIT_MAX: Final = 200
SKIP_MAX: Final = 100_000_000

LISTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "headers": {
            "X-Total-Count": {"description": "How many there are in all.", "schema": {"type": "integer"}},
            "Link": {
                "description": "The `first`, `prev`, `next` and `last` page (RFC 8288).",
                "schema": {"type": "string"},
            },
        }
    }
}
"""The `responses=` of a list."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which items of a list are asked for."""

    skip: int
    limit: int


def _window(
    skip: Annotated[
        int, Query(description="How many to pass over", json_schema_extra={"minimum": 0, "maximum": SKIP_MAX})
    ] = 0,
    limit: Annotated[
        int, Query(description="How many, 1 to 200", json_schema_extra={"minimum": 1, "maximum": LIMIT_MAX})
    ] = 50,
) -> Window:
    if not 0 <= skip <= SKIP_MAX:
        raise InvalidLimitError(f"skip is 0 to {SKIP_MAX}", pointer="?skip")
    if not 1 <= limit <= LIMIT_MAX:
        raise InvalidLimitError(f"limit is 1 to {LIMIT_MAX}", pointer="?limit")
    return Window(skip, limit)


Windowed = Annotated[Window, Depends(_window)]
"""Parameter of a list operation."""


def answer(item: Any, status: int = 200) -> Response:
    """Answer with one thing: a model, dataclass or dict."""
    return Response(to_json(item), status, media_type="application/json")


def listed(request: Request, items: Sequence[Any], total: int, window: Window) -> Response:
    """Answer with `items`, of `total` in all."""
    headers = {"x-total-count": str(total), "link": ", ".join(_links(request, total, window))}
    return Response(to_json(list(items)), 200, headers, "application/json")


def _links(request: Request, total: int, window: Window) -> list[str]:
    limit = window.limit
    last = max(0, (total - 1) // limit * limit)
    pages = {"first": 0, "last": last}
    if window.skip > 0:
        pages["prev"] = max(0, min(window.skip, last + limit) - limit)
    if window.skip + limit < total:
        pages["next"] = window.skip + limit
    return [f'<{_address(request, skip, limit)}>; rel="{name}"' for name, skip in pages.items()]


def _address(request: Request, skip: int, limit: int) -> str:
    base = request.app.state.settings.public_url()
    sent = parse_qsl(request.scope["query_string"].decode("latin-1"))
    query = [(name, value) for name, value in sent if name not in {"skip", "limit"}]
    return f"{base}{request.scope['path']}?{urlencode([*query, ('skip', skip), ('limit', limit)])}"
