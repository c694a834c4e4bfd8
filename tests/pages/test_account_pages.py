"""The few pages there are: links that sign in, confirm and reset; the outbox; the home page."""

import re

import pytest

from moorage.journeys.reset_password import ask_for_reset_link
from moorage.journeys.sign_in import make_sign_in_link
from moorage.wiring.app import build_app
from tests.support.apps import in_process
from tests.support.worker import until

PERSON = {"email": "ada@example.com", "password": "correct horse battery", "first_name": "Ada", "last_name": "<b>M</b>"}


async def mail_to(api, recipient, subject):
    async def look():
        found = await api.get(f"/dev/mail?to={recipient}", headers={"accept": "application/json"})
        return [mail for mail in found.json()["mails"] if subject in mail["subject"] and mail["status"] == "kept"]

    return (await until(look))[0]


@pytest.fixture
async def ada(api):
    await api.post("/api/v1/auth/register/", json=PERSON)


async def test_a_sign_in_link_shows_a_button_and_the_button_gives_a_token_once(api, house, ada):
    path = (await make_sign_in_link(house, "ada@example.com")).removeprefix(house.public_url)
    for _ in range(2):  # looking uses nothing up
        shown = await api.get(path)
        assert "<button>" in shown.text
    used = await api.post(path)
    access = re.search(r'<pre id="access">([^<]+)</pre>', used.text)[1]
    assert (await api.get("/api/v1/auth/user/", headers={"authorization": f"Bearer {access}"})).status_code == 200
    again = await api.post(path)
    assert again.status_code == 422
    assert "does not work" in again.text


async def test_a_program_gets_the_tokens_of_a_sign_in_link_as_json(api, house, ada):
    path = (await make_sign_in_link(house, "ada@example.com")).removeprefix(house.public_url)
    answer = await api.post(path, headers={"accept": "application/json"})
    assert set(answer.json()) == {"access", "refresh", "expires_in"}
    refused = await api.post(path, headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_link")


async def test_another_site_cannot_post_a_form(api, house, ada):
    path = (await make_sign_in_link(house, "ada@example.com")).removeprefix(house.public_url)
    assert (await api.post(path, headers={"origin": "https://evil.example"})).status_code == 403
    assert (await api.post(path, headers={"origin": "http://moorage.test"})).status_code == 200


async def test_the_mail_confirms_an_address_on_a_page(api, ada, worker):
    mail = await mail_to(api, "ada@example.com", "Confirm")
    token = re.search(r"token=([\w-]+)", mail["body"])[1]
    shown = await api.get(f"/verify-email?token={token}")
    assert "<button>" in shown.text
    assert "ada@example.com is confirmed" in (await api.post("/verify-email", data={"token": token})).text
    assert (await api.post("/verify-email", data={"token": token})).status_code == 422


async def test_the_mail_sets_a_new_password_on_a_page(api, house, ada, worker):
    await ask_for_reset_link(house, "ada@example.com")
    mail = await mail_to(api, "ada@example.com", "new password")
    token = re.search(r"token=([\w-]+)", mail["body"])[1]
    weak = await api.post("/reset-password", data={"token": token, "password": "12345678"})
    assert weak.status_code == 422
    assert 'role="alert"' in weak.text
    assert (
        await api.post("/reset-password", data={"token": token, "password": "a new long phrase"})
    ).status_code == 200
    login = {"email": "ada@example.com", "password": "a new long phrase"}
    assert (await api.post("/api/v1/auth/login/", json=login)).status_code == 200


async def test_the_outbox_shows_mails_and_escapes_them(api, ada, worker):
    await mail_to(api, "ada@example.com", "Confirm")
    shown = await api.get("/dev/mail")
    assert "Confirm your e-mail address" in shown.text
    assert "<b>M</b>" not in shown.text


async def test_home_answers_people_and_programs(api):
    page = await api.get("/", headers={"accept": "text/html"})
    facts = await api.get("/", headers={"accept": "application/json"})
    assert "<h1>Moorage</h1>" in page.text
    assert facts.json()["links"]["reference"] == "http://moorage.test/docs"


@pytest.mark.parametrize("path", ["/", "/in/abc", "/verify-email", "/reset-password", "/dev/mail"])
async def test_no_page_loads_anything_from_elsewhere(api, path):
    answer = await api.get(path, headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<script|(?:src|href)=[\"'](?:https?:)?//", answer.text)
    assert len(answer.content) + len((await api.get("/static/moorage.css")).content) < 20_000


async def test_pages_travel_compressed_to_whoever_takes_that(api):
    packed = await api.get("/docs", headers={"accept-encoding": "gzip"})
    plain = await api.get("/docs", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) < len(plain.content) / 5


async def test_production_has_no_outbox(settings, house):
    production = settings.model_copy(update={"environment": "production", "payment_provider": "manual"})
    async with in_process(build_app(production, house)) as client:
        assert (await client.get("/dev/mail")).status_code == 404
