"""Meeting somebody whose token another issuer signed: they get an account here the first time."""

from dataclasses import dataclass
from uuid import UUID

from moorage.journeys.house import House
from moorage.kernel.db import ANONYMOUS, with_retries


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at `issuer`. `is_admin`: what it says of that, None where it has no say; `email`: an address that
    may be theirs; `keeps_id`: the id that their account here takes, if it is free.
    """

    issuer: str
    subject: str
    is_admin: bool | None = None
    email: str | None = None
    keeps_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """Who that is here, with their rights as they are now."""

    user_id: UUID
    role: str
    is_active: bool
    practitioner_id: UUID | None


async def meet_identity(house: House, identity: Identity) -> Met:
    """The account of `identity`: made at its first request (once, however many come together), an administrator's while
    its issuer says so. One round trip.
    """

    async def meet() -> Met:
        async with house.database.hot(ANONYMOUS) as db:
            row = await db.fetchrow(
                "SELECT user_id, role, is_active, practitioner_id FROM identity_asks($1, $2, $3, $4, $5, $6)",
                identity.issuer,
                identity.subject,
                identity.is_admin,
                identity.email,
                identity.keeps_id,
                house.ids(),
            )
        assert row is not None  # noqa: S101 - the function always answers
        return Met(**row)

    return await with_retries(meet, repeatable=True)
