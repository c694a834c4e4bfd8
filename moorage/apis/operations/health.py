"""`/health`: whether this process can do its work, which it cannot without its database."""

import asyncio
from typing import Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

import moorage
from moorage.kernel.db import AWAY, SYSTEM
from moorage.kernel.errors import UnavailableError
from moorage.web.actor import house_of

router = APIRouter(tags=["Operations"])
PATIENCE_S: Final = 2.0


class Health(BaseModel):
    """How this process is."""

    status: Literal["healthy", "unhealthy"]
    service: Literal["moorage"] = "moorage"
    version: str
    database: Literal["ok", "away"]


@router.get("/health", operation_id="health", response_model=Health, responses={503: {"model": Health}})
async def health(request: Request) -> Response:
    """200 when the database answers, 503 when it does not."""
    is_up = await _database_answers(request)
    answer = Health(
        status="healthy" if is_up else "unhealthy",
        version=moorage.__version__,
        database="ok" if is_up else "away",
    )
    headers = {"cache-control": "no-store"} | ({} if is_up else {"retry-after": "2"})
    return Response(answer.model_dump_json(), 200 if is_up else 503, headers, "application/json")


async def _database_answers(request: Request) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S), house_of(request).database.hot(SYSTEM) as db:
            return bool(await db.fetchval("SELECT true"))
    except (*AWAY, UnavailableError):
        return False
