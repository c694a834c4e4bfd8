"""Opening an account from the command line: for the owner, before there is anybody to ask."""

from uuid import UUID

from moorage.domains.accounts.operations import create_user, verify_email
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM


async def open_account_by_hand(house: House, email: str, *, admin: bool, first_name: str, last_name: str) -> UUID:
    """An account without a password (a link signs in, or a reset sets one), its address taken as proved. Raises
    EmailTakenError.
    """
    user_id = house.ids()
    async with house.database.transaction(SYSTEM) as db:
        await create_user(
            db,
            user_id,
            email=email,
            password_hash=None,
            first_name=first_name,
            last_name=last_name,
            role="admin" if admin else "user",
        )
        await verify_email(db, user_id)
    return user_id
