"""The SQL that lies beside its domain: which files there are, in which order, and how they become the schema.

Tables come from migrations. Functions, views, triggers, policies and grants come from the `*.sql` files of `moorage/`,
which are applied whole after the migrations whenever one of them has changed: what they made before is dropped first,
so that the database holds exactly what the files say and nothing that a file said once.
"""

from __future__ import annotations

from pathlib import Path

import asyncpg

PACKAGE = Path(__file__).resolve().parent.parent

# Dependencies first: a folder's SQL may use what stands before it. A folder that is missing has no SQL yet.
ORDER = (
    "kernel",
    "web",
    "domains/audit",
    "domains/notifications",
    "domains/media",
    "domains/accounts",
    "domains/practitioners",
    "domains/catalog",
    "domains/ledger",
    "domains/messaging",
    "domains/credits",
    "domains/payments",
    "domains/availability",
    "domains/bookings",
    "domains/rooms",
    "domains/streams",
    "domains/reviews",
    "domains/invoicing",
    "domains/payouts",
    "domains/analytics",
    "providers/sandbox",
    "journeys",
)
# Within a folder `roles.sql` is first and the rest follows by name.
_FIRST = "roles.sql"

# Everything of ours that a file can make, newest first, with the statement that takes it away.
_OBJECTS = """
SELECT statement
FROM (SELECT ARRAY[to_regnamespace('public'), to_regnamespace('sandbox')]::oid[] AS ours) AS schemas, LATERAL (
  SELECT p.oid, format('DROP ROUTINE IF EXISTS %s', p.oid::regprocedure) AS statement
    FROM pg_proc p WHERE p.pronamespace = ANY (ours)
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT c.oid, format('DROP %s IF EXISTS %s', kind.name, c.oid::regclass)
    FROM pg_class c
    JOIN (VALUES ('v', 'VIEW'), ('m', 'MATERIALIZED VIEW'), ('c', 'TYPE')) AS kind (code, name)
      ON kind.code = c.relkind::text
   WHERE c.relnamespace = ANY (ours)
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
  UNION ALL
  SELECT t.oid, format('DROP DOMAIN IF EXISTS %s', t.oid::regtype)
    FROM pg_type t WHERE t.typnamespace = ANY (ours) AND t.typtype = 'd'
  UNION ALL
  SELECT t.oid, format('DROP TRIGGER IF EXISTS %I ON %s', t.tgname, t.tgrelid::regclass)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
   WHERE NOT t.tgisinternal AND c.relnamespace = ANY (ours)
  UNION ALL
  SELECT p.oid, format('DROP POLICY IF EXISTS %I ON %s', p.polname, p.polrelid::regclass)
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = ANY (ours)
) AS object ORDER BY oid DESC
"""


def sql_files() -> list[Path]:
    """Return every SQL file of the package in the order in which they are applied."""
    return [
        path
        for folder in ORDER
        for path in sorted((PACKAGE / folder).glob("*.sql"), key=lambda path: (path.name != _FIRST, path.name))
    ]


async def apply_sql_files(owner: asyncpg.Connection) -> None:
    """Apply every file and note what they made; call inside the migration's transaction, after `drop_sql_objects`."""
    before = set(await _objects(owner))
    for path in sql_files():
        try:
            await owner.execute(path.read_text())
        except asyncpg.PostgresError as error:
            error.add_note(f"in {path.relative_to(PACKAGE.parent)}{_line(path, error)}")
            raise
    made = [statement for statement in await _objects(owner) if statement not in before]
    await owner.executemany("INSERT INTO sql_objects (position, drop_statement) VALUES ($1, $2)", list(enumerate(made)))


async def drop_sql_objects(owner: asyncpg.Connection) -> None:
    """Drop what `apply_sql_files` made, newest first, and nothing else: no CASCADE that could take a column along."""
    for row in await owner.fetch("SELECT drop_statement FROM sql_objects ORDER BY position"):
        await owner.execute(row["drop_statement"])
    await owner.execute("DELETE FROM sql_objects")


async def _objects(owner: asyncpg.Connection) -> list[str]:
    # With an empty search path PostgreSQL writes names with their schema.
    search_path = await owner.fetchval("SELECT current_setting('search_path')")
    await owner.execute("SET LOCAL search_path = ''")
    statements = [row["statement"] for row in await owner.fetch(_OBJECTS)]
    await owner.execute("SELECT set_config('search_path', $1, true)", search_path)
    return statements


def _line(path: Path, error: asyncpg.PostgresError) -> str:
    """Say which line PostgreSQL means; it counts characters from the start of the file."""
    position = getattr(error, "position", None)
    if not position:
        return ""
    return f", line {path.read_text()[: int(position)].count(chr(10)) + 1}"
