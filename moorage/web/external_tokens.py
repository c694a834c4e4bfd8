"""Tokens that others sign: whose keys are believed, and what of their claims.

An issuer is believed for what its own keys verify, with the one algorithm that belongs to each key: a public key never
verifies an HMAC, and `none` is nobody's. Keys that are published are fetched, kept, and fetched anew when a token names
one that is not known.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from moorage.journeys.meet_identity import Identity

log = logging.getLogger(__name__)

FRESH_S: Final = 600.0
"""How long published keys are believed without looking again."""
PAUSE_S: Final = 10.0
"""The least time between two fetches, however many tokens name unknown keys."""
_MOST_KEYS: Final = 50
_LONGEST_SUBJECT: Final = 200
_LEAST_RSA_BITS: Final = 2048
_ALGORITHM_OF_CURVE: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}
_OF_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})

Fetch = Callable[[str], Awaitable[bytes]]
"""Reads a document from an address. Raises OSError when it cannot be had."""


@dataclass(frozen=True, slots=True)
class ExternalClaims:
    """What a verified token of another issuer says: who it is there, and when it ends (Unix seconds)."""

    identity: Identity
    expires_at: int
    is_practitioner: bool = False

    @property
    def caller(self) -> str:
        """Names the caller, for counting requests and keeping answers."""
        return f"{self.identity.issuer} {self.identity.subject}"


class Keys(Protocol):
    """What an issuer signs with."""

    def matching(self, header: Mapping[str, Any]) -> tuple[Any, str] | None:
        """The key that a token with this header may be verified with, and its algorithm."""
        ...


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """One secret, shared with the issuer."""

    secret: bytes
    algorithm: str

    def matching(self, header: Mapping[str, Any]) -> tuple[Any, str] | None:
        """The secret, for its own algorithm."""
        return (self.secret, self.algorithm) if header.get("alg") == self.algorithm else None


class PublishedKeys:
    """A JSON Web Key Set (RFC 7517), at an address or in a file: public keys only, each with its own algorithm."""

    def __init__(self, place: str | Path, fetch: Fetch | None = None) -> None:
        """`fetch` reads `place` where that is an address; a file is read whenever a token names an unknown key."""
        self._place = place
        self._fetch = fetch
        self._keys: dict[str | None, tuple[Any, str]] = {}
        self._document = b""
        self._tried_at = -PAUSE_S
        self._read_at = -FRESH_S
        self._one_at_a_time = asyncio.Lock()

    def matching(self, header: Mapping[str, Any]) -> tuple[Any, str] | None:
        """The key that the header names, when its algorithm is that key's. A set of one needs no name."""
        found = self._keys.get(header.get("kid"))
        return found if found is not None and found[1] == header.get("alg") else None

    def knows(self, kid: str | None) -> bool:
        """Whether a key of this name has been read."""
        return kid in self._keys

    @property
    def is_fresh(self) -> bool:
        """Whether there is no reason to look again by now."""
        return time.monotonic() - self._read_at < FRESH_S

    async def refresh(self) -> bool:
        """Read the keys again, unless that was tried a moment ago; True when they changed. What cannot be read leaves
        them as they are.
        """
        async with self._one_at_a_time:
            now = time.monotonic()
            if self._fetch is not None and now - self._tried_at < PAUSE_S:
                return False
            self._tried_at = now
            try:
                document = await self._read()
                keys = _keys_of(document) if document != self._document else self._keys
            except (OSError, ValueError, jwt.PyJWTError) as error:
                log.warning(
                    "the keys of an issuer cannot be read", extra={"place": str(self._place), "why": str(error)}
                )
                return False
            self._read_at = now
            has_changed = document != self._document
            self._document, self._keys = document, keys
            return has_changed

    async def _read(self) -> bytes:
        if self._fetch is not None:
            return await self._fetch(str(self._place))
        return Path(self._place).read_bytes()  # noqa: ASYNC240 - a few hundred bytes


