"""Logs and error reports: what they say, and what they never say."""

import gzip
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sentry_sdk
from fastapi import APIRouter, Request
from pydantic import SecretStr

from moorage.kernel.ids import uuid7
from moorage.wiring.app import behind_front, build_api
from moorage.wiring.logs import SharedFile, masked, set_up_logs
from tests.support.apps import in_process

CARD = "4242 4242 4242 4242"
PASSWORD = "correct horse battery"


class Reports:
    """Where error reports go in these tests: a server that keeps the envelopes it is sent."""

    def __init__(self) -> None:
        reports = self
        self.texts: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                packed = self.headers.get("content-encoding") == "gzip"
                reports.texts.append((gzip.decompress(body) if packed else body).decode())
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://public@127.0.0.1:{self.server.server_address[1]}/1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def events(self) -> list[dict]:
        sentry_sdk.flush(timeout=10)
        lines = [json.loads(line) for text in self.texts for line in text.splitlines() if line]
        return [line for line in lines if "exception" in line]


@pytest.fixture
def reports() -> Iterator[Reports]:
    kept = Reports()
    yield kept
    sentry_sdk.get_client().close()
    sentry_sdk.init()
    kept.server.shutdown()
    kept.server.server_close()


@pytest.fixture
def as_before() -> Iterator[None]:
    """Logging as it was, afterwards."""
    root, access = logging.getLogger(), logging.getLogger("moorage.access")
    before = root.handlers[:], root.level, access.level
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level, access.level = before


@pytest.fixture
def log_file(settings, tmp_path, reports, as_before):
    """The log of a process that was set up to write one, and to report errors."""
    path = tmp_path / "logs" / "app.log"
    set_up_logs(settings.model_copy(update={"log_dir": path.parent, "sentry_dsn": SecretStr(reports.dsn)}))
    return path


@pytest.fixture
async def failing(settings, house):
    """Somebody who asks an application with a call that fails, saying more than it should."""
    router = APIRouter(prefix="/api/v1/broken")

    @router.post("/", operation_id="broken")
    async def broken(request: Request):
        body = await request.body()
        message = f"could not keep {body!r} of {request.headers['authorization']}"
        raise RuntimeError(message)

    api = build_api(settings, house)
    api.include_router(router)
    async with in_process(behind_front(settings, api)) as client:
        yield client


async def test_a_fault_of_ours_is_reported_once_with_its_error_id_and_without_who_asked(
    failing, tokens, log_file, reports
):
    access = _token(tokens)
    headers = {"authorization": f"Bearer {access}", "cookie": "session=of-somebody"}
    answer = await failing.post("/api/v1/broken/?secret=of-the-query", headers=headers, json={"card": CARD})
    [event] = reports.events()
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    assert event["tags"]["error_id"] == answer.json()["errors"]["error_id"]
    sent = "".join(reports.texts)
    for secret in (access, CARD, "of-somebody", "of-the-query"):
        assert secret not in sent


async def test_no_log_line_holds_a_token_or_a_card(failing, tokens, log_file):
    access = _token(tokens)
    await failing.post("/api/v1/broken/", headers={"authorization": f"Bearer {access}"}, json={"card": CARD})
    text = log_file.read_text()
    assert "RuntimeError" in text
    assert access not in text
    assert CARD not in text


async def test_no_log_line_holds_a_password_or_a_refresh_token(api, log_file):
    names = {"first_name": "Nora", "last_name": "Quay"}
    body = {"email": "nora@example.com", "password": PASSWORD, **names}
    opened = (await api.post("/api/v1/auth/register/", json=body)).json()["data"]
    await api.post("/api/v1/auth/login/", json={"email": "nora@example.com", "password": PASSWORD + "!"})
    await api.post("/api/v1/auth/token/refresh/", json={"refresh": opened["refresh"]})
    text = log_file.read_text()
    assert len(text.splitlines()) >= 3
    for secret in (PASSWORD, opened["refresh"], opened["access"], "nora@example.com"):
        assert secret not in text


def test_errors_stand_in_a_file_of_their_own_as_well(log_file):
    logging.getLogger("moorage.one").info("as it should be")
    logging.getLogger("moorage.one").error("not as it should be")
    every, errors = (path.read_text().splitlines() for path in (log_file, log_file.with_name("errors.log")))
    assert [json.loads(line)["event"] for line in every] == ["as it should be", "not as it should be"]
    assert errors == every[1:]


def test_processes_that_share_a_file_follow_it_when_one_of_them_moves_it_away(tmp_path):
    path = tmp_path / "app.log"
    one, other = (SharedFile(path, maxBytes=100, backupCount=2) for _ in range(2))
    line = logging.LogRecord("moorage", logging.INFO, "", 0, "x" * 60, None, None)
    for handler in (one, other, one, other):
        handler.emit(line)
    one.close()
    other.close()
    assert [len(file.read_text().splitlines()) for file in sorted(tmp_path.iterdir())] == [1, 1, 1]


def test_production_says_it_on_standard_output_and_everybody_else_does_not(settings, capsys, as_before):
    for environment, said in (("production", ""), ("test", "")):
        set_up_logs(settings.model_copy(update={"environment": environment}))
        logging.getLogger("moorage.one").info("told")
        out, err = capsys.readouterr()
        where, nowhere = (out, err) if environment == "production" else (err, out)
        assert (json.loads(where)["event"], nowhere) == ("told", said)


def test_debug_says_more(settings, capsys, as_before):
    set_up_logs(settings.model_copy(update={"debug": True}))
    logging.getLogger("moorage.one").debug("a step")
    assert json.loads(capsys.readouterr().err)["event"] == "a step"


def test_masking_leaves_what_is_no_secret():
    assert masked("booking 0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70 at 2026-12-15T10:30:00+01:00") == (
        "booking 0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70 at 2026-12-15T10:30:00+01:00"
    )
    assert masked(f"card {CARD}, link /in/abcdef0123") == "card …, link /in/…"
    assert masked("/i/c0ffee.pdf /portal/c0ffee/pay /reset-password?token=c0ffee") == (
        "/i/… /portal/…/pay /reset-password?token=…"
    )


def _token(tokens) -> str:
    return tokens.issue(uuid7(), uuid7(), is_practitioner=False)
