"""A forgotten password: ask for a link, and set a new password with it."""

from collections.abc import Mapping
from typing import Any

from moorage.domains.accounts.operations import make_link, set_password, take_link, verify_email
from moorage.domains.accounts.policy import check_password
from moorage.domains.accounts.queries import account_by_email, account_by_id
from moorage.domains.notifications.operations import queue_mail
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError
from moorage.kernel.jobs import enqueue

SEND_RESET_LINK = "send_reset_link"


async def ask_for_reset_link(house: House, email: str) -> None:
    """Have a link mailed, if there is an account. Takes the same time whether there is one: a job finds out."""
    async with house.database.transaction(SYSTEM) as db:
        await enqueue(db, SEND_RESET_LINK, {"email": email}, key=f"{SEND_RESET_LINK}:{email.lower()}")


async def send_reset_link(house: House, payload: Mapping[str, Any]) -> None:
    """Job: mail a link to the account with the address `email`, if there is one."""
    async with house.database.transaction(SYSTEM) as db:
        account = await account_by_email(db, payload["email"])
        if account is None or not account.is_active:
            return
        secret = await make_link(db, account.id, "reset_password", house.accounts.reset_link)
        minutes = int(house.accounts.reset_link.total_seconds() // 60)
        await queue_mail(
            db,
            user_id=account.id,
            recipient=account.email,
            subject=f"Set a new password for {house.business_name}",
            body=(
                f"Somebody, probably you, asked for a new password at {house.business_name}.\n\n"
                "Set it here:\n\n"
                f"{house.public_url}/reset-password?token={secret}\n\n"
                f"The link works once, for {minutes} minutes. If it was not you, ignore this mail: nothing changes.\n"
            ),
            cause=f"reset_password:{house.ids()}",
        )


async def reset_password(house: House, secret: str, password: str) -> None:
    """Set a new password by a mailed link, which also proves the address, and end every sign-in. Raises
    WeakPasswordError (the link stays good) and InvalidLinkError.
    """
    check_password(password, "", house.accounts)
    password_hash = await house.passwords.hash(password)
    async with house.database.transaction(SYSTEM) as db:
        user_id = await take_link(db, secret, "reset_password")
        account = await account_by_id(db, user_id)
        if account is None:
            raise NotFoundError
        check_password(password, account.email, house.accounts)
        await set_password(db, user_id, password_hash)
        await verify_email(db, user_id)
