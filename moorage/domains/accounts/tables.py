"""Tables of accounts: people, their sessions, and the links mailed to them."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

from moorage.kernel.tables import (
    created_at,
    id_column,
    instant,
    metadata,
    one_of,
    reference,
    text_column,
    updated_at,
)

users = Table(
    "users",
    metadata,
    id_column(),
    text_column("email"),
    text_column("password_hash", nullable=True),
    text_column("first_name", default=""),
    text_column("middle_name", nullable=True),
    text_column("last_name", default=""),
    text_column("phone_number", nullable=True),
    text_column("role", default="user"),
    Column("is_active", Boolean, nullable=False, server_default="true"),
    instant("email_verified_at", nullable=True),
    text_column("bio", default=""),
    text_column("avatar", nullable=True),
    text_column("timezone", default="UTC"),
    text_column("location", default=""),
    Column("preferences", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    instant("last_login_at", nullable=True),
    created_at(),
    updated_at(),
    one_of("role", "user", "admin", "owner"),
    Index("uq_users_email_lower", func.lower(text("email")), unique=True),
)

# Who somebody is elsewhere: the subject of tokens that another issuer signs.
external_identities = Table(
    "external_identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True, index=True),
    reference("user_id", "users.id", ondelete="CASCADE", index=True),
    Column("is_admin", Boolean, nullable=False, server_default="false"),
    created_at(),
    updated_at(),
)

# One sign-in on one device: every refresh token descends from one family, and dies with it.
refresh_families = Table(
    "refresh_families",
    metadata,
    id_column(),
    reference("user_id", "users.id", ondelete="CASCADE", index=True),
    created_at(),
    instant("revoked_at", nullable=True),
    text_column("revoked_reason", nullable=True),
    one_of("revoked_reason", "logout", "token_reused", "password_changed", "admin"),
)

# Refresh tokens by the SHA-256 of their 256 random bits; the token itself is never stored.
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    reference("family_id", "refresh_families.id", ondelete="CASCADE", index=True),
    instant("issued_at", default_now=True),
    instant("expires_at", index=True),
    instant("used_at", nullable=True),
)

# Single-use links by mail: verify an address, reset a password, sign in. Hashed at rest, expiring.
account_links = Table(
    "account_links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    reference("user_id", "users.id", ondelete="CASCADE", index=True),
    text_column("purpose"),
    created_at(),
    instant("expires_at", index=True),
    instant("used_at", nullable=True),
    one_of("purpose", "verify_email", "reset_password", "sign_in"),
)
