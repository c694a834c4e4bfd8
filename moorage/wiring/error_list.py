"""`docs/errors.md`: every stable code, its status, its sentence, and the operations that answer with it."""

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import moorage.domains
from moorage.web.openapi import operations
from moorage.web.problems import FIELD_CODES
from moorage.web.refusals import known_codes

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
_MOST_NAMED: Final = 6
# Codes that no operation's list names, and where they come from all the same.
_ELSEWHERE: Final = {"invalid_currency": "any field that holds one", "method_not_allowed": "any address"}
_HEAD: Final = """\
# Error codes

Written by `make openapi` from the errors themselves; a test keeps it current. A program may rely on a code and on its
status. The sentence is for people and may say more in an answer, or change.

Below `/api/v1/` a refusal is `{"status": "error", "data": null, "message": …, "errors": {"code", "request_id", "type",
"title", "fields": [{"pointer", "code", "message"}]}}`; elsewhere it is `application/problem+json` (RFC 9457) with the
same facts. `pointer` is a JSON pointer into the body, or `?name` in the query.
"""


def page_of(document: dict[str, Any]) -> str:
    """The page for `document`, an OpenAPI document as `build_document` makes it."""
    for name in pkgutil.iter_modules(moorage.domains.__path__, "moorage.domains."):
        _load_errors(name.name)
    answered = _answered(document)
    own = {
        code: facts
        for code, facts in known_codes().items()
        if code in answered or facts[0] != 422 or code not in FIELD_CODES
    }
    rows = [
        f"| `{code}` | {status} | {sentence} | {_where(code, answered)} |"
        for code, (status, sentence) in sorted(own.items(), key=lambda known: (known[1][0], known[0]))
    ]
    fields = [f"| `{code}` | {text} |" for code, text in sorted(FIELD_CODES.items()) if known_codes()[code][0] == 422]
    return "\n".join(
        [
            _HEAD,
            "## Of a request\n",
            "| code | status | what it says | answered by |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Of a field\n",
            "In `fields`, and as the request's own code (422) when it is the first field at fault.\n",
            "| code | what it says |",
            "|---|---|",
            *fields,
            "",
        ]
    )


def _load_errors(domain: str) -> None:
    """A code is known once the class that carries it is loaded."""
    for module in pkgutil.iter_modules(import_module(domain).__path__, domain + "."):
        if module.name.endswith(".errors"):
            import_module(module.name)


def _answered(document: dict[str, Any]) -> dict[str, list[str]]:
    """Operation ids by code."""
    found: dict[str, list[str]] = {}
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            whole = (
                document["components"]["responses"][response["$ref"].rpartition("/")[2]]
                if "$ref" in response
                else response
            )
            for media in whole.get("content", {}).values():
                for code in media.get("examples", {}):
                    found.setdefault(code, []).append(operation["operationId"])
    return found


def _where(code: str, answered: dict[str, list[str]]) -> str:
    names = answered.get(code)
    if not names:
        return _ELSEWHERE.get(code, "no call of this version")
    if len(names) == len(answered["malformed_request"]):
        return "every call"
    if len(names) > _MOST_NAMED:
        return f"{len(names)} calls"
    return ", ".join(f"`{name}`" for name in names)
