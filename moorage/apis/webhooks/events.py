"""`POST /webhooks/{provider}`: what a provider tells us. It waits for one insert and no more."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.journeys.receive_event import receive_event
from moorage.web.actor import house_of

PREFIX: Final = "/webhooks/"
OPERATION: Final = "webhooks_receive"
_STORED: Final = b'{"received":true}'

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.post(
    "/{provider}",
    operation_id=OPERATION,
    responses={
        200: {
            "description": "Stored, now or before; it is processed afterwards.",
            "content": {"application/json": {"example": {"received": True}}},
        },
        400: {"description": "`invalid_signature` or `timestamp_out_of_tolerance`: nothing was stored."},
        404: {"description": "No such provider is set up here."},
    },
)
async def receive(request: Request, provider: str) -> Response:
    """Take one event of a provider: signed, as raw bytes. A repeat is answered alike and stored once.
    The bell that every finished change rings wakes the workers.
    """
    body = await request.body()
    await receive_event(house_of(request), provider, request.headers, body)
    return Response(_STORED, media_type="application/json")
