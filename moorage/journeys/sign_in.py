"""Signing in and out: by password, by a mailed or printed link, and by the refresh token that either gives."""

from dataclasses import dataclass
from uuid import UUID

from moorage.domains.accounts.errors import InvalidCredentialsError, InvalidTokenError, TokenReusedError
from moorage.domains.accounts.operations import (
    end_family,
    make_link,
    open_family,
    rotate_refresh,
    take_link,
    verify_email,
)
from moorage.domains.accounts.queries import Account, account_by_email, account_by_id, kept_password
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, Connection
from moorage.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that is open: who, the family its tokens belong to, and the refresh token that comes next."""

    account: Account
    practitioner_id: UUID | None
    family_id: UUID
    refresh_token: str


async def log_in(house: House, email: str, password: str) -> Session:
    """Sign in by password. Raises InvalidCredentialsError, after the same work whether or not there is an account."""
    async with house.database.reading(SYSTEM) as db:
        kept = await kept_password(db, email)
    right = await house.passwords.verify(password, kept.password_hash if kept else None)
    if kept is None or not right:
        raise InvalidCredentialsError
    return await _begin(house, kept.user_id)


async def log_in_by_link(house: House, secret: str) -> Session:
    """Sign in by a single-use link, which also proves the address. Raises InvalidLinkError."""
    async with house.database.transaction(SYSTEM) as db:
        user_id = await take_link(db, secret, "sign_in")
        await verify_email(db, user_id)
        family_id = house.ids()
        refresh = await open_family(db, family_id, user_id, house.accounts.refresh_token)
        return await session_of(db, user_id, family_id, refresh)


async def make_sign_in_link(house: House, email: str) -> str:
    """An address that signs its visitor in once, for whoever runs this installation. Raises NotFoundError."""
    async with house.database.transaction(SYSTEM) as db:
        account = await account_by_email(db, email)
        if account is None or not account.is_active:
            raise NotFoundError(f"There is no open account for {email}.")
        secret = await make_link(db, account.id, "sign_in", house.accounts.sign_in_link)
    return f"{house.public_url}/in/{secret}"


async def refresh(house: House, secret: str) -> Session:
    """Exchange a refresh token. Raises TokenReusedError (the whole sign-in has ended then) or InvalidTokenError."""
    terms = house.accounts
    async with house.database.transaction(SYSTEM) as db:
        rotated = await rotate_refresh(db, secret, terms.refresh_token, terms.refresh_grace)
        if rotated.outcome == "rotated" and rotated.user_id is not None and rotated.family_id is not None:
            return await session_of(db, rotated.user_id, rotated.family_id, rotated.successor)
    # Raised outside: that a reused token ended its family must stay.
    if rotated.outcome == "reused":
        raise TokenReusedError
    raise InvalidTokenError("The refresh token is not valid (any more): sign in again.")


async def log_out(house: House, family_id: UUID) -> None:
    """End a sign-in."""
    async with house.database.transaction(SYSTEM) as db:
        await end_family(db, family_id)


async def session_of(db: Connection, user_id: UUID, family_id: UUID, refresh_token: str) -> Session:
    """The session as it is answered."""
    account = await account_by_id(db, user_id)
    if account is None:
        raise NotFoundError
    practitioner_id = await db.fetchval("SELECT practitioner_id FROM who_asks($1, $2)", user_id, family_id)
    return Session(account, practitioner_id, family_id, refresh_token)


async def _begin(house: House, user_id: UUID) -> Session:
    async with house.database.transaction(SYSTEM) as db:
        family_id = house.ids()
        secret = await open_family(db, family_id, user_id, house.accounts.refresh_token)
        return await session_of(db, user_id, family_id, secret)
