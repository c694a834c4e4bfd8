"""`/sandbox/v1/intents` and `/charges`: what is to be collected, and the attempts to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from moorage.apis.sandbox.objects import ChargeObject, IntentObject, ListOf
from moorage.apis.sandbox.requests import (
    CaptureRequest,
    ChallengeRequest,
    ConfirmRequest,
    IntentRequest,
    NothingRequest,
    part_of_intents_list,
    part_of_list,
)
from moorage.apis.sandbox.route import KEYED, SandboxRoute, errors, made_before, perform, read_many, sandbox_of
from moorage.providers.sandbox import records
from moorage.providers.sandbox.cards import named
from moorage.providers.sandbox.intents import (
    NewIntent,
    answer_challenge,
    cancel_intent,
    capture_intent,
    confirm_intent,
    create_intent,
)
from moorage.providers.sandbox.records import Asked

router = APIRouter(route_class=SandboxRoute)


@router.post(
    "/intents",
    dependencies=KEYED,
    operation_id="sandbox_intents_create",
    status_code=201,
    response_model=IntentObject,
    responses=made_before(IntentObject) | errors(409, 413, 415),
)
async def create(request: Request, asked: IntentRequest) -> Response:
    """Make an intent. The same `client_reference` again answers the one that exists."""
    new = NewIntent(**asked.model_dump())
    return await perform(request, "create", lambda call: create_intent(call, new), asked.model_dump(mode="json"))


@router.get("/intents", operation_id="sandbox_intents_list", response_model=ListOf[IntentObject], responses=errors())
async def listed(request: Request, asked: Annotated[Asked, Depends(part_of_list)]) -> Response:
    """Every intent."""
    sandbox = sandbox_of(request)
    async with sandbox.reading("list") as db:
        return JSONResponse(await records.intents(db, sandbox.terms, sandbox.clock(), asked))


@router.get("/intents/{intent}", operation_id="sandbox_intents_get", response_model=IntentObject, responses=errors(404))
async def one(request: Request, intent: str) -> Response:
    """One intent, by its id or its `client_reference`."""
    sandbox = sandbox_of(request)
    async with sandbox.reading("fetch") as db:
        return JSONResponse(await records.intent(db, sandbox.terms, intent, sandbox.clock()))


@router.post(
    "/intents/{intent}/confirm",
    dependencies=KEYED,
    operation_id="sandbox_intents_confirm",
    response_model=IntentObject,
    responses=errors(402, 404, 409, 413, 415),
)
async def confirm(request: Request, intent: str, asked: ConfirmRequest) -> Response:
    """Pay with a named test method. What it costs nobody: no real money moves here."""
    method = named(asked.payment_method)
    return await perform(request, "confirm", lambda call: confirm_intent(call, intent, method), asked.model_dump())


@router.post(
    "/intents/{intent}/challenge",
    dependencies=KEYED,
    operation_id="sandbox_intents_challenge",
    response_model=IntentObject,
    responses=errors(402, 404, 409, 413, 415),
)
async def challenge(request: Request, intent: str, asked: ChallengeRequest) -> Response:
    """Answer for the payer's bank, which wanted to check who pays."""
    return await perform(
        request,
        "challenge",
        lambda call: answer_challenge(call, intent, approved=asked.approved),
        asked.model_dump(),
    )


@router.post(
    "/intents/{intent}/capture",
    dependencies=KEYED,
    operation_id="sandbox_intents_capture",
    response_model=IntentObject,
    responses=errors(404, 409, 413, 415),
)
async def capture(request: Request, intent: str, asked: CaptureRequest) -> Response:
    """Collect what a payer's bank has reserved, or a part of it: the rest is released. 409 when nothing is reserved."""
    return await perform(
        request, "capture", lambda call: capture_intent(call, intent, asked.amount_minor), asked.model_dump()
    )


@router.post(
    "/intents/{intent}/cancel",
    dependencies=KEYED,
    operation_id="sandbox_intents_cancel",
    response_model=IntentObject,
    responses=errors(404, 409, 413, 415),
)
async def cancel(request: Request, intent: str, asked: NothingRequest) -> Response:
    """Let nothing be collected any more. 409 once it is paid or being processed."""
    return await perform(request, "cancel", lambda call: cancel_intent(call, intent), asked.model_dump())


@router.get("/charges", operation_id="sandbox_charges_list", response_model=ListOf[ChargeObject], responses=errors())
async def charges(request: Request, asked: Annotated[Asked, Depends(part_of_intents_list)]) -> Response:
    """Every attempt to collect: what this gateway says that it charged."""
    return await read_many(request, "charges", asked)
