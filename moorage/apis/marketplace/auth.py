"""Authentication: `/api/v1/auth/`."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.apis.marketplace.auth_schemas import (
    EmailIn,
    LoginIn,
    LogoutIn,
    NewPasswordIn,
    RefreshIn,
    RegisterIn,
    ResendIn,
    SignedIn,
    TokenIn,
    User,
    UserIn,
    user_of,
)
from moorage.apis.marketplace.envelope import Success, ok, problems
from moorage.domains.accounts.operations import change_profile
from moorage.domains.accounts.queries import account_by_id
from moorage.journeys import open_account, reset_password, sign_in
from moorage.kernel.db import Connection
from moorage.kernel.errors import NotFoundError
from moorage.web.actor import Caller, CurrentUser, OptionalUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.idempotency import subject_id

router = APIRouter(prefix="/auth", tags=["Authentication"], route_class=StrictRoute)
_IF_ANY: Final = "If there is such an account, a mail is on its way."


@router.post(
    "/register/",
    operation_id="auth_register",
    status_code=201,
    response_model=Success[SignedIn],
    responses=problems(409, 413, 415, 422),
)
async def register(request: Request, body: RegisterIn) -> Response:
    """Open an account and sign in. A mail asks to confirm the address."""
    session = await open_account.register(
        house_of(request),
        subject_id(request),
        email=body.email,
        password=body.password,
        first_name=body.first_name,
        last_name=body.last_name,
        phone_number=body.phone_number,
    )
    return ok(_signed_in(request, session), "Welcome. Please confirm your e-mail address by the mail we sent.", 201)


@router.post(
    "/login/", operation_id="auth_login", response_model=Success[SignedIn], responses=problems(401, 413, 415, 422)
)
async def login(request: Request, body: LoginIn) -> Response:
    """Sign in by e-mail address and password."""
    return ok(_signed_in(request, await sign_in.log_in(house_of(request), body.email, body.password)))


@router.post(
    "/token/refresh/",
    operation_id="auth_token_refresh",
    response_model=Success[SignedIn],
    responses=problems(401, 413, 415, 422),
)
async def refresh_token(request: Request, body: RefreshIn) -> Response:
    """Exchange a refresh token for new tokens. A token that was exchanged before ends the whole sign-in."""
    return ok(_signed_in(request, await sign_in.refresh(house_of(request), body.refresh)))


@router.post(
    "/logout/", operation_id="auth_logout", response_model=Success[None], responses=problems(401, 413, 415, 422)
)
async def logout(request: Request, caller: CurrentUser, body: LogoutIn | None = None) -> Response:
    """End this sign-in: its access and refresh tokens are refused from now on."""
    del body  # which sign-in ends is what the access token says
    if caller.family_id is not None:
        await sign_in.log_out(house_of(request), caller.family_id)
    return ok(None, "Signed out.")


@router.get("/user/", operation_id="auth_user_read", response_model=Success[User], responses=problems(401))
async def read_user(request: Request, caller: CurrentUser) -> Response:
    """Oneself, with the profile."""
    async with house_of(request).database.reading(caller.actor) as db:
        return ok(await _myself(db, caller))


@router.put(
    "/user/", operation_id="auth_user_update", response_model=Success[User], responses=problems(401, 413, 415, 422)
)
async def update_user(request: Request, caller: CurrentUser, body: UserIn) -> Response:
    """Change names, phone number or profile; what is left out stays."""
    async with house_of(request).database.transaction(caller.actor) as db:
        await change_profile(db, caller.user_id, body.changes())
        return ok(await _myself(db, caller))


@router.post(
    "/password/reset/",
    operation_id="auth_password_reset",
    response_model=Success[None],
    responses=problems(413, 415, 422),
)
async def ask_for_reset(request: Request, body: EmailIn) -> Response:
    """Have a link mailed that sets a new password. The answer is the same whether or not there is an account."""
    await reset_password.ask_for_reset_link(house_of(request), body.email)
    return ok(None, _IF_ANY)


@router.post(
    "/password/reset/confirm/",
    operation_id="auth_password_reset_confirm",
    response_model=Success[None],
    responses=problems(413, 415, 422),
)
async def confirm_reset(request: Request, body: NewPasswordIn) -> Response:
    """Set a new password by the token of the mailed link. Every sign-in of the account ends."""
    await reset_password.reset_password(house_of(request), body.token, body.password)
    return ok(None, "The password is changed. Please sign in.")


@router.post(
    "/verify-email/",
    operation_id="auth_verify_email",
    response_model=Success[User],
    responses=problems(413, 415, 422),
)
async def verify_email(request: Request, body: TokenIn) -> Response:
    """Confirm an e-mail address by the token of the mailed link."""
    account, practitioner_id = await open_account.prove_email(house_of(request), body.token)
    return ok(user_of(account, is_practitioner=practitioner_id is not None), "Your e-mail address is confirmed.")


@router.post(
    "/verify-email/resend/",
    operation_id="auth_verify_email_resend",
    response_model=Success[None],
    responses=problems(401, 413, 415, 422),
)
async def resend_verify_email(request: Request, caller: OptionalUser, body: ResendIn | None = None) -> Response:
    """Have the link mailed again: to `email`, or to oneself. The answer is the same whether there is an account."""
    email = body.email if body is not None else None
    if email is None and caller is not None:
        async with house_of(request).database.reading(caller.actor) as db:
            email = (await _myself(db, caller)).email
    if email is not None:
        await open_account.ask_for_verify_link(house_of(request), email)
    return ok(None, _IF_ANY)


def _signed_in(request: Request, session: sign_in.Session) -> SignedIn:
    tokens = request.app.state.tokens
    is_practitioner = session.practitioner_id is not None
    return SignedIn(
        access=tokens.issue(session.account.id, session.family_id, is_practitioner=is_practitioner),
        refresh=session.refresh_token,
        expires_in=tokens.lifetime_s,
        user=user_of(session.account, is_practitioner=is_practitioner),
    )


async def _myself(db: Connection, caller: Caller) -> User:
    account = await account_by_id(db, caller.user_id)
    if account is None:
        raise NotFoundError
    return user_of(account, is_practitioner=caller.practitioner_id is not None)
