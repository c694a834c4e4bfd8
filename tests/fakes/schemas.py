"""The providers' own published schemas, and whether a request, an answer or an object keeps to them.

The documents lie beside the checkout (`../shared/provider-specs/{provider}/*.json`); where they are absent (a user's
clone) tests that need them carry `needs_specs(provider)` and skip. OpenAPI 3.0 says `nullable`, which JSON Schema does
not know: documents are normalised when they are read. A form's values are strings, so they are read as the types that
the operation's schema asks for.
"""

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.fakes.forms import as_typed

SPECS: Final = Path(__file__).parents[3] / "shared" / "provider-specs"
Schema = Mapping[str, Any]


class SchemaBreakError(AssertionError):
    """A request, answer or object that the provider's schema does not allow; the message says where and why."""


def present(provider: str) -> bool:
    """Whether the provider's published documents are here."""
    return (SPECS / provider).is_dir()


def needs_specs(provider: str) -> pytest.MarkDecorator:
    """Skips a test where the provider's documents are absent, and says so."""
    return pytest.mark.skipif(not present(provider), reason=f"{provider}'s published schemas are not beside this clone")


@functools.cache
def load(provider: str, file: str) -> Any:
    """A provider's document as JSON, `nullable` normalised."""
    return _normalised(json.loads((SPECS / provider / file).read_text()))


@functools.cache
def documents(provider: str) -> tuple["Document", ...]:
    """Every OpenAPI document of a provider."""
    found = [(path.name, load(provider, path.name)) for path in sorted((SPECS / provider).glob("*.json"))]
    return tuple(Document(f"urn:{provider}:{name}", body) for name, body in found if "paths" in body)


def validate_request(provider: str, method: str, path: str, body: Any, query: Mapping[str, Any] | None = None) -> None:
    """Check what is sent: `body` is the parsed JSON, or a form's nested values (strings), or None; `query` alike.
    Raises SchemaBreakError, also for a call that the provider does not have.
    """
    document, operation = _operation(provider, method, path)
    where = f"{method} {path}"
    wanted = document.resolved(operation.get("requestBody", {})).get("content", {})
    form = wanted.get("application/x-www-form-urlencoded")
    kind = form or wanted.get("application/json") or {}
    if body is not None and "schema" in kind:
        typed = as_typed(body, kind["schema"], document.resolved) if form else body
        document.check(kind["schema"], typed, where)
    elif body:
        raise SchemaBreakError(f"{where} takes no body, got {body}")
    parameters = [document.resolved(one) for one in operation.get("parameters", ())]
    known = {one["name"]: one["schema"] for one in parameters if one["in"] == "query" and "schema" in one}
    for name, value in (query or {}).items():
        if name not in known:
            raise SchemaBreakError(f"{where} has no query parameter {name!r}")
        document.check(known[name], as_typed(value, known[name], document.resolved), f"{where}?{name}")


def validate_answer(provider: str, method: str, path: str, status: int, body: Any) -> None:
    """Check what is answered (parsed JSON, or None for an empty body). Raises SchemaBreakError."""
    document, operation = _operation(provider, method, path)
    answers = operation["responses"]
    chosen = answers.get(str(status)) or answers.get(f"{status // 100}XX") or answers.get("default")
    where = f"{status} of {method} {path}"
    if chosen is None:
        if status < 400:
            raise SchemaBreakError(f"{where} is no answer of this operation ({', '.join(answers)})")
        return
    kind = document.resolved(chosen).get("content", {}).get("application/json", {})
    if "schema" in kind:
        document.check(kind["schema"], body, where)
    elif body is not None:
        raise SchemaBreakError(f"{where} has no body, got {str(body)[:200]}")


def validate_object(provider: str, name: str, body: Any) -> None:
    """Check one object against `#/components/schemas/{name}` of whichever document has it. Raises SchemaBreakError."""
    for document in documents(provider):
        if name in document.body.get("components", {}).get("schemas", {}):
            document.check({"$ref": f"#/components/schemas/{name}"}, body, name)
            return
    raise SchemaBreakError(f"{provider} publishes no schema {name!r}")


@dataclass(frozen=True)
class Document:
    """One OpenAPI document. `check` compiles each schema once."""

    uri: str
    body: Any

    def __hash__(self) -> int:
        return hash(self.uri)

    def resolved(self, part: Schema) -> Schema:
        """What a `$ref` within the document points at; anything else as it is."""
        while "$ref" in part:
            found: Any = self.body
            for step in part["$ref"].removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/").replace("~0", "~")]
            part = found
        return part

    def check(self, schema: Schema, value: Any, where: str) -> None:
        """Raises SchemaBreakError with the first few breaks."""
        breaks = sorted(_validator(self, json.dumps(schema)).iter_errors(value), key=lambda one: list(one.path))
        if breaks:
            told = "; ".join(_told(one) for one in breaks[:5])
            raise SchemaBreakError(f"{where}: {told}")

    def operation(self, method: str, path: str) -> Mapping[str, Any] | None:
        """The operation of a call, the template with the fewest variables first."""
        for template, pattern in _templates(self):
            operation = self.body["paths"][template].get(method.lower())
            if operation is not None and pattern.fullmatch(path):
                shared = self.body["paths"][template].get("parameters", [])
                return {**operation, "parameters": [*shared, *operation.get("parameters", [])]}
        return None


def _operation(provider: str, method: str, path: str) -> tuple[Document, Mapping[str, Any]]:
    for document in documents(provider):
        operation = document.operation(method, path)
        if operation is not None:
            return document, operation
    raise SchemaBreakError(f"{provider} has no {method} {path}")


@functools.cache
def _templates(document: Document) -> Sequence[tuple[str, re.Pattern[str]]]:
    paths = sorted(document.body["paths"], key=lambda path: path.count("{"))
    return [(path, re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)))) for path in paths]


@functools.cache
def _registry(document: Document) -> Registry:
    return Registry().with_resource(document.uri, Resource.from_contents(document.body, default_specification=DRAFT4))


@functools.cache
def _validator(document: Document, schema: str) -> jsonschema.Draft4Validator:
    absolute = schema.replace('"$ref": "#/', f'"$ref": "{document.uri}#/')
    return jsonschema.Draft4Validator(json.loads(absolute), registry=_registry(document))


def _told(found: jsonschema.ValidationError) -> str:
    """The deepest reason: of `anyOf`, the branch that got furthest."""
    while found.context:
        found = max(found.context, key=lambda one: (len(one.absolute_path), one.validator != "type"))
    return f"/{'/'.join(map(str, found.absolute_path))} {found.message[:300]}"


def _normalised(part: Any) -> Any:
    if isinstance(part, list):
        return [_normalised(one) for one in part]
    if not isinstance(part, dict):
        return part
    plain = {name: _normalised(one) for name, one in part.items() if name != "x-expansionResources"}
    if plain.get("nullable") is True:
        del plain["nullable"]
        return {"anyOf": [plain, {"type": "null"}]}
    return plain
