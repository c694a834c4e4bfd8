"""Errors as answers: `application/problem+json` (RFC 9457), or as the contract of that path writes them.

A contract has a renderer for its path prefix. A failure inside says nothing but an error id; the log has the rest.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from moorage.kernel.errors import MoorageError, UnavailableError

STATUS_OF: Final[Mapping[str, int]] = {
    "malformed": 400,
    "unauthorised": 401,
    "forbidden": 403,
    "missing": 404,
    "conflict": 409,
    "too_large": 413,
    "unsupported": 415,
    "invalid": 422,
    "too_many": 429,
    "unavailable": 503,
}
TITLES: Final[Mapping[int, str]] = {
    400: "Malformed request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable as sent",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}
RETRY_AFTER_S: Final = 2

# pydantic's error types as our stable codes; a type that is ours already (fields.py) stands for itself.
_CODES: Final[Mapping[str, str]] = {
    "extra_forbidden": "unknown_field",
    "missing": "required",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_long",
    "too_short": "too_short",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "literal_error": "invalid_choice",
    "enum": "invalid_choice",
    "string_pattern_mismatch": "invalid_format",
    "value_error": "invalid",
    "finite_number": "invalid_type",
}

# Codes of single fields, with what they say; a field's own sentence may say more.
FIELD_CODES: Final[Mapping[str, str]] = {
    "invalid_choice": "Not one of the values that are taken here.",
    "invalid_date": "Not a date like 2026-12-15.",
    "invalid_datetime": "Not an RFC 3339 date and time.",
    "invalid_email": "Not an e-mail address.",
    "invalid_format": "Not written as it has to be.",
    "invalid_id": "Not a UUID.",
    "invalid_percent": "Not a percentage that is taken here.",
    "invalid_phone_number": "Holds more than digits, spaces and + ( ) -.",
    "invalid_time": "Not a time of day like 09:30.",
    "invalid_timezone": "Not an IANA time zone.",
    "invalid_type": "Another type is expected.",
    "invalid_url": "Not an https:// address.",
    "lat_with_lng": "Latitude and longitude come together.",
    "offset_required": "A time without its offset from UTC.",
    "out_of_range": "Too small or too large.",
    "required": "Missing or empty.",
    "too_long": "Too long.",
    "too_short": "Too short.",
    "internal_error": "A fault of ours.",
    "method_not_allowed": "This address does not take that method.",
}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field at fault: where (a JSON pointer into the body, or `?name` in the query), its code and a sentence."""

    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, before a contract gives it its shape. `extra` are further members of the answer."""

    status: int
    code: str
    detail: str
    request_id: str
    fields: Sequence[FieldProblem] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """A short name of the kind of refusal."""
        return TITLES.get(self.status, "Refused")

    @property
    def type(self) -> str:
        """A URI that names the code: where the reference explains it."""
        return f"/docs/errors#{self.code}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer ready to be sent."""

    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str]


Renderer = Callable[[Problem], Rendered]
_renderers: list[tuple[str, Renderer]] = []
_exceptions: list[tuple[re.Pattern[str], Renderer]] = []


def render_below(prefix: str, renderer: Renderer) -> None:
    """Have every error of paths that begin with `prefix` written by `renderer`."""
    _renderers[:] = sorted(
        [*((p, r) for p, r in _renderers if p != prefix), (prefix, renderer)], key=lambda x: -len(x[0])
    )


def render_where(pattern: re.Pattern[str], renderer: Renderer) -> None:
    """The same for paths that match `pattern` from their beginning: a contract's own below another's prefix. The paths
    of the document match as well, with their parameters in braces.
    """
    _exceptions[:] = [*((known, r) for known, r in _exceptions if known != pattern), (pattern, renderer)]


def render(path: str, problem: Problem) -> Rendered:
    """`problem` as the contract that owns `path` writes it."""
    for pattern, renderer in _exceptions:
        if pattern.match(path):
            return renderer(problem)
    for prefix, renderer in _renderers:
        if path.startswith(prefix):
            return renderer(problem)
    return problem_json(problem)


def problem_json(problem: Problem) -> Rendered:
    """RFC 9457."""
    members: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": problem.request_id,
        "errors": [{"pointer": f.pointer, "code": f.code, "message": f.message} for f in problem.fields],
        **problem.extra,
    }
    body = json.dumps(members, separators=(",", ":"), default=str).encode()
    return Rendered(problem.status, body, "application/problem+json", problem.headers)


def problem_of(error: Exception, request_id: str) -> Problem | None:
    """What `error` means to the one who asked; None when it is a fault of ours."""
    if isinstance(error, MoorageError):
        return _from_named(error, request_id)
    if isinstance(error, RequestValidationError):
        return _from_fields(error.errors(), request_id)
    if isinstance(error, HTTPException):
        return _from_http(error, request_id)
    if isinstance(error, asyncpg.QueryCanceledError):
        return _from_named(UnavailableError("This took too long; nothing was done."), request_id)
    return None


def crash(error_id: str, request_id: str) -> Problem:
    """A fault of ours."""
    detail = f"Something failed on our side. It has been recorded as {error_id}."
    return Problem(500, "internal_error", detail, request_id, extra={"error_id": error_id})


def _from_named(error: MoorageError, request_id: str) -> Problem:
    status = STATUS_OF[error.kind]
    facts = dict(error.facts)
    retry_after_s = facts.pop("retry_after_s", RETRY_AFTER_S if status == 503 else None)
    headers: dict[str, str] = {}
    if retry_after_s is not None:
        headers["retry-after"] = str(retry_after_s)
    if status == 401:
        headers["www-authenticate"] = "Bearer" if error.code == "not_authenticated" else 'Bearer error="invalid_token"'
    fields = [FieldProblem(error.pointer, error.code, error.detail)] if error.pointer is not None else []
    return Problem(status, error.code, error.detail, request_id, fields, facts, headers)


def _from_fields(errors: Sequence[Any], request_id: str) -> Problem:
    if any(one["loc"][:1] == ("path",) for one in errors):
        return Problem(404, "not_found", "There is nothing here by that name.", request_id)
    if any(one["type"] == "json_invalid" for one in errors):
        return Problem(400, "malformed_json", "The body is not valid JSON in UTF-8.", request_id)
    fields = [FieldProblem(_pointer(one["loc"]), _code(one["type"]), str(one["msg"])) for one in errors]
    first = fields[0]
    detail = f"{first.pointer or 'The body'}: {first.message}"
    return Problem(422, first.code, detail, request_id, fields)


def _from_http(error: HTTPException, request_id: str) -> Problem:
    code, detail = {
        404: ("not_found", "There is nothing at this address."),
        405: ("method_not_allowed", "This address does not take that method."),
        400: ("malformed_request", "The request cannot be read."),
    }.get(error.status_code, ("refused", str(error.detail)))
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    return Problem(error.status_code, code, detail, request_id, headers=headers)


def _code(pydantic_type: str) -> str:
    known = _CODES.get(pydantic_type)
    if known is not None:
        return known
    return "invalid_type" if pydantic_type.endswith(("_type", "_parsing", "_from_float")) else pydantic_type


def _pointer(location: Sequence[str | int]) -> str:
    where, *rest = location
    if where == "query":
        return "?" + ".".join(str(part) for part in rest)
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in rest)
