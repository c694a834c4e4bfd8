"""What an operation may refuse, and how that is told in the OpenAPI document: each status with its codes and an
example of each. Codes follow from an operation's shape; what is its own comes from the list of its contract.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from moorage.kernel.errors import MoorageError
from moorage.web.contracts import Contract
from moorage.web.open_routes import GUESTS, OPEN, PUBLIC, SIGNED
from moorage.web.problems import FIELD_CODES, STATUS_OF, FieldProblem, Problem, render

_OF_ALL: Final = ("malformed_request", "internal_error", "unavailable")
_OF_POST: Final = ("invalid_idempotency_key", "request_in_progress", "idempotency_key_reused")
_OF_BODY: Final = (
    "malformed_json",
    "duplicate_key",
    "body_too_large",
    "unsupported_media_type",
    "unknown_field",
    "required",
    "invalid_type",
    "card_data_not_allowed",
    "invalid_text",
)
# Open to anybody, and still a token that is sent along has to be valid.
_TOKEN_OPTIONAL: Final = PUBLIC | GUESTS | {"auth_verify_email_resend"}
_WITHOUT_CLASS: Final = {"internal_error": 500, "method_not_allowed": 405}
_SENTENCES: Final = {
    400: "The request cannot be read.",
    401: "Not signed in, or the token is not valid any more.",
    403: "Signed in, but not allowed to.",
    404: "There is nothing here by that name, or it is somebody else's.",
    409: "It cannot be done as things are now.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not application/json.",
    422: "Something in what was sent is not acceptable; `fields` says what, each with a code of its own.",
    429: "Too many requests in this hour; `Retry-After` says when the next is taken.",
    500: "A fault of ours, known to the log by its `error_id`.",
    503: "Busy, or the database is away: nothing was done. Try again after `Retry-After`.",
}

_NAMES: Final = {
    400: "Malformed",
    401: "NotSignedIn",
    403: "NotAllowed",
    404: "NotFound",
    409: "Conflict",
    413: "TooLarge",
    415: "Unsupported",
    422: "NotAcceptable",
    429: "RateLimited",
    500: "Failed",
    503: "Unavailable",
}
# What a code says of the operations that refuse with it.
_TRAITS: Final = {
    "invalid_idempotency_key": "Key",
    "idempotency_key_reused": "Key",
    "malformed_json": "Body",
    "required": "Body",
    "invalid_limit": "Page",
    "invalid_ordering": "Order",
}


def known_codes() -> dict[str, tuple[int, str]]:
    """Every code of the errors that are loaded and of fields: its status and the sentence that goes with it."""
    known = {
        code: (STATUS_OF[kind.kind], kind.message())
        for code, kind in MoorageError.by_code.items()
        if kind.__module__.startswith("moorage.")  # whoever extends the product documents their own
    }
    for code, text in FIELD_CODES.items():
        known.setdefault(code, (_WITHOUT_CLASS.get(code, 422), text))
    return known


def refusals_of(contract: Contract, method: str, operation: dict[str, Any], own: Iterable[str]) -> dict[int, list[str]]:
    """The codes that an operation of `contract` may refuse with, by status."""
    name, parameters = operation["operationId"], operation.get("parameters", [])
    asked = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
    codes = [*_OF_ALL, *own]
    if contract.is_api and name not in SIGNED:
        codes.append("rate_limited")
        codes += _OF_POST if method == "POST" else ()
        if name not in OPEN:
            codes += ("not_authenticated", "invalid_token")
        elif name in _TOKEN_OPTIONAL:
            codes += ("invalid_token",)
    if any(parameter["in"] == "path" for parameter in parameters):
        codes.append("not_found")
    if "requestBody" in operation:
        codes += _OF_BODY
    if asked & {"page", "limit"}:
        codes.append("invalid_limit")
    if "ordering" in asked:
        codes.append("invalid_ordering")
    if asked:
        codes.append("invalid_type")
    known, found = known_codes(), dict[int, list[str]]()
    for code in dict.fromkeys(codes):
        found.setdefault(known[code][0], []).append(code)
    return {status: found[status] for status in sorted(found)}


def name_of(status: int, codes: Sequence[str]) -> str:
    """A name for the answer that many operations share: `MalformedBodyKey`."""
    traits = "".join(sorted(_TRAITS[code] for code in codes if code in _TRAITS))
    is_optional = status == 401 and "not_authenticated" not in codes
    return _NAMES[status] + traits + ("TokenOptional" if is_optional else "")


def told(path: str, status: int, codes: Sequence[str], schema: str) -> dict[str, Any]:
    """The document's answer of `status` below `path`: a sentence with the codes, the schema, an example of each."""
    known = known_codes()
    named = ", ".join(f"`{code}`" for code in codes)
    examples = {
        code: {"summary": known[code][1], "value": _example(path, status, code, known[code][1])} for code in codes
    }
    media_type = "application/json" if schema == "Failure" else "application/problem+json"
    return {
        "description": f"{_SENTENCES[status]} Codes: {named}.",
        "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}, "examples": examples}},
    }


def _example(path: str, status: int, code: str, message: str) -> Any:
    fields = [FieldProblem("/first_name", code, message)] if code in FIELD_CODES and status == 422 else []
    extra = {"error_id": "err_7c1f0a9d5e3b4c2a8f6d1e0b"} if status >= 500 else {}
    problem = Problem(status, code, message, "req_5f0c9d6f2f0e4f3b8a1d2c3e", fields, extra)
    return json.loads(render(path, problem).body)
