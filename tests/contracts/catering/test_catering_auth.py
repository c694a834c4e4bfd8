"""Signing in by the catering contract, and the demo's literal tokens, which no other environment takes."""

import httpx
import pytest

from moorage.journeys.demo import seed
from moorage.wiring.app import build_app
from tests.support.apps import in_process

PASSWORD = "correct horse battery"


@pytest.fixture
async def registered(api):
    body = {"email": "ada@example.com", "password": PASSWORD, "first_name": "Ada", "last_name": "Marsh"}
    assert (await api.post("/api/v1/auth/register/", json=body)).status_code == 201


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_a_sign_in_holds_until_it_is_ended(api: httpx.AsyncClient, registered):
    answer = await api.post("/api/auth/login", json={"email": "ADA@example.com", "password": PASSWORD})
    session = answer.json()
    assert (answer.status_code, session["token_type"], session["expires_in"]) == (200, "bearer", 3600)
    me = await api.get("/api/auth/me", headers=bearer(session["access_token"]))
    assert me.json() == session["user"]
    assert (session["user"]["email"], session["user"]["role"]) == ("ada@example.com", "client")
    assert (await api.get("/api/v1/auth/user/", headers=bearer(session["access_token"]))).status_code == 200
    assert (await api.post("/api/auth/logout", headers=bearer(session["access_token"]))).status_code == 200
    assert (await api.get("/api/auth/me", headers=bearer(session["access_token"]))).status_code == 401
    refreshed = await api.post("/api/v1/auth/token/refresh/", json={"refresh": session["refresh_token"]})
    assert refreshed.status_code == 401


async def test_a_wrong_password_is_refused_as_a_problem(api: httpx.AsyncClient, registered):
    answer = await api.post("/api/auth/login", json={"email": "ada@example.com", "password": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("environment", ["development", "test"])
async def test_literal_tokens_are_the_demos_and_of_development_alone(settings, house, environment):
    await seed(house)
    settings = settings.model_copy(update={"environment": environment})
    app = build_app(settings, house)
    async with in_process(app) as client:
        await _start(app)
        answers = [await client.get("/api/auth/me", headers=bearer(name)) for name in ("dev-token", "admin-token")]
        unknown = await client.get("/api/auth/me", headers=bearer("other-token"))
    expected = [(200, "client"), (200, "admin")] if environment == "development" else [(401, None), (401, None)]
    assert [(answer.status_code, answer.json().get("role")) for answer in answers] == expected
    assert unknown.status_code == 401


async def _start(app) -> None:
    """Let the application's lifespan begin, which is when it takes these tokens."""
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive():
        return next(messages)

    async def send(message):
        assert message["type"].endswith("complete")

    await app({"type": "lifespan", "state": {}}, receive, send)
