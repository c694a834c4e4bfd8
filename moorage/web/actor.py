"""Who is asking. The token says who; what they may do is read from the database at each request."""

import contextlib
from dataclasses import dataclass
from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import Depends, Request

from moorage.domains.accounts.errors import InvalidTokenError
from moorage.journeys.house import House
from moorage.journeys.meet_identity import meet_identity
from moorage.kernel.db import ANONYMOUS, Actor
from moorage.kernel.errors import ForbiddenError
from moorage.web.errors import NotAuthenticatedError
from moorage.web.external_tokens import ExternalClaims
from moorage.web.tokens import AccessTokens, Claims

_WHO_ASKS: Final = "SELECT role, is_active, is_revoked, practitioner_id FROM who_asks($1, $2)"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody signed in: `actor` for transactions, `role` ('user', 'admin', 'owner') and `practitioner_id` as the
    database has them at this moment. `family_id` is the sign-in that the token descends from.
    """

    user_id: UUID
    family_id: UUID | None
    role: str
    practitioner_id: UUID | None
    actor: Actor

    @property
    def is_admin(self) -> bool:
        """Whether this is an admin."""
        return self.role in ("admin", "owner")


def house_of(request: Request) -> House:
    """Database, clock, ids, providers and terms."""
    return cast("House", request.app.state.house)


async def token_claims(request: Request) -> Claims:
    """What the request's token says, the signature checked and (of a token of ours) nothing asked of the database: for
    hot operations whose SQL function checks the account itself. Raises NotAuthenticatedError or InvalidTokenError.
    """
    claims = _claims(request)
    if isinstance(claims, ExternalClaims):
        met = await meet_identity(house_of(request), claims.identity)
        request.scope["state"]["user_id"] = met.user_id
        return Claims(met.user_id, None, claims.expires_at, is_practitioner=False)
    return claims


async def current_user(request: Request) -> Caller:
    """Whoever is signed in. Raises NotAuthenticatedError, or InvalidTokenError when the token is no good, its
    sign-in has ended, or the account is closed.
    """
    return await _look_up(request, _claims(request))


async def optional_user(request: Request) -> Caller | None:
    """Whoever is signed in, or None. A token that is no good is refused all the same."""
    claims = claims_of(request.scope, request.app.state.tokens)
    return None if claims is None else await _look_up(request, claims)


async def require_admin(request: Request) -> Caller:
    """An admin; ForbiddenError for anybody else who is signed in."""
    caller = await current_user(request)
    if not caller.is_admin:
        raise ForbiddenError
    return caller


async def require_practitioner(request: Request) -> Caller:
    """A practitioner (whatever their verification status); ForbiddenError for anybody else signed in."""
    caller = await current_user(request)
    if caller.practitioner_id is None:
        raise ForbiddenError("This is for practitioners.")
    return caller


def actor_of(caller: Caller | None) -> Actor:
    """The actor for a transaction."""
    return ANONYMOUS if caller is None else caller.actor


CurrentUser = Annotated[Caller, Depends(current_user)]
OptionalUser = Annotated[Caller | None, Depends(optional_user)]
Admin = Annotated[Caller, Depends(require_admin)]
Practitioner = Annotated[Caller, Depends(require_practitioner)]


def claims_of(scope: Any, tokens: AccessTokens) -> Claims | ExternalClaims | None:
    """What the request's token says, None without one; checked once a request. Raises InvalidTokenError."""
    state = scope.setdefault("state", {})
    if "claims" in state:
        found = state["claims"]
        if isinstance(found, InvalidTokenError):
            raise found
        return cast("Claims | ExternalClaims | None", found)
    try:
        state["claims"] = claims = _verified(scope, tokens)
    except InvalidTokenError as error:
        state["claims"] = error
        raise
    return claims


def known_user(scope: Any) -> UUID | None:
    """Whose token a request that was told carried, where anybody had to read it and it was one; else None."""
    state = scope["state"]
    claims = state.get("claims")
    return claims.user_id if isinstance(claims, Claims) else cast("UUID | None", state.get("user_id"))


async def make_ready(scope: Any, tokens: AccessTokens) -> None:
    """Have the published keys read that the request's token may need. Raises nothing: a token that is no good is
    refused where it is read.
    """
    with contextlib.suppress(InvalidTokenError):
        token = _token(scope)
        if token is not None:
            await tokens.make_ready(token)


def _claims(request: Request) -> Claims | ExternalClaims:
    claims = claims_of(request.scope, request.app.state.tokens)
    if claims is None:
        raise NotAuthenticatedError
    return claims


def _verified(scope: Any, tokens: AccessTokens) -> Claims | ExternalClaims | None:
    token = _token(scope)
    return None if token is None else tokens.verify(token)


def _token(scope: Any) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise InvalidTokenError("The Authorization header has to be `Bearer` and an access token.")
            return cast("str", token.strip())
    return None


async def _look_up(request: Request, claims: Claims | ExternalClaims) -> Caller:
    house = house_of(request)
    if isinstance(claims, ExternalClaims):
        met = await meet_identity(house, claims.identity)
        request.scope["state"]["user_id"] = met.user_id
        if not met.is_active:
            raise InvalidTokenError
        return Caller(met.user_id, None, met.role, met.practitioner_id, Actor(user_id=met.user_id))
    actor = Actor(user_id=claims.user_id)
    async with house.database.hot(actor) as db:
        row = await db.fetchrow(_WHO_ASKS, claims.user_id, claims.family_id)
    if row is None or not row["is_active"] or row["is_revoked"]:
        raise InvalidTokenError
    return Caller(claims.user_id, claims.family_id, row["role"], row["practitioner_id"], actor)
