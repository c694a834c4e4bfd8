"""The sandbox's record of connected accounts: whom a merchant pays out to."""

from sqlalchemy import BigInteger, Boolean, Column, Identity, Table, Text, Uuid

from moorage.kernel.tables import created_at, metadata, text_column, updated_at

SCHEMA = "sandbox"

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("no", BigInteger, Identity(always=True), nullable=False, unique=True),
    # The merchant's own id of it, by which it can be found when the answer to its opening was lost.
    Column("client_reference", Uuid, unique=True),
    text_column("email"),
    text_column("country"),
    # Its holder has said where the money goes; until then none is taken for it.
    Column("can_be_paid", Boolean, nullable=False, server_default="false"),
    created_at(),
    updated_at(),
    schema=SCHEMA,
)
