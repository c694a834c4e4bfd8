"""Writes `database/schema.sql`, the whole schema as PostgreSQL itself says it, for people to read: `make schema`."""

import asyncio
import re
import subprocess

from moorage.wiring.bundled.place import program
from moorage.wiring.database import prepare_bundled
from moorage.wiring.migrate import ROOT, migrate
from moorage.wiring.scratch import scratch_server

SNAPSHOT = ROOT / "database" / "schema.sql"
SCHEMAS = ("--schema=public", "--schema=sandbox*")
# Lines that say when, by whom and by which program a dump was made, and nothing of the schema.
_NOISE = re.compile(r"--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict ")
_DOLLAR_QUOTE = re.compile(r"\$\w*\$")


def main() -> None:
    """Migrate an empty database of its own and write what it then holds."""
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(asyncio.run(_whole_schema()))


async def _whole_schema() -> str:
    with scratch_server() as lease:
        database = await prepare_bundled(lease.address, "scratch")
        await migrate(database.owner_dsn)
        return dumped_schema(lease.address.dsn("scratch"))


def dumped_schema(superuser_dsn: str, *options: str) -> str:
    """Return the schema as pg_dump writes it, without owners and what changes from dump to dump."""
    command = [str(program("pg_dump")), "--schema-only", "--no-owner", *SCHEMAS, *options, superuser_dsn]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "\n".join(_without_noise(dump.splitlines())).strip() + "\n"


def _without_noise(lines: list[str]) -> list[str]:
    kept: list[str] = []
    inside_function = False
    for line in lines:
        if not inside_function and (_NOISE.match(line) or (not line and kept and not kept[-1])):
            continue
        if len(_DOLLAR_QUOTE.findall(line)) % 2:
            inside_function = not inside_function
        kept.append(line)
    return kept


def only_tables(dump: str) -> str:
    """Return a dump's tables in a form that two ways of making them can be compared by: columns in any order."""
    statements = re.split(r";\n", re.sub(r"^ALTER TABLE .* ROW LEVEL SECURITY;$", "", dump, flags=re.MULTILINE))
    return "\n\n".join(filter(None, (_columns_sorted(statement.strip()) for statement in statements)))


def _columns_sorted(statement: str) -> str:
    if not re.match(r"CREATE (UNLOGGED )?TABLE ", statement):
        return statement
    first, *body = statement.splitlines()
    return "\n".join([first, *sorted(line.rstrip(",") for line in body)])


if __name__ == "__main__":
    main()
