"""The marketplace contract's envelope: every answer is status, data, message, errors; lists come in pages."""

import json
from collections.abc import Sequence
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.responses import Response

from moorage.kernel.errors import InvalidError
from moorage.web.paging import Page
from moorage.web.problems import Problem, Rendered

PREFIX: Final = "/api/v1"
T = TypeVar("T")


class InvalidOrderingError(InvalidError):
    """This list cannot be ordered by that."""

    code = "invalid_ordering"


class Success(BaseModel, Generic[T]):
    """The shape of an answer that succeeded, for the reference."""

    status: Literal["success"] = "success"
    data: T
    message: str = ""
    errors: dict[str, Any] = Field(default_factory=dict)


class Listed(BaseModel, Generic[T]):
    """One page of a list, for the reference."""

    count: int
    next: str | None
    previous: str | None
    results: list[T]


class FieldError(BaseModel):
    """One field at fault."""

    pointer: str
    code: str
    message: str


class ErrorFacts(BaseModel):
    """What went wrong, for programs."""

    code: str
    request_id: str
    type: str
    title: str
    fields: list[FieldError]


class Failure(BaseModel):
    """The shape of an answer that failed, for the reference."""

    status: Literal["error"] = "error"
    data: None = None
    message: str
    errors: ErrorFacts


def ok(
    data: Any,
    message: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
    errors: dict[str, Any] | None = None,
) -> Response:
    """Answer with `data` (a model, dataclass, dict or list; dumped straight to bytes). `errors` are what was left
    undone of a request that succeeded otherwise.
    """
    dumped = data.__pydantic_serializer__.to_json(data) if isinstance(data, BaseModel) else to_json(data)
    said = b'""' if not message else to_json(message)
    undone = b"{}" if not errors else to_json(errors)
    content = b'{"status":"success","data":' + dumped + b',"message":' + said + b',"errors":' + undone + b"}"
    return Response(content, status, headers, "application/json")


def created(data: Any, message: str = "") -> Response:
    """Answer 201 with `data`."""
    return ok(data, message, 201)


def listing(request: Request, results: Sequence[Any], count: int, page: Page) -> Response:
    """Answer with one page: `results` are its items, `count` all that there are."""
    last = max(1, -(-count // page.size))
    return ok(
        {
            "count": count,
            "next": _page_url(request, page.number + 1) if page.number < last else None,
            "previous": _page_url(request, min(page.number - 1, last)) if page.number > 1 else None,
            "results": results,
        }
    )


def ordering_of(text: str | None, allowed: Sequence[str], default: str) -> list[tuple[str, bool]]:
    """`ordering` as [(field, descending)]: comma-separated, `-` for descending. Raises InvalidOrderingError."""
    chosen: list[tuple[str, bool]] = []
    for part in (text or default).split(","):
        name = part.strip().removeprefix("-")
        if name not in allowed:
            raise InvalidOrderingError(f"ordering takes {', '.join(allowed)}", pointer="?ordering")
        chosen.append((name, part.strip().startswith("-")))
    return chosen


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an operation: which statuses besides its success it may answer with. Those that every
    operation shares (400, 429, 500, 503) are added by the document itself.
    """
    return {status: {"model": Failure} for status in statuses}


def _page_url(request: Request, number: int) -> str:
    base = request.app.state.settings.public_url()
    query = [(n, v) for n, v in parse_qsl(request.scope["query_string"].decode("latin-1")) if n != "page"]
    return f"{base}{request.scope['path']}?{urlencode([*query, ('page', number)])}"


def wrapped(problem: Problem) -> Rendered:
    """A refusal in this contract's shape."""
    members = {
        "status": "error",
        "data": None,
        "message": problem.detail,
        "errors": {
            "code": problem.code,
            "request_id": problem.request_id,
            "type": problem.type,
            "title": problem.title,
            "fields": [{"pointer": f.pointer, "code": f.code, "message": f.message} for f in problem.fields],
            **problem.extra,
        },
    }
    body = json.dumps(members, separators=(",", ":"), default=str).encode()
    return Rendered(problem.status, body, "application/json", problem.headers)
