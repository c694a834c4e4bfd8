"""Somebody of the site, and of a Supabase project, with tokens that those sign: met once, known by their own number."""

import asyncio
import json
import time
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from moorage.wiring.app import build_app
from tests.support.apps import in_process

PAYMENTS = "/api/v1/payments/"
SECRET = "signing-key-of-the-tests-0123456789abcdef"


def signed(key=SECRET, **changes):
    said = {"user_id": 7, "exp": int(time.time()) + 60, **changes}
    return jwt.encode({name: value for name, value in said.items() if value is not None}, key, algorithm="HS256")


class Site:
    """Somebody who asks with tokens of the site."""

    def __init__(self, app):
        self._app = app

    async def ask(self, method, path, body=None, **said):
        async with in_process(self._app, signed(**said)) as client:
            return await client.request(method, path, json=body)


async def test_somebody_of_the_site_is_met_once_and_keeps_their_number(app, superuser):
    someone = Site(app)
    body = {"amount_total": 80, "currency": "USD", "provider": "other", "user_id": 99}
    answers = await asyncio.gather(
        *(someone.ask("POST", PAYMENTS, {**body, "payment_id": f"p{n}"}, user_id=7) for n in range(8))
    )
    assert {(a.status_code, a.json()["user_id"]) for a in answers} == {(201, 7)}
    assert await superuser.fetchval("SELECT count(*) FROM users") == 1
    rows = await superuser.fetch("SELECT issuer, subject, is_admin FROM external_identities")
    assert [tuple(row) for row in rows] == [("site", "7", False)]
    listed = (await someone.ask("GET", PAYMENTS, user_id=None, sub="7")).json()
    assert (listed["total"], {item["user_id"] for item in listed["items"]}) == (8, {7})
    number = listed["items"][0]["id"]
    assert (await someone.ask("GET", f"{PAYMENTS}{number}", user_id=8)).status_code == 403
    named = await someone.ask("POST", PAYMENTS, {**body, "payment_id": "n"}, user_id=None, sub="ann")
    assert named.json()["user_id"] == "ann"


async def test_an_administrator_of_the_site_is_one_here_while_the_site_says_so(settings, house, app, superuser):
    someone = Site(app)
    body = {"amount_total": 80, "currency": "USD", "provider": "other"}
    for user_id in (7, 8):
        await someone.ask("POST", PAYMENTS, {**body, "payment_id": f"p{user_id}"}, user_id=user_id)
    everything = PAYMENTS + "admin/all"
    assert (await someone.ask("GET", everything, user_id=9)).status_code == 403
    for said in ({"is_admin": True}, {"role": "admin"}):
        assert (await someone.ask("GET", everything, user_id=9, **said)).json()["total"] == 2
    only = await someone.ask("GET", everything + "?user_id=8", user_id=9, is_admin=True)
    assert [item["payment_id"] for item in only.json()["items"]] == ["p8"]
    assert (await someone.ask("GET", everything, user_id=9)).status_code == 403
    logged = await superuser.fetch("SELECT action, details->>'subject' FROM audit_log ORDER BY no")
    assert [tuple(row) for row in logged] == [("made_admin", "9"), ("made_user", "9")]
    deaf = Site(build_app(settings.model_copy(update={"external_admin_claims": False}), house))
    assert (await deaf.ask("GET", everything, user_id=10, is_admin=True)).status_code == 403


async def test_an_address_that_is_anothers_stays_theirs(app, sign_up, superuser):
    ann = await sign_up("ann@example.com")
    for user_id, email in ((7, "Ann@example.com"), (8, "bob@example.com"), (9, "no address")):
        assert (await Site(app).ask("GET", PAYMENTS, user_id=user_id, email=email)).status_code == 200
    rows = await superuser.fetch(
        "SELECT i.subject, u.email FROM external_identities i JOIN users u ON u.id = i.user_id WHERE u.id <> $1",
        ann.user_id,
    )
    kept = {row["subject"]: row["email"].rpartition("@")[2] for row in rows}
    assert kept == {"7": "external.invalid", "8": "example.com", "9": "external.invalid"}


async def test_any_contract_takes_their_token_and_a_closed_account_none(app, superuser):
    someone = Site(app)
    assert (await someone.ask("GET", "/api/v1/auth/user/")).status_code == 200
    booked = await someone.ask("POST", "/api/v1/bookings/", {"service_id": str(uuid.uuid4())})
    assert booked.status_code in (404, 422)
    await superuser.execute("UPDATE users SET is_active = false")
    assert (await someone.ask("GET", "/api/v1/auth/user/")).status_code == 401
    assert (await someone.ask("GET", PAYMENTS)).json()["code"] == "invalid_token"


async def test_somebody_of_a_supabase_project_is_found_by_its_claims_in_sql(settings, house, superuser, sign_up):
    ann, subject = await sign_up(), str(uuid.uuid4())
    project = settings.model_copy(
        update={"supabase_url": "https://abc.supabase.co", "supabase_jwt_secret": SecretStr("shared-" + SECRET)}
    )
    app = build_app(project, house)
    said = {"user_id": None, "iss": "https://abc.supabase.co/auth/v1", "aud": "authenticated"}
    for sub in (subject, str(ann.user_id)):
        async with in_process(app, signed("shared-" + SECRET, sub=sub, **said)) as client:
            assert (await client.get("/api/v1/auth/user/")).status_code == 200
    kept = dict(await superuser.fetch("SELECT subject, user_id FROM external_identities"))
    assert kept[subject] == uuid.UUID(subject)
    assert kept[str(ann.user_id)] != ann.user_id  # an id that is taken here is not theirs for the asking


async def test_keys_that_an_issuer_publishes_are_read_when_a_token_names_them(settings, house, tmp_path):
    old, new = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "keys.json"
    facts = {"external_jwks_file": path, "external_jwks_issuer": "https://login.example.com"}
    app = build_app(settings.model_copy(update=facts), house)
    for kid, key, status in (("old", old, 200), ("new", new, 200), ("old", old, 401), ("never", old, 401)):
        if status == 200:
            one = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
            path.write_text(json.dumps({"keys": [{**one, "kid": kid}]}))
        said = {"sub": "ann", "iss": "https://login.example.com", "exp": int(time.time()) + 60, "is_admin": True}
        async with in_process(app, jwt.encode(said, key, "ES256", headers={"kid": kid})) as client:
            assert (await client.get(PAYMENTS)).status_code == status, kid
            assert (await client.get(PAYMENTS + "admin/all")).status_code == (403 if status == 200 else 401)
