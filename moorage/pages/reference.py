"""`/docs`: every call with an example and its errors, on pages that ask nobody else for anything. One lists the calls
by contract and topic, each topic has its own, and one explains the error codes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from moorage.kernel.errors import NotFoundError
from moorage.pages.reference_view import Call, call_of, marked
from moorage.pages.view import page
from moorage.web.contracts import CONTRACTS, Contract
from moorage.web.openapi import document_of, operations
from moorage.web.refusals import known_codes

router = APIRouter(include_in_schema=False)

SIGN_IN = "auth_login"


@dataclass(frozen=True, slots=True)
class Topic:
    """Calls that belong together, on a page of their own at `path`."""

    name: str
    about: str
    path: str
    contract: Contract
    calls: list[Call]


@dataclass(frozen=True, slots=True)
class Chapter:
    """A contract: what it is about, and its topics."""

    contract: Contract
    about: Markup
    topics: list[Topic]


@router.get("/docs", operation_id="reference")
@router.get("/redoc", operation_id="reference_elsewhere")
async def reference(request: Request) -> Response:
    """Every call in a line, by contract and topic. Some look for it at `/redoc`."""
    info = document_of(request.app)
    chapters = _chapters(request)
    known = {call.id: topic.path for chapter in chapters for topic in chapter.topics for call in topic.calls}
    return page(
        request,
        "reference.html",
        version=info["info"]["version"],
        server=info["servers"][0]["url"],
        chapters=chapters,
        sign_in=f"{known[SIGN_IN]}#{SIGN_IN}" if SIGN_IN in known else None,
    )


@router.get("/docs/errors", operation_id="reference_errors")
async def error_codes(request: Request) -> Response:
    """Every error code, with its status and what it says. Each refusal's `type` leads to its line."""
    codes = [(code, status, marked(text)) for code, (status, text) in sorted(known_codes().items())]
    return page(request, "reference_errors.html", codes=codes)


@router.get("/docs/{contract}/{topic}", operation_id="reference_topic")
async def calls_of_topic(request: Request, contract: str, topic: str) -> Response:
    """The calls of one topic, whole."""
    path = path_of(contract, topic)
    for chapter in _chapters(request):
        for one in chapter.topics:
            if one.path == path:
                return page(request, "reference_topic.html", chapter=chapter, topic=one)
    raise NotFoundError


def path_of(contract: str, topic: str) -> str:
    """Where the calls of a topic are shown."""
    return f"/docs/{contract}/{topic.lower().replace(' ', '-')}"


def _chapters(request: Request) -> list[Chapter]:
    """The contracts that have calls. Shaping so many takes a moment, and never differs."""
    state = request.app.state
    if not hasattr(state, "reference_chapters"):
        state.reference_chapters = list(_shaped(document_of(request.app)))
    found: list[Chapter] = state.reference_chapters
    return found


def _shaped(document: dict[str, Any]) -> Iterator[Chapter]:
    calls: dict[str, list[Call]] = {}
    for path, method, operation in operations(document):
        calls.setdefault(operation["tags"][0], []).append(call_of(document, path, method, operation))
    for one in CONTRACTS:
        topics = [
            Topic(name, about, path_of(one.name, name), one, calls[name])
            for name, about in one.topics.items()
            if name in calls
        ]
        if topics:
            yield Chapter(one, marked(one.about), topics)
