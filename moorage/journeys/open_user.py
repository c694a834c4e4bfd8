"""An account is opened for somebody: by themselves as a client, or by an administrator for anyone, in any role.

Without a password the account is there and a mail asks its owner to set one, which also proves the address.
"""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from moorage.domains.accounts.operations import Role, create_user, make_link
from moorage.domains.accounts.policy import check_password
from moorage.domains.notifications.operations import queue_mail
from moorage.domains.practitioners import queries
from moorage.domains.practitioners.operations import appoint
from moorage.domains.practitioners.queries import Person
from moorage.journeys.house import House
from moorage.journeys.open_account import mail_verify_link
from moorage.kernel.db import SYSTEM, Actor, Connection, with_retries
from moorage.kernel.errors import ForbiddenError, NotFoundError

Duty = Literal["client", "practitioner", "administrator", "owner"]
_ROLES: Final[dict[Duty, Role]] = {
    "client": "user",
    "practitioner": "user",
    "administrator": "admin",
    "owner": "owner",
}


@dataclass(frozen=True, slots=True)
class NewUser:
    """Who gets an account, and what for. `password` None: they set one by the link of a mail."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    middle_name: str | None = None
    password: str | None = None
    duty: Duty = "client"


async def open_user(house: House, new: NewUser, *, by: UUID | None, by_admin: bool) -> Person:
    """Open the account; `by` is who asks, None for somebody who is not signed in. Raises ForbiddenError when the duty
    is not theirs to give, WeakPasswordError, EmailTakenError.
    """
    if new.duty != "client" and not by_admin:
        raise ForbiddenError("Only administrators and owners open accounts of this role.", pointer="/role")
    password_hash = None
    if new.password is not None:
        check_password(new.password, new.email, house.accounts)
        password_hash = await house.passwords.hash(new.password)

    async def open_it() -> None:
        async with house.database.transaction(SYSTEM) as db:
            await _create(house, db, new, password_hash, by)

    await with_retries(open_it)
    async with house.database.reading(Actor(new.id)) as db:
        person = await queries.get_person(db, new.id)
    if person is None:
        raise NotFoundError
    return person


async def _create(house: House, db: Connection, new: NewUser, password_hash: str | None, by: UUID | None) -> None:
    await create_user(
        db,
        new.id,
        email=new.email,
        password_hash=password_hash,
        first_name=new.first_name,
        middle_name=new.middle_name,
        last_name=new.last_name,
        role=_ROLES[new.duty],
    )
    if new.duty != "client" and by is not None:
        await _give_duty(house, db, new, by)
    if new.password is None:
        await _mail_password_link(house, db, new)
    else:
        await mail_verify_link(house, db, new.id, new.email)


async def _give_duty(house: House, db: Connection, new: NewUser, by: UUID) -> None:
    await db.execute(
        "SELECT record_action('user.opened', 'user', $1, jsonb_build_object('role', $2::text), $3)",
        new.id,
        new.duty,
        by,
    )
    if new.duty == "practitioner":
        await appoint(
            db,
            house.ids(),
            user_id=new.id,
            display_name=f"{new.first_name} {new.last_name}",
            timezone=house.terms.business_timezone,
            by=by,
        )


async def _mail_password_link(house: House, db: Connection, new: NewUser) -> None:
    lifetime = house.accounts.verify_link
    secret = await make_link(db, new.id, "reset_password", lifetime)
    hours = int(lifetime.total_seconds() // 3600)
    await queue_mail(
        db,
        user_id=new.id,
        recipient=new.email,
        subject=f"Your account at {house.business_name}",
        body=(
            f"There is an account for you at {house.business_name}.\n\n"
            "Choose your password here:\n\n"
            f"{house.public_url}/reset-password?token={secret}\n\n"
            f"The link works once, for {hours} hours. After that, ask for a new one where you sign in.\n"
        ),
        cause=f"set_password:{house.ids()}",
    )
