"""The bundled PostgreSQL starts for anybody, anywhere, with our settings, and says why when it does not."""

from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from moorage.wiring.bundled.address import ServerAddress, ServerOptions
from moorage.wiring.bundled.starter import start
from moorage.wiring.postgres import BundledPostgresError, ensure_postgres
from tests.support.bundled import QUICK, ask, is_alive


async def test_it_starts_with_our_settings_and_stops(home):
    lease = await ensure_postgres(home, ServerOptions(durable=False, max_connections=37))
    names = ("jit", "random_page_cost", "max_connections", "timezone", "listen_addresses", "server_encoding")
    shown = [await ask(lease.address, f"SHOW {name}") for name in names]
    assert shown == ["off", "1.1", "37", "UTC", "", "UTF8"]
    lease.stop()
    assert not is_alive(home)


async def test_it_is_durable_unless_told_otherwise(home):
    lease = await ensure_postgres(home)
    shown = [await ask(lease.address, f"SHOW {name}") for name in ("fsync", "full_page_writes", "synchronous_commit")]
    assert shown == ["on", "on", "on"]
    lease.stop()


async def test_data_is_kept_from_start_to_start(home):
    lease = await ensure_postgres(home, QUICK)
    await ask(lease.address, "CREATE TABLE kept AS SELECT 42 AS answer")
    lease.stop()
    lease = await ensure_postgres(home, QUICK)
    assert await ask(lease.address, "SELECT answer FROM kept") == 42
    lease.stop()


async def test_it_answers_on_the_loopback_address_when_asked(home):
    lease = await ensure_postgres(home, ServerOptions(durable=False, tcp_port=0))
    connection = await asyncpg.connect(lease.address.tcp_dsn())
    assert await connection.fetchval("SELECT host(inet_server_addr())") == "127.0.0.1"
    assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
    await connection.close()
    lease.stop()


async def test_a_port_that_the_running_server_lacks_is_said(home):
    lease = await ensure_postgres(home, QUICK)
    with pytest.raises(BundledPostgresError, match="without TCP"):
        start(home, ServerOptions(tcp_port=0))
    assert await ask(lease.address, "SELECT 1") == 1
    lease.stop()


@pytest.mark.parametrize("name", ["deep" * 40, "a, comma and a space", "ünï 'quoted'"])
async def test_any_path_will_do(home, name):
    inside = home / name
    inside.mkdir()
    lease = await ensure_postgres(inside, QUICK)
    assert await ask(lease.address, "SELECT 1") == 1
    sockets = Path(lease.address.socket_directory)
    lease.stop()
    assert not sockets.exists() or sockets.is_relative_to(inside)


async def test_a_server_that_does_not_start_says_why(home):
    lease = await ensure_postgres(home, QUICK)
    lease.stop()
    with (home / "postgres" / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    with pytest.raises(BundledPostgresError, match="no_such_setting"):
        await ensure_postgres(home, QUICK)
    assert not is_alive(home)


async def test_data_without_its_password_is_not_touched(home):
    lease = await ensure_postgres(home, QUICK)
    lease.stop()
    (home / "postgres" / "password").unlink()
    with pytest.raises(BundledPostgresError, match="password is missing"):
        await ensure_postgres(home, QUICK)


def test_an_address_says_every_character_safely():
    address = ServerAddress(socket_directory="/a b", port=1, tcp=False, password="p@ss/word")
    assert quote("p@ss/word", safe="") in address.dsn("näme")
