"""The OpenAPI document: FastAPI's, completed with what holds for every operation. One place for shared answers, the
headers, who may call, and an example for every body.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from moorage.web.contracts import CONTRACTS, Contract, contract_of
from moorage.web.examples import example_of
from moorage.web.open_routes import OPEN, OTHER_KEYS_PREFIX, SIGNED
from moorage.web.refusals import name_of, refusals_of, told

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
}
_FIELD_ERROR: Final = {
    "type": "object",
    "description": "One field at fault.",
    "required": ["pointer", "code", "message"],
    "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}},
}
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same key, the same request is answered again and not carried out again (24 h).",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
# Component name: the header's name, what it says, its type.
_HEADERS: Final = {
    "RequestId": ("Request-Id", "Names this request in our log.", "string"),
    "RateLimitPolicy": ("RateLimit-Policy", "The limit that holds: quota and window.", "string"),
    "RateLimit": ("RateLimit", "What is left of it, and for how long.", "string"),
    "RetryAfter": ("Retry-After", "Seconds to wait.", "integer"),
}
_ON_EVERY_ANSWER: Final = ("RequestId", "RateLimitPolicy", "RateLimit")


def document_of(api: FastAPI) -> dict[str, Any]:
    """The document of this installation; built at the first question, for it costs a second."""
    if not hasattr(api.state, "openapi_document"):
        api.state.openapi_document = build_document(api, server_url=api.state.settings.public_url())
    document: dict[str, Any] = api.state.openapi_document
    return document


def build_document(api: FastAPI, *, server_url: str) -> dict[str, Any]:
    """The whole document, as OpenAPI 3.1. `api.state.refusals`: codes by operation id, besides what its shape says;
    `api.state.examples`: bodies by operation id, where what a schema's parts make up would not be taken.
    """
    document = get_openapi(
        title="Moorage",
        version=api.version,
        openapi_version="3.1.0",
        summary="Bookings and payments for people who sell their time.",
        description="Several contracts side by side; each has a document of its own at `/openapi/{contract}.json`.",
        routes=api.routes,
        servers=[{"url": server_url}],
        tags=[{"name": name, "description": text} for one in CONTRACTS for name, text in one.topics.items()],
    )
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    schemas.setdefault("FieldError", _FIELD_ERROR)  # the envelope's own says the same
    document["components"]["headers"] = {
        name: {"description": text, "schema": {"type": kind}} for name, (_, text, kind) in _HEADERS.items()
    }
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "sandbox": {"type": "http", "scheme": "bearer", "description": "The sandbox's own API key."},
    }
    shared: dict[str, Any] = {}
    document["components"]["responses"] = shared
    for path, method, operation in operations(document):
        contract = contract_of(operation["operationId"], path)
        _complete(contract, method, operation, schemas, api.state.examples)
        if not operation["operationId"].startswith(OTHER_KEYS_PREFIX):
            own = api.state.refusals.get(operation["operationId"], ())
            _tell_refusals(contract, (path, method), operation, own, shared)
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    document["tags"] = [tag for tag in document["tags"] if tag["name"] in used]
    document["x-tagGroups"] = _tag_groups(used)
    return document


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation with its path and its method in capitals."""
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield path, method.upper(), methods[method]


def of_contract(document: dict[str, Any], contract: Contract) -> dict[str, Any]:
    """The document of one contract: its operations, and of the components those that they name."""
    paths: dict[str, dict[str, Any]] = {}
    for path, method, operation in operations(document):
        if contract_of(operation["operationId"], path) is contract:
            paths.setdefault(path, {})[method.lower()] = operation
    info = {**document["info"], "title": f"Moorage: {contract.title}", "description": contract.about}
    info.pop("summary", None)
    return {
        **document,
        "info": info,
        "paths": paths,
        "tags": [tag for tag in document["tags"] if tag["name"] in contract.topics],
        "x-tagGroups": [group for group in document["x-tagGroups"] if group["name"] == contract.title],
        "components": _named(paths, document["components"]),
    }


