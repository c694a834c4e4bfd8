"""`/docs`: every call with an example and its errors, on one page that asks nobody else for anything."""

import json
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.pages.view import page
from moorage.web.open_routes import OPEN
from moorage.web.openapi import document_of, operations
from moorage.web.refusals import known_codes

router = APIRouter(include_in_schema=False)


@router.get("/docs", operation_id="reference")
async def reference(request: Request) -> Response:
    """Every call with an example and its errors, on one page without a script."""
    document = document_of(request.app)
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, method, operation in operations(document):
        groups.setdefault(operation["tags"][0], []).append(_shown(document, path, method, operation))
    told = {tag["name"]: tag["description"] for tag in document["tags"]}
    return page(
        request,
        "reference.html",
        version=document["info"]["version"],
        server=document["servers"][0]["url"],
        groups=[(name, told.get(name, ""), shown) for name, shown in groups.items() if shown],
        codes=_codes(),
    )


def _shown(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    success = next((status for status in operation["responses"] if status.startswith("2")), None)
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "text": operation.get("description", ""),
        "is_open": operation["operationId"] in OPEN,
        "parameters": [
            {
                "name": parameter["name"],
                "where": parameter["in"],
                "required": parameter.get("required", False),
                "text": parameter.get("description", ""),
            }
            for parameter in operation.get("parameters", [])
        ],
        "body": _example(operation.get("requestBody", {})),
        "answer": _example(operation["responses"][success]) if success else None,
        "success": success,
        "errors": [
            (status, _sentence(document, response))
            for status, response in operation["responses"].items()
            if not status.startswith("2")
        ],
    }


def _sentence(document: dict[str, Any], response: dict[str, Any]) -> str:
    reference = response.get("$ref", "").rpartition("/")[2]
    told: str = (document["components"]["responses"][reference] if reference else response)["description"]
    return told


def _example(body: dict[str, Any]) -> str | None:
    for media in body.get("content", {}).values():
        if "example" in media:
            return json.dumps(media["example"], indent=2, ensure_ascii=False)
        if media.get("examples"):
            return json.dumps(next(iter(media["examples"].values()))["value"], indent=2, ensure_ascii=False)
    return None


def _codes() -> list[tuple[str, int, str]]:
    """Every code with its status and what it says."""
    return [(code, status, text) for code, (status, text) in sorted(known_codes().items())]
