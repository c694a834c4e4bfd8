"""`/sandbox/v1/transfers`, `/payouts` and `/balances`: what leaves the merchant's balance."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import JSONResponse

from moorage.apis.sandbox.objects import BalanceObject, ListOf, PayoutObject, TransferObject
from moorage.apis.sandbox.requests import (
    PayoutRequest,
    ResolvePayoutRequest,
    ReverseTransferRequest,
    TransferRequest,
    part_of_list,
)
from moorage.apis.sandbox.route import (
    KEYED,
    SandboxRoute,
    errors,
    made_before,
    perform,
    read_many,
    read_one,
    sandbox_of,
)
from moorage.providers.sandbox.present import balance_object
from moorage.providers.sandbox.records import Asked
from moorage.providers.sandbox.transfers import (
    NewPayout,
    NewTransfer,
    balances,
    create_payout,
    create_transfer,
    resolve_payout,
    reverse_transfer,
)

router = APIRouter(route_class=SandboxRoute)


@router.post(
    "/transfers",
    dependencies=KEYED,
    operation_id="sandbox_transfers_create",
    status_code=201,
    response_model=TransferObject,
    responses=made_before(TransferObject) | errors(409, 413, 415),
)
async def create(request: Request, asked: TransferRequest) -> Response:
    """Move money from the merchant's balance to a connected account."""
    new = NewTransfer(**asked.model_dump())
    return await perform(request, "transfer", lambda call: create_transfer(call, new), asked.model_dump(mode="json"))


@router.get(
    "/transfers", operation_id="sandbox_transfers_list", response_model=ListOf[TransferObject], responses=errors()
)
async def listed(request: Request, asked: Annotated[Asked, Depends(part_of_list)]) -> Response:
    """Every transfer."""
    return await read_many(request, "transfers", asked)


@router.get(
    "/transfers/{transfer}",
    operation_id="sandbox_transfers_get",
    response_model=TransferObject,
    responses=errors(404),
)
async def one(request: Request, transfer: str) -> Response:
    """One transfer, by its id or its `client_reference`."""
    return await read_one(request, "transfers", transfer)


@router.post(
    "/transfers/{transfer}/reverse",
    dependencies=KEYED,
    operation_id="sandbox_transfers_reverse",
    response_model=TransferObject,
    responses=errors(404, 409, 413, 415),
)
async def reverse(request: Request, transfer: str, asked: ReverseTransferRequest) -> Response:
    """Take back a part or all of a transfer."""
    return await perform(
        request, "transfer", lambda call: reverse_transfer(call, transfer, asked.amount_minor), asked.model_dump()
    )


@router.post(
    "/payouts",
    dependencies=KEYED,
    operation_id="sandbox_payouts_create",
    status_code=201,
    response_model=PayoutObject,
    responses=made_before(PayoutObject) | errors(409, 413, 415),
)
async def pay_out(request: Request, asked: PayoutRequest) -> Response:
    """Pay a balance out to its bank: pending first, paid soon."""
    new = NewPayout(**asked.model_dump())
    return await perform(request, "payout", lambda call: create_payout(call, new), asked.model_dump(mode="json"))


@router.get("/payouts", operation_id="sandbox_payouts_list", response_model=ListOf[PayoutObject], responses=errors())
async def payouts(request: Request, asked: Annotated[Asked, Depends(part_of_list)]) -> Response:
    """Every payout."""
    return await read_many(request, "payouts", asked)


@router.get("/payouts/{payout}", operation_id="sandbox_payouts_get", response_model=PayoutObject, responses=errors(404))
async def one_payout(request: Request, payout: str) -> Response:
    """One payout, by its id or its `client_reference`."""
    return await read_one(request, "payouts", payout)


@router.post(
    "/payouts/{payout}/resolve",
    dependencies=KEYED,
    operation_id="sandbox_payouts_resolve",
    response_model=PayoutObject,
    responses=errors(404, 409, 413, 415),
)
async def resolve(request: Request, payout: str, asked: ResolvePayoutRequest) -> Response:
    """Decide a payout; one that was paid may still come back."""
    return await perform(
        request,
        "resolve",
        lambda call: resolve_payout(call, payout, asked.status, asked.failure_code),
        asked.model_dump(),
    )


@router.get("/balances", operation_id="sandbox_balances_list", response_model=ListOf[BalanceObject], responses=errors())
async def every_balance(request: Request) -> Response:
    """What every account holds."""
    async with sandbox_of(request).reading("list") as db:
        return JSONResponse({"data": [balance_object(row) for row in await balances(db)], "has_more": False})
