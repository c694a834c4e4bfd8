"""Pools of connections: what their sessions are set to, straight to the server or through a pooler."""

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import asyncpg

from moorage.kernel.db import Pool

if TYPE_CHECKING:
    _AnyConnection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:  # asyncpg's classes are generic for type checkers only.
    _AnyConnection = asyncpg.Connection

CONNECT_TIMEOUT_S: Final = 5.0
"""A server that died with its socket open takes connections and never answers them."""


class _PlainConnection(_AnyConnection):
    """A connection whose release to the pool costs no round trip: nothing here outlives a transaction
    (settings are SET LOCAL, advisory locks are transaction-scoped), so there is nothing to reset.
    """

    def get_reset_query(self) -> str:
        return ""


class NamelessConnection(_PlainConnection):
    """A connection through a pooler, which gives each transaction to any session: no statement has a name there, for
    the session that would know it may be another's, and may know another by it. Nor does it switch off the compiler
    of queries for its own questions about types: the switch would stay in the session.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._server_caps = self._server_caps._replace(jit=False)  # type: ignore[has-type]

    def _get_unique_id(self, prefix: str) -> str:
        return "" if prefix == "stmt" else super()._get_unique_id(prefix)  # type: ignore[misc]


async def connect_pool(
    dsn: str,
    *,
    role: str,
    min_size: int,
    max_size: int,
    statement_timeout_ms: int,
    lock_timeout_ms: int,
    prepared_statements: bool = True,
    pooled: bool = False,
) -> Pool:
    """A pool whose sessions act as `role`, in UTC, with timeouts; where they are a pooler's (`pooled`), each
    transaction has to say so itself (`PooledDatabase`). `prepared_statements=False`: not every pooler knows them.
    """
    kept = session_settings(role, statement_timeout_ms, lock_timeout_ms)
    return await asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        max_queries=10_000_000,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=statement_timeout_ms / 1000 + 5,
        connection_class=_PlainConnection if prepared_statements else NamelessConnection,
        init=prepare_session,
        statement_cache_size=256 if prepared_statements else 0,
        server_settings={"application_name": role} if pooled else kept,
    )


def session_settings(role: str, statement_timeout_ms: int, lock_timeout_ms: int) -> dict[str, str]:
    """What every session of ours is set to."""
    return {
        "role": role,
        "timezone": "UTC",
        "application_name": role,
        "statement_timeout": str(statement_timeout_ms),
        "lock_timeout": str(lock_timeout_ms),
        "idle_in_transaction_session_timeout": "30000",
        "jit": "off",
    }


async def prepare_session(connection: _AnyConnection) -> None:
    """JSON comes and goes as Python's own values."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