@dataclass(frozen=True, slots=True)
class ExternalIssuer:
    """Whose tokens are taken. `name`: what its people are kept under; `issuer` and `audience`: what `iss` and `aud`
    have to be, where that is asked; `speaks_of_admins`: whether its word on who is an administrator counts; `keeps_id`:
    whether its subjects, UUIDs, name accounts here as well.
    """

    name: str
    keys: Keys
    issuer: str | None = None
    audience: str | None = None
    speaks_of_admins: bool = False
    keeps_id: bool = False

    def claims_of(self, token: str, header: Mapping[str, Any], ours: tuple[str, str]) -> ExternalClaims | None:
        """What `token` says if this issuer signed it and it is valid now; else None. `ours`: our own issuer and
        audience; what is like a token of ours and was not taken as one is nobody's.
        """
        found = self.keys.matching(header)
        if found is None:
            return None
        try:
            payload = jwt.decode(
                token,
                found[0],
                algorithms=[found[1]],
                issuer=self.issuer,
                audience=self.audience,
                options={
                    "require": ["exp", *(["iss"] if self.issuer else []), *(["aud"] if self.audience else [])],
                    "verify_signature": True,
                    "verify_aud": self.audience is not None,
                    "verify_iat": False,  # another machine's clock may be a second ahead
                },
            )
        except jwt.PyJWTError:
            return None
        subject = _subject(payload)
        if subject is None or payload.get("iss") == ours[0]:
            return None
        if self.issuer is None and ("sid" in payload or (self.audience is None and payload.get("aud") == ours[1])):
            return None
        is_admin = payload.get("is_admin") is True or payload.get("role") == "admin"
        email = payload.get("email")
        identity = Identity(
            self.name,
            subject,
            is_admin if self.speaks_of_admins else None,
            email if isinstance(email, str) else None,
            _uuid(subject) if self.keeps_id else None,
        )
        return ExternalClaims(identity, int(payload["exp"]))


def _subject(payload: Mapping[str, Any]) -> str | None:
    """`user_id` (an integer) or `sub` (a text): 7 and "7" are the same person of that issuer."""
    user_id, sub = payload.get("user_id"), payload.get("sub")
    if type(user_id) is int:
        return str(user_id) if 0 <= user_id < 2**63 else None
    if user_id is None and isinstance(sub, str) and 0 < len(sub) <= _LONGEST_SUBJECT and sub.isprintable():
        return sub
    return None


def _uuid(subject: str) -> UUID | None:
    try:
        return UUID(subject)
    except ValueError:
        return None


def _keys_of(document: bytes) -> dict[str | None, tuple[Any, str]]:
    """The public keys of a set by name; what signs nothing, is too weak, or is no public key is passed over."""
    listed = json.loads(document)["keys"] if document else []
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ValueError("not a JSON Web Key Set")
    keys: dict[str | None, tuple[Any, str]] = {}
    for one in listed:
        algorithm = _algorithm(one)
        if algorithm is not None:
            key = jwt.PyJWK(one, algorithm).key
            if not isinstance(key, RSAPublicKey) or key.key_size >= _LEAST_RSA_BITS:
                keys[one.get("kid")] = (key, algorithm)
    if len(keys) == 1:
        keys.setdefault(None, next(iter(keys.values())))
    return keys


def _algorithm(one: Any) -> str | None:
    """The algorithm of a published key: its own word where that fits its kind, never one that takes a secret."""
    if not isinstance(one, dict) or one.get("use", "sig") != "sig" or "d" in one:
        return None
    if one.get("kty") == "RSA":
        said = one.get("alg", "RS256")
        return said if said in _OF_RSA else None
    fits = _ALGORITHM_OF_CURVE.get(one.get("crv", "")) if one.get("kty") in ("EC", "OKP") else None
    return fits if one.get("alg", fits) in (fits, "Ed25519") else None
