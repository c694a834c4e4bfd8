"""The verbs of accounts. Each takes a connection, changes rows, and never commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

from moorage.domains.accounts.errors import EmailTakenError, InvalidLinkError
from moorage.domains.accounts.policy import at_rest, new_secret
from moorage.kernel.db import Connection

LinkPurpose = Literal["verify_email", "reset_password", "sign_in"]
Role = Literal["user", "admin", "owner"]
_EDITABLE: Final = ("first_name", "last_name", "phone_number", "bio", "avatar", "timezone", "location", "preferences")


@dataclass(frozen=True, slots=True)
class Rotated:
    """How an exchange of refresh tokens ended; `successor` is worth something when `outcome` is 'rotated'."""

    outcome: Literal["rotated", "reused", "unknown"]
    user_id: UUID | None
    family_id: UUID | None
    successor: str


async def create_user(
    db: Connection,
    user_id: UUID,
    *,
    email: str,
    password_hash: str | None,
    first_name: str,
    last_name: str,
    middle_name: str | None = None,
    phone_number: str | None = None,
    role: Role = "user",
) -> None:
    """Open an account. Raises EmailTakenError when the address belongs to another one; an account by this very id
    stays as it is (the same registration, sent again).
    """
    made = await db.fetchval(
        """
        INSERT INTO users (id, email, password_hash, first_name, middle_name, last_name, phone_number, role)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id
        """,
        user_id,
        email,
        password_hash,
        first_name,
        middle_name,
        last_name,
        phone_number,
        role,
    )
    if made is None and not await db.fetchval(
        "SELECT true FROM users WHERE id = $1 AND lower(email) = lower($2)", user_id, email
    ):
        raise EmailTakenError(pointer="/email")


async def change_profile(db: Connection, user_id: UUID, changes: Mapping[str, Any]) -> None:
    """Set what `changes` names of names, phone number and profile; the rest stays."""
    names = [name for name in _EDITABLE if name in changes]
    if names:
        settings = ", ".join(f"{name} = ${position}" for position, name in enumerate(names, start=2))
        await db.execute(
            f"UPDATE users SET {settings}, updated_at = now() WHERE id = $1",  # noqa: S608 - names are ours
            user_id,
            *(changes[name] for name in names),
        )


async def set_password(db: Connection, user_id: UUID, password_hash: str) -> None:
    """Replace the password, end every sign-in and make every mailed reset link worthless."""
    await db.execute("UPDATE users SET password_hash = $2, updated_at = now() WHERE id = $1", user_id, password_hash)
    await db.execute(
        """
        UPDATE refresh_families SET revoked_at = now(), revoked_reason = 'password_changed'
         WHERE user_id = $1 AND revoked_at IS NULL
        """,
        user_id,
    )
    await db.execute(
        """
        UPDATE account_links SET used_at = now()
         WHERE user_id = $1 AND purpose = 'reset_password' AND used_at IS NULL
        """,
        user_id,
    )


async def open_family(db: Connection, family_id: UUID, user_id: UUID, lifetime: timedelta) -> str:
    """Begin a sign-in; returns its first refresh token, of which only the hash is kept."""
    secret = new_secret()
    await db.execute("INSERT INTO refresh_families (id, user_id) VALUES ($1, $2)", family_id, user_id)
    await db.execute(
        "INSERT INTO refresh_tokens (token_hash, family_id, expires_at) VALUES ($1, $2, now() + $3)",
        at_rest(secret),
        family_id,
        lifetime,
    )
    await db.execute("UPDATE users SET last_login_at = now() WHERE id = $1", user_id)
    return secret


async def end_family(db: Connection, family_id: UUID) -> None:
    """End a sign-in: its refresh and access tokens are refused from now on."""
    await db.execute(
        """
        UPDATE refresh_families SET revoked_at = now(), revoked_reason = 'logout' WHERE id = $1 AND revoked_at IS NULL
        """,
        family_id,
    )


async def make_link(db: Connection, user_id: UUID, purpose: LinkPurpose, lifetime: timedelta) -> str:
    """A single-use secret to mail or print; only its hash is kept."""
    secret = new_secret()
    await db.execute(
        "INSERT INTO account_links (token_hash, user_id, purpose, expires_at) VALUES ($1, $2, $3, now() + $4)",
        at_rest(secret),
        user_id,
        purpose,
        lifetime,
    )
    return secret


async def take_link(db: Connection, secret: str, purpose: LinkPurpose) -> UUID:
    """Use up a link; returns whose it is. Raises InvalidLinkError when it was used, expired or never made."""
    user_id: UUID | None = await db.fetchval(
        """
        UPDATE account_links l SET used_at = now() FROM users u
         WHERE l.token_hash = $1 AND l.purpose = $2 AND l.used_at IS NULL AND l.expires_at > now()
           AND u.id = l.user_id AND u.is_active
        RETURNING l.user_id
        """,
        at_rest(secret),
        purpose,
    )
    if user_id is None:
        raise InvalidLinkError(pointer="/token")
    return user_id


async def verify_email(db: Connection, user_id: UUID) -> None:
    """The address is theirs: a mail to it was read."""
    await db.execute(
        "UPDATE users SET email_verified_at = coalesce(email_verified_at, now()), updated_at = now() WHERE id = $1",
        user_id,
    )


async def rotate_refresh(db: Connection, secret: str, lifetime: timedelta, grace: timedelta) -> Rotated:
    """Exchange a refresh token for its successor (`rotate_refresh` in functions.sql). Does not raise for a token that
    was reused: that its family has ended has to be committed first, so the caller looks at `outcome`.
    """
    successor = new_secret()
    row = await db.fetchrow(
        "SELECT outcome, user_id, family_id FROM rotate_refresh($1, $2, $3, $4)",
        at_rest(secret),
        at_rest(successor),
        lifetime,
        grace,
    )
    return Rotated(row["outcome"], row["user_id"], row["family_id"], successor)  # type: ignore[index]  # always a row
