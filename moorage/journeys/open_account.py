"""Opening an account: register, and prove that the address is one's own."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from moorage.domains.accounts.operations import create_user, make_link, open_family, take_link, verify_email
from moorage.domains.accounts.policy import check_password
from moorage.domains.accounts.queries import Account, account_by_email, account_by_id
from moorage.domains.notifications.operations import queue_mail
from moorage.journeys.house import House
from moorage.journeys.sign_in import Session, session_of
from moorage.kernel.db import SYSTEM, Connection, with_retries
from moorage.kernel.errors import NotFoundError
from moorage.kernel.jobs import enqueue

SEND_VERIFY_LINK = "send_verify_link"


async def register(
    house: House,
    user_id: UUID,
    *,
    email: str,
    password: str,
    first_name: str,
    last_name: str,
    phone_number: str | None = None,
) -> Session:
    """Open an account, sign it in and mail a link that proves the address. Raises WeakPasswordError, and
    EmailTakenError after as much work as a success takes.
    """
    check_password(password, email, house.accounts)
    password_hash = await house.passwords.hash(password)

    async def open_it() -> Session:
        async with house.database.transaction(SYSTEM) as db:
            await create_user(
                db,
                user_id,
                email=email,
                password_hash=password_hash,
                first_name=first_name,
                last_name=last_name,
                phone_number=phone_number,
            )
            await mail_verify_link(house, db, user_id, email)
            family_id = house.ids()
            refresh = await open_family(db, family_id, user_id, house.accounts.refresh_token)
            return await session_of(db, user_id, family_id, refresh)

    return await with_retries(open_it)


async def prove_email(house: House, secret: str) -> tuple[Account, UUID | None]:
    """Use the link of a mail; returns the account and its practitioner, if it is one. Raises InvalidLinkError."""
    async with house.database.transaction(SYSTEM) as db:
        user_id = await take_link(db, secret, "verify_email")
        await verify_email(db, user_id)
        account = await account_by_id(db, user_id)
        practitioner_id = await db.fetchval("SELECT practitioner_id FROM who_asks($1, NULL)", user_id)
    if account is None:
        raise NotFoundError
    return account, practitioner_id


async def ask_for_verify_link(house: House, email: str) -> None:
    """Have another link mailed, if there is an account that needs one. Takes the same time whether there is one."""
    async with house.database.transaction(SYSTEM) as db:
        await enqueue(db, SEND_VERIFY_LINK, {"email": email}, key=f"{SEND_VERIFY_LINK}:{email.lower()}")


async def send_verify_link(house: House, payload: Mapping[str, Any]) -> None:
    """Job: mail another link to the account with the address `email` that is not verified yet."""
    async with house.database.transaction(SYSTEM) as db:
        account = await account_by_email(db, payload["email"])
        if account is not None and account.is_active and not account.is_verified:
            await mail_verify_link(house, db, account.id, account.email)


async def mail_verify_link(house: House, db: Connection, user_id: UUID, email: str) -> None:
    """Have a link mailed that proves the address."""
    secret = await make_link(db, user_id, "verify_email", house.accounts.verify_link)
    hours = int(house.accounts.verify_link.total_seconds() // 3600)
    await queue_mail(
        db,
        user_id=user_id,
        recipient=email,
        subject=f"Confirm your e-mail address for {house.business_name}",
        body=(
            f"Welcome to {house.business_name}.\n\n"
            "Please confirm that this is your e-mail address:\n\n"
            f"{house.public_url}/verify-email?token={secret}\n\n"
            f"The link works once, for {hours} hours. If you did not open an account, ignore this mail.\n"
        ),
        cause=f"verify_email:{house.ids()}",
    )
