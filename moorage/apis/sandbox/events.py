"""`/sandbox/v1/events` and `/behaviour`: what happened and who was told, and how the sandbox misbehaves."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from moorage.apis.sandbox.objects import DeliveryObject, EventObject, ListOf
from moorage.apis.sandbox.requests import Behaviour, NothingRequest, part_of_list
from moorage.apis.sandbox.route import SandboxRoute, errors, read_many, read_one, sandbox_of
from moorage.kernel.db import SYSTEM
from moorage.providers.sandbox import records
from moorage.providers.sandbox.behaviour import Setting, behave, behaviour
from moorage.providers.sandbox.deliveries import plan_once_more
from moorage.providers.sandbox.records import Asked

router = APIRouter(route_class=SandboxRoute)


@router.get("/events", operation_id="sandbox_events_list", response_model=ListOf[EventObject], responses=errors())
async def listed(request: Request, asked: Annotated[Asked, Depends(part_of_list)]) -> Response:
    """Every event, delivered or not."""
    return await read_many(request, "events", asked)


@router.get("/events/{event}", operation_id="sandbox_events_get", response_model=EventObject, responses=errors(404))
async def one(request: Request, event: str) -> Response:
    """One event."""
    return await read_one(request, "events", event)


@router.get(
    "/events/{event}/deliveries",
    operation_id="sandbox_events_deliveries",
    response_model=ListOf[DeliveryObject],
    responses=errors(404),
)
async def deliveries(request: Request, event: str) -> Response:
    """Who was told of an event, how often it was tried, and what was answered."""
    async with sandbox_of(request).reading("fetch") as db:
        return JSONResponse(await records.deliveries_of(db, event))


@router.post(
    "/events/{event}/redeliver",
    operation_id="sandbox_events_redeliver",
    status_code=202,
    response_model=ListOf[DeliveryObject],
    responses=errors(404, 413, 415),
)
async def redeliver(request: Request, event: str, _asked: NothingRequest) -> Response:
    """Tell every endpoint of this event once more."""
    sandbox = sandbox_of(request)
    async with sandbox.database.transaction(SYSTEM) as db:
        await plan_once_more(db, event, sandbox.terms.endpoints)
        answer = await records.deliveries_of(db, event)
    sandbox.send_soon()
    return JSONResponse(answer, 202)


@router.get("/behaviour", operation_id="sandbox_behaviour_get", response_model=Behaviour, responses=errors())
async def present_behaviour(request: Request) -> Response:
    """How the sandbox misbehaves now."""
    async with sandbox_of(request).reading("fetch") as db:
        return _shown(await behaviour(db))


@router.post(
    "/behaviour",
    operation_id="sandbox_behaviour_set",
    response_model=Behaviour,
    responses=errors(413, 415),
)
async def set_behaviour(request: Request, asked: Behaviour) -> Response:
    """Misbehave like this from now on, and in no other way: `{"faults": {}}` is good behaviour."""
    settings: dict[str, Setting] = {
        fault: Setting(
            one.percent, one.next_calls, one.seconds, None if one.operations is None else tuple(one.operations)
        )
        for fault, one in asked.faults.items()
    }
    async with sandbox_of(request).database.transaction(SYSTEM) as db:
        await behave(db, settings)
    return _shown(settings)


def _shown(settings: dict[str, Setting]) -> Response:
    faults = {
        fault: {
            "percent": one.percent,
            "next_calls": one.next_calls,
            "seconds": one.seconds,
            "operations": None if one.operations is None else list(one.operations),
        }
        for fault, one in settings.items()
    }
    return JSONResponse({"faults": faults})
