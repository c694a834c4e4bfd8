"""A pooler in front of the server (Supabase's, PgBouncer): seen by what it does with what a session is started with."""

import asyncpg

from moorage.kernel.pools import NamelessConnection

PROBED_MS = 45_678
"""A limit that nobody sets, so that a session which has it has it from us."""


async def keeps_sessions(dsn: str, role: str) -> bool:
    """Whether a session of `dsn` is what it was started as: the server's own are. A pooler refuses the settings that it
    does not know, or drops them, and its sessions are nobody's for longer than a transaction.
    """
    try:
        connection = await connect(dsn, role=role, statement_timeout=str(PROBED_MS))
    except asyncpg.ProtocolViolationError:  # PgBouncer: "unsupported startup parameter"
        return False
    try:
        kept: bool = await connection.fetchval(
            "SELECT current_user = $1 AND current_setting('statement_timeout') = $2", role, f"{PROBED_MS}ms"
        )
    finally:
        await connection.close()
    return kept


async def connect(dsn: str, *, timeout_s: float | None = None, **session: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection that serves through a pooler as well: no statement of it has a name. `session`: what the session
    is started with, where the server itself is at the other end.
    """
    return await asyncpg.connect(
        dsn,
        timeout=timeout_s or 60,
        statement_cache_size=0,
        connection_class=NamelessConnection,
        server_settings=session or None,
    )
