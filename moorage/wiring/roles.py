"""The four database roles, and who may act as which.

`moorage_owner` owns the tables and migrates. `moorage_engine` owns the SECURITY DEFINER functions and cannot log in.
`moorage_web` and `moorage_worker` own nothing and do not bypass row-level security. On the bundled server the owner,
web and worker log in with passwords of their own; on another server they are roles that DATABASE_URL's login acts as.
"""

from __future__ import annotations

import contextlib

import asyncpg

from moorage.wiring.postgres_errors import PostgresError

OWNER = "moorage_owner"
ENGINE = "moorage_engine"
WEB = "moorage_web"
WORKER = "moorage_worker"
LOGINS = (OWNER, WEB, WORKER)
ALL = (OWNER, ENGINE, WEB, WORKER)

# Said where the login may not do it itself, for whoever may.
BY_HAND = f"""\
    CREATE ROLE {OWNER} NOLOGIN;  CREATE ROLE {ENGINE} NOLOGIN;
    CREATE ROLE {WEB} NOLOGIN;    CREATE ROLE {WORKER} NOLOGIN;
    GRANT {ENGINE} TO {OWNER};
    GRANT {OWNER}, {WEB}, {WORKER} TO CURRENT_USER;  -- the login of DATABASE_URL
    GRANT USAGE, CREATE ON SCHEMA public TO {OWNER} WITH GRANT OPTION;
    CREATE SCHEMA sandbox AUTHORIZATION {OWNER};"""


class RolesMissingError(PostgresError):
    """The roles do not exist and the login may not create them; the message has the statements for somebody who may."""


async def ensure_roles(admin: asyncpg.Connection, passwords: dict[str, str] | None = None) -> None:
    """Create what is missing of the roles and grants, in `admin`'s database. Safe to repeat, and in two processes.

    `passwords` (role: password) makes those roles log in; without it `admin`'s own login is allowed to act as them.
    Raises RolesMissingError when `admin` may not do what is left to do.
    """
    if await _complete(admin, passwords):
        return
    try:
        await _create_roles(admin, passwords or {})
        if not await admin.fetchval("SELECT pg_has_role($1, $2, 'USAGE')", OWNER, ENGINE):
            await _grant(admin, f"GRANT {ENGINE} TO {OWNER}")
        if passwords is None:
            for role in LOGINS:
                await _grant(admin, f"GRANT {role} TO CURRENT_USER")
            # On a server that is not ours the owner role may not create schemas itself.
            await _grant(admin, f"CREATE SCHEMA IF NOT EXISTS sandbox AUTHORIZATION {OWNER}")
        await _grant(admin, f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER} WITH GRANT OPTION")
    except asyncpg.InsufficientPrivilegeError as error:
        login = await admin.fetchval("SELECT current_user")
        message = f"{login} may not set up Moorage's roles ({error}). Have an administrator of the database run:"
        raise RolesMissingError(f"{message}\n{BY_HAND}") from error


async def _complete(admin: asyncpg.Connection, passwords: dict[str, str] | None) -> bool:
    """Whether nothing is left to do, in one round trip: this runs at every start."""
    exist = await admin.fetchval("SELECT count(*) = 4 FROM pg_roles WHERE rolname = ANY($1)", list(ALL))
    if not exist:
        return False
    complete: bool = await admin.fetchval(
        """
        SELECT pg_has_role($1, $2, 'USAGE')
               AND has_schema_privilege($1, 'public', 'CREATE WITH GRANT OPTION')
               AND (NOT $3 OR to_regnamespace('sandbox') IS NOT NULL AND (
                     SELECT bool_and(pg_has_role(current_user, role, 'MEMBER')) FROM unnest($4::text[]) AS role))
        """,
        OWNER,
        ENGINE,
        passwords is None,
        list(LOGINS),
    )
    return complete


async def _create_roles(admin: asyncpg.Connection, passwords: dict[str, str]) -> None:
    for role in ALL:
        login = "LOGIN" if role in passwords else "NOLOGIN"
        # Roles belong to the whole server: somebody who sets up another database may be at it in this moment.
        with contextlib.suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            await admin.execute(f"CREATE ROLE {role} {login}")
        if role in passwords:
            await _grant(
                admin,
                await admin.fetchval(
                    "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)", role, passwords[role]
                ),
            )


async def _grant(admin: asyncpg.Connection, statement: str) -> None:
    """Run a statement that two processes may run at once: the catalogue's row then says so instead of waiting."""
    for _ in range(10):
        try:
            await admin.execute(statement)
        except (asyncpg.InternalServerError, asyncpg.UniqueViolationError):  # "tuple concurrently updated"
            continue
        except asyncpg.InvalidGrantOperationError:  # the other process has granted it, and we are in the grantee's role
            return
        return
    await admin.execute(statement)
