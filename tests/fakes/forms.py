"""Form bodies with brackets, as some providers take them: `lines[0][name]=a` to `{"lines": [{"name": "a"}]}`."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

_STEP = re.compile(r"\[([^\]]*)\]")


def parse_form(body: str) -> dict[str, Any]:
    """A form or query string as nested values. Numbered keys become lists; every leaf is a string."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        first, _, _ = name.partition("[")
        steps = [first, *_STEP.findall(name[len(first) :])]
        place = found
        for step in steps[:-1]:
            place = place.setdefault(step or str(len(place)), {})
        place[steps[-1] or str(len(place))] = value
    return {name: _listed(value) for name, value in found.items()}


def as_typed(value: Any, schema: Mapping[str, Any], resolved: Callable[[Any], Any]) -> Any:
    """A form's strings as the types that `schema` asks for; what fits none stays as it is, for the check to find."""
    schema = resolved(schema)
    for choice in ("anyOf", "oneOf", "allOf"):
        for branch in schema.get(choice, ()):
            typed = as_typed(value, branch, resolved)
            if type(typed) is not type(value) or (isinstance(typed, dict) and _names(branch, resolved) >= set(typed)):
                return typed
    if isinstance(value, Mapping):
        inner, rest = schema.get("properties", {}), schema.get("additionalProperties")
        rest = rest if isinstance(rest, dict) else {}
        return {name: as_typed(one, inner.get(name, rest), resolved) for name, one in value.items()}
    if isinstance(value, list):
        return [as_typed(one, schema.get("items", {}), resolved) for one in value]
    return _scalar(value, schema.get("type"))


def _scalar(value: Any, kind: str | None) -> Any:
    if not isinstance(value, str):
        return value
    if kind == "integer" and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if kind == "number" and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return float(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def _names(branch: Any, resolved: Callable[[Any], Any]) -> set[str]:
    return set(resolved(branch).get("properties", ()))


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    if inner and set(inner) == {str(no) for no in range(len(inner))}:
        return [inner[str(no)] for no in range(len(inner))]
    return inner
