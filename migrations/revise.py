"""Writes the next migration from what the models say and the migrations so far do not: `make revision name="…"`.

Works on a server and a database of its own, so nothing that exists is looked at or touched. Read what it writes: it
sees added and removed things, not renamed ones, and knows nothing of the rows.
"""

import asyncio
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from moorage.kernel.tables import metadata
from moorage.wiring.database import prepare_bundled
from moorage.wiring.migrate import MIGRATIONS, ROOT, alembic_config, migrate
from moorage.wiring.scratch import scratch_server


def whole_metadata() -> MetaData:
    """Import every `tables.py` and `…_tables.py` and return the one MetaData on which they all register."""
    for path in sorted((ROOT / "moorage").rglob("*tables.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return metadata


async def revise(message: str) -> Path:
    """Write one migration from the newest revision to the models; returns its file."""
    with scratch_server() as lease:
        database = await prepare_bundled(lease.address, "scratch")
        if any((MIGRATIONS / "versions").glob("*.py")):
            await migrate(database.owner_dsn)
        return await _write(database.owner_dsn, message)


async def _write(owner_dsn: str, message: str) -> Path:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(owner_dsn)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        return await connection.run_sync(_autogenerate, message)


def _autogenerate(connection: Connection, message: str) -> Path:
    config = alembic_config()
    config.attributes["connection"] = connection
    config.attributes["metadata"] = whole_metadata()
    number = len(list((MIGRATIONS / "versions").glob("*.py"))) + 1
    script: Any = command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
    return Path(script.path)


def main() -> None:
    """Write the migration and format it."""
    path = asyncio.run(revise(" ".join(sys.argv[1:])))
    subprocess.run([sys.executable, "-m", "ruff", "check", "--fix", "--quiet", str(path)], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(path)], check=True)
    print(path.relative_to(ROOT))  # noqa: T201 - what a command answers


if __name__ == "__main__":
    main()
