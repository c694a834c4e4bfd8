"""What production refuses to start with: rights that row-level security does not bind, secrets anybody could guess."""

from moorage.wiring.database import DatabaseAddresses
from moorage.wiring.pooler import connect
from moorage.wiring.provider_settings import provider_problems
from moorage.wiring.providers import sandbox_terms
from moorage.wiring.roles import OWNER
from moorage.wiring.secrets import UnsafeSettingsError, access_tokens, refuse_problems
from moorage.wiring.settings import Settings


async def refuse_unsafe(settings: Settings, addresses: DatabaseAddresses) -> None:
    """Raise UnsafeSettingsError when `settings` must not run in production; nothing elsewhere."""
    if settings.environment != "production":
        return
    refuse_problems(production_problems(settings))
    for dsn in (addresses.web_dsn, addresses.worker_dsn):
        await _refuse_mighty(dsn)


def production_problems(settings: Settings) -> list[str]:
    """Everything in `settings` alone that production must not start with, one sentence each."""
    found = []
    for check in (access_tokens, sandbox_terms):
        try:
            check(settings)
        except UnsafeSettingsError as error:
            found.append(str(error))
    return [*found, *provider_problems(settings)]


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
