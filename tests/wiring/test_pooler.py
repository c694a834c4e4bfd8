"""A pooler that drops the role a session asks for: nothing is served through it."""

import asyncio
import contextlib
import struct
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import pytest

from moorage.wiring.database import DatabaseAddresses, acting_as
from moorage.wiring.house import connect_database
from moorage.wiring.postgres_errors import RoleNotTakenError
from moorage.wiring.roles import WEB, WORKER


async def test_a_pooler_that_drops_the_role_stops_the_start(database, settings):
    async with _forgetful(database.superuser_dsn) as dsn:
        addresses = DatabaseAddresses(
            database.owner_dsn, acting_as(WEB, dsn), acting_as(WORKER, dsn), None, database.major
        )
        with pytest.raises(RoleNotTakenError, match="not as moorage_web"):
            await connect_database(settings, addresses)


@contextlib.asynccontextmanager
async def _forgetful(dsn):
    """An address that leads to the server of `dsn`, and forgets `role` on the way."""
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))

    async def join(reader, writer):
        if "host" in query:
            there = await asyncio.open_unix_connection(f"{query['host']}/.s.PGSQL.{query.get('port', 5432)}")
        else:
            there = await asyncio.open_connection(parts.hostname, parts.port or 5432)
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        version, said = await reader.readexactly(4), (await reader.readexactly(length - 8)).rstrip(b"\0").split(b"\0")
        asked = dict(zip(said[::2], said[1::2], strict=True))
        asked.pop(b"role")
        message = version + b"".join(name + b"\0" + value + b"\0" for name, value in asked.items()) + b"\0"
        there[1].write(struct.pack("!i", len(message) + 4) + message)
        await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))

    server = await asyncio.start_server(join, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        login = parts.netloc.rpartition("@")[0]
        yield urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}", query="sslmode=disable"))


async def _pass_on(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
