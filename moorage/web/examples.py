"""An example for every schema: its own where it has one, else made of its parts."""

from typing import Any, Final

_BY_FORMAT: Final = {
    "uuid": "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70",
    "date-time": "2026-12-15T10:30:00Z",
    "date": "2026-12-15",
    "email": "ada@example.com",
    "uri": "https://example.com/",
}
_BY_NAME: Final = {
    "currency": "GBP",
    "timezone": "Europe/London",
    "city": "London",
    "country": "GB",
    "title": "Quiet hour",
    "message": "",
    "name": "Ada Marsh",
    "email": "ada@example.com",
    "code": "invalid_amount",
    "pointer": "/start_time",
    "request_id": "req_5f0c9d6f2f0e4f3b8a1d2c3e",
}
_DEEPEST: Final = 8


def example_of(schema: dict[str, Any], schemas: dict[str, Any], name: str = "", depth: int = 0) -> Any:
    """A value that `schema` describes; `schemas` are the document's components, `name` the member it is for."""
    reference = schema.get("$ref")
    if reference is not None:
        return example_of(schemas[reference.rpartition("/")[2]], schemas, name, depth + 1)
    for key in ("example", "const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            real = [one for one in schema[key] if one.get("type") != "null"]
            return example_of(real[0], schemas, name, depth + 1) if real else None
    return _by_type(schema, schemas, name, depth)


def _by_type(schema: dict[str, Any], schemas: dict[str, Any], name: str, depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        members = schema.get("properties", {}) if depth < _DEEPEST else {}
        return {key: example_of(member, schemas, key, depth + 1) for key, member in members.items()}
    if kind == "array":
        return [example_of(schema["items"], schemas, name, depth + 1)] if "items" in schema else []
    if kind == "string":
        return _BY_FORMAT.get(schema.get("format", "")) or _BY_NAME.get(name, "text")
    return {"integer": max(schema.get("minimum", 1), 1), "number": 1.5, "boolean": True}.get(str(kind))
