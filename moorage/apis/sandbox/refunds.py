"""`/sandbox/v1/refunds` and `/disputes`: what goes back to the payer, willingly or not."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from moorage.apis.sandbox.objects import DisputeObject, ListOf, RefundObject
from moorage.apis.sandbox.requests import (
    DisputeRequest,
    EvidenceRequest,
    RefundRequest,
    ResolveDisputeRequest,
    ResolveRefundRequest,
    part_of_intents_list,
)
from moorage.apis.sandbox.route import (
    KEYED,
    SandboxRoute,
    errors,
    made_before,
    perform,
    read_many,
    read_one,
)
from moorage.providers.sandbox.disputes import open_dispute, resolve_dispute, submit_evidence
from moorage.providers.sandbox.records import Asked
from moorage.providers.sandbox.refunds import NewRefund, create_refund, resolve_refund

router = APIRouter(route_class=SandboxRoute)


@router.post(
    "/refunds",
    dependencies=KEYED,
    operation_id="sandbox_refunds_create",
    status_code=201,
    response_model=RefundObject,
    responses=made_before(RefundObject) | errors(404, 409, 413, 415),
)
async def create(request: Request, asked: RefundRequest) -> Response:
    """Give back a part or all of what an intent collected."""
    new = NewRefund(**asked.model_dump())
    return await perform(request, "refund", lambda call: create_refund(call, new), asked.model_dump(mode="json"))


@router.get("/refunds", operation_id="sandbox_refunds_list", response_model=ListOf[RefundObject], responses=errors())
async def listed(request: Request, asked: Annotated[Asked, Depends(part_of_intents_list)]) -> Response:
    """Every refund."""
    return await read_many(request, "refunds", asked)


@router.get("/refunds/{refund}", operation_id="sandbox_refunds_get", response_model=RefundObject, responses=errors(404))
async def one(request: Request, refund: str) -> Response:
    """One refund, by its id or its `client_reference`."""
    return await read_one(request, "refunds", refund)


@router.post(
    "/refunds/{refund}/resolve",
    dependencies=KEYED,
    operation_id="sandbox_refunds_resolve",
    response_model=RefundObject,
    responses=errors(404, 409, 413, 415),
)
async def resolve(request: Request, refund: str, asked: ResolveRefundRequest) -> Response:
    """Decide a pending refund."""
    return await perform(
        request,
        "resolve",
        lambda call: resolve_refund(call, refund, asked.status, asked.failure_code),
        asked.model_dump(),
    )


@router.post(
    "/disputes",
    dependencies=KEYED,
    operation_id="sandbox_disputes_open",
    status_code=201,
    response_model=DisputeObject,
    responses=errors(404, 409, 413, 415),
)
async def dispute(request: Request, asked: DisputeRequest) -> Response:
    """Take what is left of a charge back, as the payer's bank would."""
    return await perform(
        request, "dispute", lambda call: open_dispute(call, asked.intent, asked.reason), asked.model_dump()
    )


@router.get("/disputes", operation_id="sandbox_disputes_list", response_model=ListOf[DisputeObject], responses=errors())
async def disputes(request: Request, asked: Annotated[Asked, Depends(part_of_intents_list)]) -> Response:
    """Every dispute."""
    return await read_many(request, "disputes", asked)


@router.get(
    "/disputes/{dispute}", operation_id="sandbox_disputes_get", response_model=DisputeObject, responses=errors(404)
)
async def one_dispute(request: Request, dispute: str) -> Response:
    """One dispute."""
    return await read_one(request, "disputes", dispute)


@router.post(
    "/disputes/{dispute}/evidence",
    dependencies=KEYED,
    operation_id="sandbox_disputes_evidence",
    response_model=DisputeObject,
    responses=errors(404, 409, 413, 415),
)
async def evidence(request: Request, dispute: str, asked: EvidenceRequest) -> Response:
    """Answer a dispute; the bank then reviews it."""
    return await perform(
        request, "dispute", lambda call: submit_evidence(call, dispute, asked.evidence), asked.model_dump()
    )


@router.post(
    "/disputes/{dispute}/resolve",
    dependencies=KEYED,
    operation_id="sandbox_disputes_resolve",
    response_model=DisputeObject,
    responses=errors(404, 409, 413, 415),
)
async def decide(request: Request, dispute: str, asked: ResolveDisputeRequest) -> Response:
    """Decide a dispute, as the payer's bank would."""
    return await perform(
        request, "resolve", lambda call: resolve_dispute(call, dispute, asked.outcome), asked.model_dump()
    )
