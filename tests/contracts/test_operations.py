"""What whoever runs this looks at: health, metrics, logs."""

import asyncio
import contextlib
import json
import logging
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import pytest
from fastapi import APIRouter

from moorage.kernel.ids import uuid7
from moorage.wiring.app import behind_front, build_api, build_app
from moorage.wiring.database import DatabaseAddresses
from moorage.wiring.house import connect_database, make_house
from moorage.wiring.logs import set_up_logs
from moorage.wiring.secrets import access_tokens
from tests.support.apps import in_process


@pytest.fixture
def log_file(settings, tmp_path):
    """The log of a process that was set up to write one."""
    root, access = logging.getLogger(), logging.getLogger("moorage.access")
    before = root.handlers[:], root.level, access.level
    path = tmp_path / "logs" / "app.log"
    set_up_logs(settings.model_copy(update={"log_dir": path.parent}))
    yield path
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level, access.level = before


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_health_says_that_the_database_answers(api):
    answer = await api.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "healthy", "service": "moorage", "version": "0.1.0", "database": "ok"}


async def test_health_and_the_api_say_503_quickly_when_the_database_is_away(settings, database, log_file):
    async with _Wire(database) as wire:
        pools = await connect_database(settings, wire.addresses())
        async with in_process(build_app(settings, make_house(settings, pools))) as client:
            access = access_tokens(settings).issue(uuid7(), uuid7(), is_practitioner=False)
            ask = {"url": "/api/v1/auth/user/", "headers": {"authorization": f"Bearer {access}"}}
            assert (await client.get("/health")).status_code == 200
            await wire.cut()
            health, asked = await client.get("/health"), await client.get(**ask)
            await wire.mend()
            again = await client.get(**ask)
        pools.web.terminate()
        pools.worker.terminate()
    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert (asked.status_code, asked.json()["errors"]["code"]) == (503, "unavailable")
    assert int(asked.headers["retry-after"]) > 0
    [line] = [line for line in lines_of(log_file) if line.get("error_id") == asked.json()["errors"]["error_id"]]
    assert line["request_id"] == asked.json()["errors"]["request_id"]
    assert again.status_code == 401  # the database answers: there is no such account


async def test_metrics_count_requests_by_operation_and_know_the_queue(api):
    await api.get("/health")
    text = (await api.get("/metrics")).text
    assert 'moorage_requests_total{method="GET",operation="health",status="200"}' in text
    assert 'moorage_request_seconds_bucket{le="0.1",method="GET",operation="health"}' in text
    for name in ("moorage_jobs", "moorage_webhook_events", "moorage_database_connections", "moorage_database_up 1.0"):
        assert name in text


async def test_what_a_caller_makes_up_is_no_label(api):
    await api.get("/made/up/by/somebody")
    assert "somebody" not in (await api.get("/metrics")).text


async def test_a_request_is_a_line_of_json_by_operation_not_by_address(api, log_file):
    answer = await api.get("/in/secret-of-somebody")
    line = lines_of(log_file)[-1]
    assert (line["operation"], line["method"], line["path"]) == ("sign_in_link_page", "GET", "/in/{token}")
    assert (line["status"], line["user_id"]) == (answer.status_code, None)
    assert line["request_id"] == answer.headers["request-id"]
    assert "secret-of-somebody" not in log_file.read_text()


async def test_a_request_is_noted_with_who_asked_and_its_path_s_template(api, sign_up, log_file):
    ann = await sign_up()
    for path, template, status in (
        (f"/users/{ann.user_id}", "/users/{user_id}", 200),
        (f"/api/v1/bookings/{uuid7()}/", "/api/v1/bookings/{booking_id}/", 404),
        ("/nothing/here", "", 404),
    ):
        answer = await ann.client.get(path)
        line = lines_of(log_file)[-1]
        assert (line["path"], line["status"], answer.status_code) == (template, status, status)
        assert line["user_id"] == (str(ann.user_id) if template else None)
    await ann.client.post("/api/v1/bookings/", json={})
    line = lines_of(log_file)[-1]
    assert (line["path"], line["user_id"]) == ("/api/v1/bookings/", str(ann.user_id))


async def test_a_fault_of_ours_says_an_error_id_and_the_log_says_the_rest(settings, house, log_file):
    router = APIRouter(prefix="/api/v1/broken")

    @router.get("/")
    async def broken():
        message = "what nobody outside may read"
        raise RuntimeError(message)

    api = build_api(settings, house)
    api.include_router(router)
    async with in_process(behind_front(settings, api)) as client:
        answer = await client.get("/api/v1/broken/")
    assert answer.status_code == 500
    assert "nobody outside" not in answer.text
    errors = answer.json()["errors"]
    [line] = [line for line in lines_of(log_file) if line.get("error_id") == errors["error_id"]]
    assert "what nobody outside may read" in line["exception"]
    assert line["request_id"] == errors["request_id"]


class _Wire:
    """The way to the database, which can be cut and mended."""

    def __init__(self, database):
        self._database = database
        self._server = None
        self._ends = set()

    async def __aenter__(self):
        await self.mend()
        return self

    async def __aexit__(self, *_):
        await self.cut()

    def addresses(self):
        web, worker = (self._over_wire(dsn) for dsn in (self._database.web_dsn, self._database.worker_dsn))
        return DatabaseAddresses(self._database.owner_dsn, web, worker, None, self._database.major)

    async def mend(self):
        port = self._port() if self._server else 0
        self._server = await asyncio.start_server(self._join, "127.0.0.1", port)

    async def cut(self):
        self._server.close()
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    def _port(self):
        return self._kept_port

    def _over_wire(self, dsn):
        self._kept_port = self._server.sockets[0].getsockname()[1]
        parts = urlsplit(dsn)
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{self._kept_port}", query="sslmode=disable"))

    async def _join(self, reader, writer):
        parts = urlsplit(self._database.superuser_dsn)
        query = dict(parse_qsl(parts.query))
        if "host" in query:
            there = await asyncio.open_unix_connection(f"{query['host']}/.s.PGSQL.{query.get('port', 5432)}")
        else:
            there = await asyncio.open_connection(parts.hostname, parts.port or 5432)
        self._ends |= {writer, there[1]}
        await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))


async def _pass_on(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