def _tag_groups(used: set[str]) -> list[dict[str, Any]]:
    """The topics by contract, as readers of OpenAPI documents know such groups."""
    groups = [(contract.title, [name for name in contract.topics if name in used]) for contract in CONTRACTS]
    return [{"name": title, "tags": names} for title, names in groups if names]


def _named(paths: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Those of `components` that `paths` refer to, directly or through one another; headers and keys as they are."""
    kept: dict[str, Any] = {"schemas": {}, "responses": {}}
    waiting = list(_references(paths))
    while waiting:
        _, _, kind, name = waiting.pop().split("/")
        if kind in kept and name not in kept[kind]:
            kept[kind][name] = components[kind][name]
            waiting += _references(kept[kind][name])
    return {**components, **{kind: dict(sorted(names.items())) for kind, names in kept.items()}}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for member in part.values():
            yield from _references(member)
    elif isinstance(part, list):
        for member in part:
            yield from _references(member)


def _complete(
    contract: Contract, method: str, operation: dict[str, Any], schemas: dict[str, Any], examples: Mapping[str, Any]
) -> None:
    operation["tags"] = [tag.capitalize() for tag in operation.get("tags", ["Operations"])]
    name = operation["operationId"]
    if name not in OPEN and not contract.is_open:
        operation["security"] = [{"sandbox" if name.startswith(OTHER_KEYS_PREFIX) else "bearer": []}]
    is_counted = contract.is_api and name not in SIGNED
    if is_counted and method == "POST":
        operation.setdefault("parameters", []).append(dict(_IDEMPOTENCY_KEY))
    for status, response in operation["responses"].items():
        if is_counted:
            response["headers"] = response.get("headers", {}) | _header_references(*_ON_EVERY_ANSWER)
        if status.startswith("2"):
            _exemplify(response.get("content", {}), schemas)
    body = operation.get("requestBody", {}).get("content", {})
    if name in examples:
        body["application/json"]["example"] = examples[name]
    _exemplify(body, schemas)


def _tell_refusals(
    contract: Contract, place: tuple[str, str], operation: dict[str, Any], own: Sequence[str], shared: dict[str, Any]
) -> None:
    """Replace what FastAPI believes of refusals, and what routes declare of them, by what is answered: by reference
    where many operations answer the same (`shared` collects those).
    """
    path, method = place
    answers, is_counted = operation["responses"], contract.is_api and operation["operationId"] not in SIGNED
    refused = refusals_of(contract, method, operation, own)
    if "422" in answers and 422 not in refused:  # FastAPI adds it for an id in the path, which is 404 here
        del answers["422"]
    for status, codes in refused.items():
        if status == 503 and "content" in answers.get("503", {}):  # health has an answer of its own
            continue
        answer = told(path, status, codes, contract.failure)
        if is_counted:
            waits = ("RetryAfter",) if status in {429, 503} else ()
            answer["headers"] = _header_references(*_ON_EVERY_ANSWER, *waits)
        name = name_of(status, codes) + ("" if contract.failure == "Failure" else contract.failure)
        if set(codes).isdisjoint(own) and shared.setdefault(name, answer) == answer:
            answer = {"$ref": f"#/components/responses/{name}"}
        answers[str(status)] = answer
    operation["responses"] = dict(sorted(answers.items()))


def _header_references(*names: str) -> dict[str, Any]:
    return {_HEADERS[name][0]: {"$ref": f"#/components/headers/{name}"} for name in names}


def _exemplify(content: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give every JSON body an example, made from its schema where it has none of its own."""
    for media in content.values():
        schemas.update(media.get("schema", {}).pop("$defs", {}))
        if "schema" in media and "example" not in media and "examples" not in media:
            media["example"] = example_of(media["schema"], schemas)
