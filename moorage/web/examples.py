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
    "access": "eyJhbGciOiJIUzI1NiIs…",
    "address": "4 Quay Street",
    "category": "massage",
    "certifications": "Registered massage therapist",
    "checkout_url": "https://book.example.com/sandbox/pay/0197f0a2…?key=…",
    "city": "London",
    "client_secret": "pi_0197f0a2_secret_…",
    "code": "invalid_amount",
    "country": "GB",
    "currency": "GBP",
    "description": "An hour, fully clothed.",
    "display_name": "Pia Harbour",
    "email": "ada@example.com",
    "first_name": "Ada",
    "last_name": "Marsh",
    "location": "London",
    "message": "",
    "name": "Ada Marsh",
    "notes": "Prefers a window.",
    "option": "Adult",
    "payment_method": "pm_card_visa",
    "phone_number": "+44 20 7946 0000",
    "pointer": "/start_time",
    "provider": "sandbox",
    "reason": "Something came up.",
    "refresh": "tGXbnAvh1xv…",
    "request_id": "req_5f0c9d6f2f0e4f3b8a1d2c3e",
    "special_requests": "A quiet room, please.",
    "specializations": "prenatal massage",
    "timezone": "Europe/London",
    "title": "Quiet hour",
}
_ID: Final = "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70"
_BY_ENDING: Final = (
    ("id", _ID),
    ("_booking", _ID),
    ("_time", "2026-12-15T10:30:00+01:00"),
    ("_at", "2026-12-15T10:30:00+01:00"),
    ("_amount", "80.00"),
)
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
        return _BY_FORMAT.get(schema.get("format", "")) or _BY_NAME.get(name) or _by_ending(name)
    return {"integer": max(schema.get("minimum", 1), 1), "number": 1.5, "boolean": True}.get(str(kind))


def _by_ending(name: str) -> str:
    return next((value for ending, value in _BY_ENDING if name.endswith(ending)), "text")
