"""Every read of accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from moorage.kernel.db import Connection

_COLUMNS: Final = """
id, email, first_name, last_name, phone_number, role, is_active, email_verified_at IS NOT NULL AS is_verified,
bio, avatar, timezone, location, preferences
"""
_BY_ID: Final = f"SELECT {_COLUMNS} FROM users WHERE id = $1"  # noqa: S608 - constant text
_BY_EMAIL: Final = f"SELECT {_COLUMNS} FROM users WHERE lower(email) = lower($1)"  # noqa: S608 - constant text
_PASSWORD: Final = "SELECT id, password_hash FROM users WHERE lower(email) = lower($1) AND is_active"  # noqa: S105 - SQL


@dataclass(frozen=True, slots=True)
class Account:
    """One person as they see themselves. `role` is 'user', 'admin' or 'owner'."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    phone_number: str | None
    role: str
    is_active: bool
    is_verified: bool
    bio: str
    avatar: str | None
    timezone: str
    location: str
    preferences: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptPassword:
    """An account's password hash; None where it has no password."""

    user_id: UUID
    password_hash: str | None


async def account_by_id(db: Connection, user_id: UUID) -> Account | None:
    """The account, or None."""
    return _account(await db.fetchrow(_BY_ID, user_id))


async def account_by_email(db: Connection, email: str) -> Account | None:
    """The account whose address this is (in any case of letters), or None."""
    return _account(await db.fetchrow(_BY_EMAIL, email))


async def kept_password(db: Connection, email: str) -> KeptPassword | None:
    """The password hash of the open account with this address, or None."""
    row = await db.fetchrow(_PASSWORD, email)
    return None if row is None else KeptPassword(row["id"], row["password_hash"])


def _account(row: asyncpg.Record | None) -> Account | None:
    return None if row is None else Account(**row)
