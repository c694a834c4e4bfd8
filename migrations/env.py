"""Alembic's entry point: runs inside the connection and the transaction that `moorage.wiring.migrate` has opened."""

from typing import Any

from alembic import context

from moorage.wiring.migrate import NOT_MODELLED

# `None` is the default schema; the sandbox provider stands for somebody else's system and has one of its own.
SCHEMAS = {None, "sandbox"}


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    if kind == "schema":
        return name in SCHEMAS
    return not (kind == "table" and name in NOT_MODELLED)


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes.get("metadata"),
    include_name=is_ours,
    include_schemas=True,
    compare_type=True,
    compare_server_default=True,
    **attributes.get("configure", {}),
)
with context.begin_transaction():
    context.run_migrations()
