"""What stops a start: half a configuration anywhere; in production secrets that anybody could guess, and rights that
row-level security does not bind.
"""

from moorage.wiring.database import DatabaseAddresses
from moorage.wiring.pooler import connect
from moorage.wiring.provider_settings import default_problems, provider_problems
from moorage.wiring.providers import hosting_problems, sandbox_problems
from moorage.wiring.roles import OWNER
from moorage.wiring.secrets import UnsafeSettingsError, refuse_problems, token_problems
from moorage.wiring.settings import Settings


def start_problems(settings: Settings) -> list[str]:
    """Everything in `settings` alone that nothing must start with, one sentence each."""
    found = [*token_problems(settings), *sandbox_problems(settings)]
    return [*found, *provider_problems(settings), *default_problems(settings), *hosting_problems(settings)]


def refuse_settings(settings: Settings) -> None:
    """Raise one UnsafeSettingsError that names every problem of `settings`, before anything is opened."""
    refuse_problems(start_problems(settings))


async def refuse_unsafe(settings: Settings, addresses: DatabaseAddresses) -> None:
    """Raise UnsafeSettingsError when production must not run on this database; nothing elsewhere."""
    if settings.environment != "production":
        return
    for dsn in (addresses.web_dsn, addresses.worker_dsn):
        await _refuse_mighty(dsn)
    await _refuse_empty(addresses.worker_dsn)


async def _refuse_mighty(dsn: str) -> None:
    connection = await connect(dsn)
    try:
        # The login itself counts, not the role it acts as: whoever may set one role may set another.
        mighty = await connection.fetchval(
            """SELECT rolsuper OR rolbypassrls OR pg_has_role(session_user, $1, 'MEMBER')
                 FROM pg_roles WHERE rolname = session_user""",
            OWNER,
        )
    finally:
        await connection.close()
    if mighty:
        raise UnsafeSettingsError(
            "DATABASE_URL logs in as a superuser or as one who may act as the owner of the tables, whom row-level"
            " security does not bind: give it a login that may act as moorage_web and moorage_worker alone,"
            " and the migrating login to DATABASE_OWNER_URL"
        )


async def _refuse_empty(dsn: str) -> None:
    connection = await connect(dsn)
    try:
        is_empty = await connection.fetchval("SELECT to_regclass('public.sql_files') IS NULL")
    finally:
        await connection.close()
    if is_empty:
        raise UnsafeSettingsError(
            "The database has no tables yet, and production makes none by itself: moorage migrate"
        )
