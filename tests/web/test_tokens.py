"""Access tokens: ours and of now, or nobody's (reliability.md, the row on JWT)."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from types import SimpleNamespace

import jwt
import pytest

from moorage.domains.accounts.errors import InvalidTokenError
from moorage.web.tokens import AccessTokens

SECRET = "signing-key-of-the-tests-0123456789abcdef"
USER, FAMILY = uuid.uuid4(), uuid.uuid4()


def tokens(secret=SECRET, previous=None):
    return AccessTokens(secret=secret, previous_secret=previous, issuer="moorage", audience="moorage", lifetime_s=3600)


def issued(**changes):
    """A token as we issue it but for `changes` of its claims; None takes one away."""
    now = int(time.time())
    claims = {"sub": str(USER), "sid": str(FAMILY), "iss": "moorage", "aud": "moorage", "iat": now, "exp": now + 60}
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


def signed(claims=None, *, secret=SECRET, algorithm="HS256", **headers):
    kid = jwt.get_unverified_header(tokens().issue(USER, FAMILY, is_practitioner=False))["kid"]
    return jwt.encode(claims or issued(), secret, algorithm=algorithm, headers={"kid": kid, **headers})


def by_hand(header, claims):
    """A token put together without the library, which would not make it."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.new(SECRET.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def kid():
    return jwt.get_unverified_header(signed())["kid"]


REFUSED = {
    "alg none": lambda: by_hand({"alg": "none", "typ": "JWT", "kid": kid()}, issued()),
    "alg none without a signature": lambda: by_hand({"alg": "none", "kid": kid()}, issued()).rpartition(".")[0] + ".",
    "another algorithm": lambda: signed(algorithm="HS512"),
    "another key": lambda: signed(secret="another-key-of-somebody-else-0123456789"),
    "an unknown key id": lambda: signed(kid="made-up"),
    "no key id": lambda: jwt.encode(issued(), SECRET, algorithm="HS256"),
    "a key id that is no text": lambda: by_hand({"alg": "HS256", "kid": 7}, issued()),
    "another issuer": lambda: signed(issued(iss="evil")),
    "no issuer": lambda: signed(issued(iss=None)),
    "another audience": lambda: signed(issued(aud="evil")),
    "no audience": lambda: signed(issued(aud=None)),
    "expired": lambda: signed(issued(exp=int(time.time()) - 1)),
    "no exp": lambda: signed(issued(exp=None)),
    "no iat": lambda: signed(issued(iat=None)),
    "issued in the future": lambda: signed(issued(iat=int(time.time()) + 3600)),
    "no sub": lambda: signed(issued(sub=None)),
    "a sub that is no id": lambda: signed(issued(sub="admin")),
    "a family that is no id": lambda: signed(issued(sid="x")),
    "an exp that is no number": lambda: signed(issued(exp="tomorrow")),
    "an unknown crit": lambda: by_hand({"alg": "HS256", "kid": kid(), "crit": ["x"], "x": 1}, issued()),
    "changed after signing": lambda: _changed(signed()),
    "not a token": lambda: "not.a.token",
    "empty parts": lambda: "..",
    "not ASCII": lambda: "é.é.é",
    "very long": lambda: "a" * 100_000,
}


def _changed(token):
    head, _, signature = token.split(".")
    claims = base64.urlsafe_b64encode(json.dumps(issued(sub=str(uuid.uuid4()))).encode()).rstrip(b"=").decode()
    return f"{head}.{claims}.{signature}"


@pytest.mark.parametrize("case", REFUSED)
def test_a_token_that_is_not_ours_or_not_of_now_is_refused(case):
    with pytest.raises(InvalidTokenError):
        tokens().verify(REFUSED[case]())


@pytest.mark.parametrize("case", ["alg none", "another key", "expired", "no exp", "an unknown crit", "not ASCII"])
async def test_over_http_it_is_401_invalid_token(api, case):
    headers = [(b"authorization", b"Bearer " + REFUSED[case]().encode("latin-1"))]
    answer = await api.get("/api/v1/auth/user/", headers=headers)
    assert (answer.status_code, answer.json()["errors"]["code"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_without_a_token_it_is_401_not_authenticated(api):
    answer = await api.get("/api/v1/auth/user/")
    assert (answer.status_code, answer.json()["errors"]["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_another_scheme_is_not_taken(api):
    answer = await api.get("/api/v1/auth/user/", headers={"authorization": "Basic YTpi"})
    assert (answer.status_code, answer.json()["errors"]["code"]) == (401, "invalid_token")


def test_our_own_token_is_taken_and_says_whose_it_is():
    claims = tokens().verify(tokens().issue(USER, FAMILY, is_practitioner=True))
    assert (claims.user_id, claims.family_id, claims.is_practitioner) == (USER, FAMILY, True)


def test_a_token_that_was_taken_once_still_expires(monkeypatch):
    ours = tokens()
    soon = ours.issue(USER, FAMILY, is_practitioner=False)
    ours.verify(soon)
    an_hour_on = time.time() + 3600
    monkeypatch.setattr("moorage.web.tokens.time", SimpleNamespace(time=lambda: an_hour_on))
    with pytest.raises(InvalidTokenError):
        ours.verify(soon)


def test_while_keys_rotate_the_previous_one_verifies_and_does_not_sign():
    old = tokens("the-key-of-last-year-0123456789abcdefgh").issue(USER, FAMILY, is_practitioner=False)
    rotated = tokens(previous="the-key-of-last-year-0123456789abcdefgh")
    assert rotated.verify(old).user_id == USER
    assert tokens().verify(rotated.issue(USER, FAMILY, is_practitioner=False)).user_id == USER
    with pytest.raises(InvalidTokenError):
        tokens().verify(old)


def test_a_role_in_a_token_is_worth_nothing(api):
    claims = tokens().verify(signed(issued(role="admin")))
    assert not hasattr(claims, "role")


async def test_a_role_in_a_token_opens_no_door(api, sign_up, settings):
    ann = await sign_up()
    forged = signed(issued(sub=str(ann.user_id), sid=str(ann.family_id), role="admin", is_admin=True))
    answer = await api.get("/api/v1/admin/failed-jobs/", headers={"authorization": f"Bearer {forged}"})
    assert answer.status_code == 403
