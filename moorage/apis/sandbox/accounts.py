"""`/sandbox/v1/accounts`: whom the merchant pays out to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from moorage.apis.sandbox.objects import AccountObject, ListOf
from moorage.apis.sandbox.requests import AccountRequest, ResolveAccountRequest, part_of_list
from moorage.apis.sandbox.route import KEYED, SandboxRoute, errors, made_before, perform, read_many, read_one
from moorage.providers.sandbox.accounts import NewAccount, open_account, settle_account
from moorage.providers.sandbox.records import Asked

router = APIRouter(route_class=SandboxRoute)


@router.post(
    "/accounts",
    dependencies=KEYED,
    operation_id="sandbox_accounts_create",
    status_code=201,
    response_model=AccountObject,
    responses=made_before(AccountObject) | errors(409, 413, 415),
)
async def create(request: Request, asked: AccountRequest) -> Response:
    """Open an account for somebody who is to be paid; its holder makes it ready on the sandbox's page."""
    new = NewAccount(**asked.model_dump())
    return await perform(request, "create", lambda call: open_account(call, new), asked.model_dump(mode="json"))


@router.get("/accounts", operation_id="sandbox_accounts_list", response_model=ListOf[AccountObject], responses=errors())
async def listed(request: Request, asked: Annotated[Asked, Depends(part_of_list)]) -> Response:
    """Every account."""
    return await read_many(request, "accounts", asked)


@router.get(
    "/accounts/{account}", operation_id="sandbox_accounts_get", response_model=AccountObject, responses=errors(404)
)
async def one(request: Request, account: str) -> Response:
    """One account, by its id or its `client_reference`."""
    return await read_one(request, "accounts", account)


@router.post(
    "/accounts/{account}/resolve",
    dependencies=KEYED,
    operation_id="sandbox_accounts_resolve",
    response_model=AccountObject,
    responses=errors(404, 413, 415),
)
async def resolve(request: Request, account: str, asked: ResolveAccountRequest) -> Response:
    """Make an account ready, as its holder does on the page, or close it."""
    return await perform(
        request,
        "resolve",
        lambda call: settle_account(call, account, can_be_paid=asked.can_be_paid),
        asked.model_dump(),
    )
