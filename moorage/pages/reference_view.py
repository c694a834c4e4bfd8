"""One call of the OpenAPI document as the reference shows it: what to send, what comes back, what is refused."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup, escape

from moorage.web.examples import example_of

_LIMITS: Final = (
    ("minimum", "from {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "up to {}"),
    ("minLength", "from {} characters"),
    ("maxLength", "up to {} characters"),
    ("minItems", "from {} of them"),
    ("maxItems", "up to {} of them"),
)
_MOST_CHOICES: Final = 12


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a member of a body: `kind` is its type with its limits, in words."""

    name: str
    where: str
    required: bool
    kind: str
    text: Markup


@dataclass(frozen=True, slots=True)
class Refusal:
    """One status, and the codes that come with it."""

    status: str
    text: Markup
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """What the page says of one operation."""

    id: str
    method: str
    path: str
    first: Markup
    rest: Markup
    access: str
    parameters: list[Field]
    members: list[Field]
    body: str | None
    curl: str
    status: str
    answer: str | None
    refusals: list[Refusal]


def call_of(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Call:
    """What there is to show of `operation`."""
    schemas = document["components"]["schemas"]
    name, answers = operation["operationId"], operation["responses"]
    first, _, rest = " ".join(operation.get("description", "").split()).partition(". ")
    status = next(status for status in answers if status.startswith("2"))
    parameters = [_parameter(one, schemas) for one in operation.get("parameters", [])]
    content = operation.get("requestBody", {}).get("content", {})
    body_schema: dict[str, Any] = next((media["schema"] for media in content.values() if "schema" in media), {})
    body = _example(content)
    return Call(
        id=name,
        method=method,
        path=path,
        first=marked(first.removesuffix(".") + "."),
        rest=marked(rest),
        access=_access(operation),
        parameters=parameters,
        members=list(_members(body_schema, schemas)),
        body=_pretty(body),
        curl=_curl(document, path, method, operation, body),
        status=status,
        answer=_pretty(_example(answers[status].get("content", {}))),
        refusals=[_refusal(document, code, answer) for code, answer in answers.items() if not code.startswith("2")],
    )


def marked(text: str) -> Markup:
    """`text` escaped, with what stands in backticks as code."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


def _access(operation: dict[str, Any]) -> str:
    keys = {name for one in operation.get("security", ()) for name in one}
    if not keys:
        return "Open to anybody."
    return "Takes the sandbox's own API key." if "sandbox" in keys else "Takes an access token."


def _parameter(one: dict[str, Any], schemas: dict[str, Any]) -> Field:
    where = {"path": "in the path", "query": "in the query", "header": "header"}[one["in"]]
    kind = kind_of(one.get("schema", {}), schemas)
    return Field(one["name"], where, one.get("required", False), kind, marked(one.get("description", "")))


def _members(schema: dict[str, Any], schemas: dict[str, Any], above: str = "") -> Iterator[Field]:
    """The members of a body, those of nested objects with the path to them."""
    whole = _resolved(schema, schemas)
    for name, member in whole.get("properties", {}).items():
        told = member.get("description") or _resolved(member, schemas).get("description", "")
        nested, within = _nested(member, schemas)
        yield Field(above + name, "", name in whole.get("required", ()), kind_of(member, schemas), marked(told))
        if above.count(".") < 2:
            yield from _members(nested, schemas, f"{above}{name}{within}.") if nested else ()


def _nested(schema: dict[str, Any], schemas: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The object inside a member, `[]` when it is a list of them."""
    whole = _resolved(schema, schemas)
    if whole.get("type") == "array":
        inner = _resolved(whole.get("items", {}), schemas)
        return (inner if "properties" in inner else {}), "[]"
    return (whole if "properties" in whole else {}), ""


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """`schema` itself behind references and `or null`."""
    for _ in range(8):
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
            continue
        real = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        if len(real) != 1:
            break
        schema = real[0]
    return schema


def kind_of(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A schema's type and limits in words: `string (uuid)`, `integer, from 1, up to 100`, `one of a, b, or null`."""
    is_nullable = any(one.get("type") == "null" for one in schema.get("anyOf", ()))
    whole = _resolved(schema, schemas)
    choices = whole.get("enum") or ([whole["const"]] if "const" in whole else [])
    if choices and len(choices) <= _MOST_CHOICES:
        words = "one of " + ", ".join(str(choice) for choice in choices)
    elif whole.get("type") == "array":
        words = "list of " + kind_of(whole.get("items", {}), schemas)
    elif len(whole.get("anyOf", ())) > 1:
        words = " or ".join(kind_of(one, schemas) for one in whole["anyOf"] if one.get("type") != "null")
    else:
        words = str(whole.get("type", "anything"))
    if "format" in whole:
        words += f" ({whole['format']})"
    limits = [told.format(whole[name]) for name, told in _LIMITS if name in whole]
    return ", ".join([words, *limits, *(["or null"] if is_nullable else [])])


def _refusal(document: dict[str, Any], status: str, answer: dict[str, Any]) -> Refusal:
    reference = answer.get("$ref", "").rpartition("/")[2]
    whole = document["components"]["responses"][reference] if reference else answer
    codes = tuple(code for media in whole.get("content", {}).values() for code in media.get("examples", ()))
    return Refusal(status, marked(whole["description"].partition(" Codes:")[0]), codes)


def _curl(document: dict[str, Any], path: str, method: str, operation: dict[str, Any], body: Any) -> str:
    """A line for a shell that makes this call; `TOKEN` is to be filled in."""
    schemas, query = document["components"]["schemas"], {}
    for one in operation.get("parameters", []):
        if one["in"] == "path" or (one["in"] == "query" and one.get("required")):
            value = example_of({**one["schema"], **one}, schemas, one["name"])
            if one["in"] == "path":
                path = path.replace(f"{{{one['name']}}}", str(value))
            else:
                query[one["name"]] = value
    address = document["servers"][0]["url"] + path + (f"?{urlencode(query)}" if query else "")
    parts = ["curl" + (f" -X {method}" if method != "GET" else "") + " " + shlex.quote(address)]
    if "security" in operation:
        parts.append("-H 'Authorization: Bearer TOKEN'")
    if body is not None:
        parts.append("-H 'Content-Type: application/json'")
        parts.append("-d " + shlex.quote(json.dumps(body, ensure_ascii=False)))
    return " \\\n  ".join(parts)


def _example(content: dict[str, Any]) -> Any:
    for media in content.values():
        if "example" in media:
            return media["example"]
        if media.get("examples"):
            return next(iter(media["examples"].values()))["value"]
    return None


def _pretty(example: Any) -> str | None:
    return None if example is None else json.dumps(example, indent=2, ensure_ascii=False)
