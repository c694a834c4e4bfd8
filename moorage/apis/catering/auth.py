"""Signing in and out: `/api/auth/`. The tokens are those of every other contract."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.domains.accounts.queries import Account, account_by_id
from moorage.journeys import sign_in
from moorage.kernel.errors import NotFoundError
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import StrictModel

router = APIRouter(prefix="/auth", tags=["Catering authentication"], route_class=StrictRoute)


class CateringLoginIn(StrictModel):
    """E-mail address and password."""

    email: Annotated[str, Field(max_length=254, examples=["ada@example.com"])]
    password: Annotated[str, Field(min_length=1, max_length=1024, examples=["a long pass phrase"])]


class CateringLogoutIn(StrictModel):
    """The refresh token may be sent along; the access token says which sign-in ends."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class CateringUser(BaseModel):
    """Somebody, as they see themselves."""

    id: UUID
    email: str
    name: str
    first_name: str
    last_name: str
    phone: str | None
    role: Literal["client", "admin"]
    is_verified: bool

    @classmethod
    def of(cls, account: Account) -> "CateringUser":
        """The view of an account."""
        return cls(
            id=account.id,
            email=account.email,
            name=f"{account.first_name} {account.last_name}".strip(),
            first_name=account.first_name,
            last_name=account.last_name,
            phone=account.phone_number,
            role="admin" if account.role in ("admin", "owner") else "client",
            is_verified=account.is_verified,
        )


class CateringSignedIn(BaseModel):
    """The tokens of a sign-in. `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token, no token
    expires_in: int
    user: CateringUser


class SignedOut(BaseModel):
    """The sign-in has ended."""

    logged_out: Literal[True] = True


@router.post(
    "/login",
    operation_id="catering_auth_login",
    response_model=CateringSignedIn,
    responses=problems(401, 413, 415, 422),
)
async def login(request: Request, body: CateringLoginIn) -> Response:
    """Sign in by e-mail address and password."""
    session = await sign_in.log_in(house_of(request), body.email, body.password)
    tokens = request.app.state.tokens
    is_practitioner = session.practitioner_id is not None
    return said(
        CateringSignedIn(
            access_token=tokens.issue(session.account.id, session.family_id, is_practitioner=is_practitioner),
            refresh_token=session.refresh_token,
            expires_in=tokens.lifetime_s,
            user=CateringUser.of(session.account),
        )
    )


@router.post(
    "/logout",
    operation_id="catering_auth_logout",
    response_model=SignedOut,
    responses=problems(401, 413, 415, 422),
)
async def logout(request: Request, caller: CurrentUser, body: CateringLogoutIn | None = None) -> Response:
    """End this sign-in: its access and refresh tokens are refused from now on."""
    del body  # which sign-in ends is what the access token says
    if caller.family_id is not None:
        await sign_in.log_out(house_of(request), caller.family_id)
    return said(SignedOut())


@router.get("/me", operation_id="catering_auth_me", response_model=CateringUser, responses=problems(401))
async def me(request: Request, caller: CurrentUser) -> Response:
    """Oneself."""
    async with house_of(request).database.reading(caller.actor) as db:
        account = await account_by_id(db, caller.user_id)
    if account is None:
        raise NotFoundError
    return said(CateringUser.of(account))
