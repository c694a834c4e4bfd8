"""Tokens that others sign: the site in front of this service, an issuer with published keys, a Supabase project."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from moorage.domains.accounts.errors import InvalidTokenError
from moorage.web.external_tokens import PAUSE_S, ExternalIssuer, PublishedKeys, SharedSecret
from moorage.web.tokens import AccessTokens
from moorage.wiring.issuers import external_issuers
from moorage.wiring.secrets import UnsafeSettingsError, access_tokens

SECRET = "signing-key-of-the-tests-0123456789abcdef"
ISSUER = "https://login.example.com"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def claims(**changes):
    said = {"user_id": 7, "exp": int(time.time()) + 60, **changes}
    return {name: value for name, value in said.items() if value is not None}


def signed(key=SECRET, algorithm="HS256", kid=None, **changes):
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def published(*keys):
    """A key set of (kid, private key)."""
    listed = []
    for kid, key in keys:
        kind = (
            jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
        )
        listed.append({**json.loads(kind.to_jwk(key.public_key())), "kid": kid, "use": "sig"})
    return json.dumps({"keys": listed}).encode()


def tokens(*issuers):
    return AccessTokens(
        secret="our-own-key-0123456789abcdefghijklmnop",
        previous_secret=None,
        issuer="moorage",
        audience="moorage",
        lifetime_s=3600,
        others=issuers,
    )


def site(**more):
    return ExternalIssuer("site", SharedSecret(SECRET.encode(), "HS256"), **more)


async def of_file(tmp_path, *keys):
    """Tokens of an issuer whose keys are in a file."""
    path = tmp_path / "keys.json"
    path.write_bytes(published(*keys))
    issuer = ExternalIssuer(ISSUER, PublishedKeys(path), ISSUER, "book")
    return path, tokens(issuer)


def identity(held, token):
    found = held.verify(token).identity
    return found.issuer, found.subject


def test_a_user_id_or_a_subject_names_somebody_of_that_issuer():
    held = tokens(site())
    assert identity(held, signed()) == ("site", "7")
    assert identity(held, signed(user_id=None, sub="7")) == ("site", "7")
    assert identity(held, signed(user_id=None, sub="ann@site")) == ("site", "ann@site")
    assert identity(held, signed(sub="9")) == ("site", "7")


def _by_hand(header, said, key=SECRET):
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, said)]
    signature = hmac.new(key.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


REFUSED = {
    "alg none": lambda: _by_hand({"alg": "none"}, claims()),
    "alg none unsigned": lambda: _by_hand({"alg": "none"}, claims()).rpartition(".")[0] + ".",
    "another algorithm": lambda: signed(algorithm="HS512"),
    "another key": lambda: signed("another-key-of-somebody-else-0123456789"),
    "expired": lambda: signed(exp=int(time.time()) - 1),
    "no exp": lambda: signed(exp=None),
    "exp no number": lambda: _by_hand({"alg": "HS256"}, claims(exp="tomorrow")),
    "exp beyond time": lambda: _by_hand({"alg": "HS256"}, claims(exp=1e400)),
    "not yet": lambda: signed(nbf=int(time.time()) + 60),
    "neither claim": lambda: signed(user_id=None),
    "user_id a boolean": lambda: signed(user_id=True),
    "user_id a text": lambda: signed(user_id="7"),
    "user_id negative": lambda: signed(user_id=-1),
    "sub a number": lambda: _by_hand({"alg": "HS256"}, claims(user_id=None, sub=7)),
    "sub empty": lambda: signed(user_id=None, sub=""),
    "sub with a NUL": lambda: signed(user_id=None, sub="a\x00"),
    "calls itself ours": lambda: signed(iss="moorage"),
    "is for us, of another issuer": lambda: signed(iss="https://evil", aud="moorage"),
    "has a sign-in, as ours have": lambda: signed(iss="https://evil", sid=str(uuid.uuid4())),
    "an unknown crit": lambda: _by_hand({"alg": "HS256", "crit": ["x"], "x": 1}, claims()),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_token_that_proves_nothing_is_refused(case):
    with pytest.raises(InvalidTokenError):
        tokens(site()).verify(REFUSED[case]())


def test_an_issuer_and_an_audience_are_asked_for_where_they_are_set():
    held = tokens(site(issuer="https://site", audience="pay"))
    assert identity(held, signed(iss="https://site", aud="pay")) == ("site", "7")
    for wrong in (
        {},
        {"iss": "https://site"},
        {"iss": "https://evil", "aud": "pay"},
        {"iss": "https://site", "aud": "x"},
    ):
        with pytest.raises(InvalidTokenError):
            held.verify(signed(**wrong))


def test_only_an_issuer_that_has_a_say_names_administrators():
    for said in ({"is_admin": True}, {"role": "admin"}):
        assert tokens(site(speaks_of_admins=True)).verify(signed(**said)).identity.is_admin is True
        assert tokens(site()).verify(signed(**said)).identity.is_admin is None
    for said in ({}, {"is_admin": "true"}, {"is_admin": 1}, {"role": "owner"}):
        assert tokens(site(speaks_of_admins=True)).verify(signed(**said)).identity.is_admin is False


@pytest.mark.parametrize(("key", "algorithm"), [(RSA_KEY, "RS256"), (EC_KEY, "ES256")])
async def test_published_keys_verify_each_with_its_own_algorithm(tmp_path, key, algorithm):
    _, held = await of_file(tmp_path, ("k1", key))
    good = signed(key, algorithm, "k1", iss=ISSUER, aud="book")
    with pytest.raises(InvalidTokenError):
        held.verify(good)  # nothing has been read yet
    await held.make_ready(good)
    assert identity(held, good) == (ISSUER, "7")
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    confused = [
        _by_hand({"alg": "HS256", "kid": "k1"}, claims(iss=ISSUER, aud="book"), public),
        signed(key, algorithm, "k1", iss="https://evil", aud="book"),
        signed(key, algorithm, "k1", iss=ISSUER, aud="evil"),
        signed(key, algorithm, "k1", iss=ISSUER),
        signed(key, algorithm, "k2", iss=ISSUER, aud="book"),
        *([signed(key, "RS512", "k1", iss=ISSUER, aud="book")] if algorithm == "RS256" else []),
    ]
    for token in confused:
        await held.make_ready(token)
        with pytest.raises(InvalidTokenError):
            held.verify(token)


async def test_a_secret_or_a_weak_key_among_published_keys_is_passed_over(tmp_path):
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - it is to be refused
    path, held = await of_file(tmp_path, ("weak", weak))
    secret = {"kty": "oct", "kid": "s", "k": base64.urlsafe_b64encode(SECRET.encode()).decode(), "alg": "HS256"}
    path.write_text(json.dumps({"keys": [secret, *json.loads(path.read_text())["keys"]]}))
    for token in (signed(kid="s", iss=ISSUER, aud="book"), signed(weak, "RS256", "weak", iss=ISSUER, aud="book")):
        await held.make_ready(token)
        with pytest.raises(InvalidTokenError):
            held.verify(token)


async def test_keys_rotate_and_a_withdrawn_one_is_worth_nothing(tmp_path):
    path, held = await of_file(tmp_path, ("old", RSA_KEY))
    of_it = {"iss": ISSUER, "aud": "book"}
    old, new = signed(RSA_KEY, "RS256", "old", **of_it), signed(EC_KEY, "ES256", "new", **of_it)
    await held.make_ready(old)
    held.verify(old)
    path.write_bytes(published(("new", EC_KEY)))
    await held.make_ready(new)
    assert identity(held, new) == (ISSUER, "7")
    with pytest.raises(InvalidTokenError):
        held.verify(old)
    path.write_text("no keys")
    await held.make_ready(signed(EC_KEY, "ES256", "newer", iss=ISSUER, aud="book"))
    assert identity(held, new) == (ISSUER, "7")


async def test_unknown_keys_do_not_make_us_ask_more_than_now_and_then():
    asked = []

    async def fetch(url):
        asked.append(url)
        await asyncio.sleep(0)
        return published(("k1", EC_KEY))

    held = tokens(ExternalIssuer(ISSUER, PublishedKeys("https://keys", fetch), ISSUER))
    made_up = [signed(EC_KEY, "ES256", f"k{n}", iss=ISSUER) for n in range(50)]
    await asyncio.gather(*(held.make_ready(token) for token in made_up))
    assert identity(held, made_up[1]) == (ISSUER, "7")
    assert (asked, PAUSE_S > 1) == (["https://keys"], True)


def test_half_an_issuer_stops_the_start(settings):
    halves = [
        {"external_jwks_url": "https://keys.example.com"},
        {"external_jwks_url": "http://keys.example.com", "external_jwks_issuer": ISSUER},
        {"supabase_jwt_secret": SecretStr(SECRET)},
        {"supabase_url": "ftp://x"},
    ]
    for half in halves:
        with pytest.raises(UnsafeSettingsError):
            access_tokens(settings.model_copy(update=half))


def test_a_supabase_project_signs_by_published_keys_or_its_shared_secret(settings):
    url = "https://abc.supabase.co/"
    project = settings.model_copy(update={"supabase_url": url, "supabase_jwt_secret": SecretStr(SECRET)})
    one, two = external_issuers(project, "the-secret-of-the-site")[1:]
    assert (one.name, one.issuer, one.audience) == (two.name, two.issuer, two.audience)
    assert one.issuer == "https://abc.supabase.co/auth/v1"
    held, subject = tokens(two), str(uuid.uuid4())
    said = {"user_id": None, "sub": subject, "iss": one.issuer, "role": "authenticated", "is_admin": True}
    found = held.verify(signed(**said, aud="authenticated")).identity
    assert (found.subject, found.is_admin, found.keeps_id) == (subject, None, uuid.UUID(subject))
    for wrong in ({"aud": "x"}, {"aud": "authenticated", "sub": None}):
        with pytest.raises(InvalidTokenError):
            held.verify(signed(**{**said, **wrong}))
