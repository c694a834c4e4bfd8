"""Lists that are asked for by `limit` and `offset`, and come with how many there are in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from moorage.web.errors import InvalidLimitError

T = TypeVar("T")
OFFSET_MAX: Final = 100_000_000


class Sliced(BaseModel, Generic[T]):
    """One slice of a list, for the reference; `total` counts all that there are."""

    items: list[T]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class Slice:
    """Which items of a list are asked for."""

    limit: int
    offset: int


def _slice(
    request: Request,
    limit: Annotated[
        int, Query(description="How many items, 1 to 100", json_schema_extra={"minimum": 1, "maximum": 100})
    ] = 20,
    offset: Annotated[
        int, Query(description="How many to pass over", json_schema_extra={"minimum": 0, "maximum": OFFSET_MAX})
    ] = 0,
) -> Slice:
    most: int = request.app.state.settings.page_size_max
    if not 1 <= limit <= most:
        raise InvalidLimitError(f"limit is 1 to {most}", pointer="?limit")
    if not 0 <= offset <= OFFSET_MAX:
        raise InvalidLimitError(f"offset is 0 to {OFFSET_MAX}", pointer="?offset")
    return Slice(limit, offset)


Slicing = Annotated[Slice, Depends(_slice)]
"""Parameter of a list operation: the slice that is asked for."""


def sliced(items: Sequence[Any], total: int, asked: Slice) -> Response:
    """Answer with one slice."""
    body = {"items": items, "total": total, "limit": asked.limit, "offset": asked.offset}
    return Response(to_json(body), media_type="application/json")
