"""`/openapi.json`: what the API promises, for programs; and one document for each contract."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import Response

from moorage.kernel.errors import NotFoundError
from moorage.web.compress import sent
from moorage.web.contracts import CONTRACTS
from moorage.web.openapi import document_of, of_contract

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json", operation_id="openapi")
async def openapi(request: Request) -> Response:
    """Everything, as OpenAPI 3.1."""
    return _json(request, document_of(request.app))


@router.get("/openapi/{contract}.json", operation_id="openapi_of_contract")
async def openapi_of_contract(request: Request, contract: str) -> Response:
    """One contract alone, by its name: `marketplace`, `practice`, `payment-records`, `catering` and so on."""
    found = next((one for one in CONTRACTS if one.name == contract), None)
    if found is None:
        raise NotFoundError
    return _json(request, of_contract(document_of(request.app), found))


def _json(request: Request, document: dict[str, Any]) -> Response:
    return sent(request, to_json(document), 200, {"access-control-allow-origin": "*"}, "application/json")
