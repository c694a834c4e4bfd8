"""`/docs`: every call with an example and its errors, on one page that asks nobody else for anything."""

from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from moorage.pages.reference_view import Call, call_of, marked
from moorage.pages.view import page
from moorage.web.contracts import CONTRACTS, Contract
from moorage.web.openapi import document_of, operations
from moorage.web.refusals import known_codes

router = APIRouter(include_in_schema=False)


@router.get("/docs", operation_id="reference")
@router.get("/redoc", operation_id="reference_elsewhere")
async def reference(request: Request) -> Response:
    """Every call on one page without a script, by contract and topic. Some look for it at `/redoc`."""
    document = document_of(request.app)
    if not hasattr(request.app.state, "reference_chapters"):  # shaping so many calls takes a moment, and never differs
        request.app.state.reference_chapters = _chapters(document)
    return page(
        request,
        "reference.html",
        version=document["info"]["version"],
        server=document["servers"][0]["url"],
        chapters=request.app.state.reference_chapters,
        codes=[(code, status, marked(text)) for code, (status, text) in sorted(known_codes().items())],
    )


def _chapters(document: dict[str, Any]) -> list[tuple[Contract, Markup, list[tuple[str, str, list[Call]]]]]:
    """The contracts that have calls, what each is about, and its topics: the topic, what it is about, its calls."""
    calls: dict[str, list[Call]] = {}
    for path, method, operation in operations(document):
        calls.setdefault(operation["tags"][0], []).append(call_of(document, path, method, operation))
    chapters = [
        (
            one,
            marked(one.about),
            [(topic, about, calls[topic]) for topic, about in one.topics.items() if topic in calls],
        )
        for one in CONTRACTS
    ]
    return [chapter for chapter in chapters if chapter[-1]]
