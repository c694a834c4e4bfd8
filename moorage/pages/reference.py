"""`/docs`: every call with an example and its errors, on one page that asks nobody else for anything."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.pages.reference_view import Call, call_of, marked
from moorage.pages.view import page
from moorage.web.openapi import document_of, operations
from moorage.web.refusals import known_codes

router = APIRouter(include_in_schema=False)


@router.get("/docs", operation_id="reference")
async def reference(request: Request) -> Response:
    """Every call on one page without a script."""
    document = document_of(request.app)
    if not hasattr(request.app.state, "reference_groups"):  # shaping eighty calls takes a moment, and never differs
        request.app.state.reference_groups = _groups(document)
    return page(
        request,
        "reference.html",
        version=document["info"]["version"],
        server=document["servers"][0]["url"],
        groups=request.app.state.reference_groups,
        codes=[(code, status, marked(text)) for code, (status, text) in sorted(known_codes().items())],
    )


def _groups(document: dict[str, Any]) -> list[tuple[str, str, list[Call]]]:
    """The calls by tag: the tag, what it is about, its calls."""
    calls: dict[str, list[Call]] = {tag["name"]: [] for tag in document["tags"]}
    for path, method, operation in operations(document):
        calls.setdefault(operation["tags"][0], []).append(call_of(document, path, method, operation))
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    return [(name, about.get(name, ""), shown) for name, shown in calls.items() if shown]
