"""Access tokens: short-lived, signed with one pinned algorithm, and checked without asking the database.

HS256 (RFC 7518, section 3.2) under a key named by `kid`; while keys rotate the previous one still verifies. `sid` is
the refresh family that the token descends from, so that a sign-in that has ended can be told from one that has not.
A token that names none of our keys may be another issuer's (external_tokens.py); one that does is ours or nobody's.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import jwt

from moorage.domains.accounts.errors import InvalidTokenError
from moorage.web.external_tokens import ExternalClaims, ExternalIssuer, PublishedKeys

ALGORITHM: Final = "HS256"
_REQUIRED: Final = ["exp", "iat", "iss", "aud", "sub"]
_REMEMBERED: Final = 4096


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says: whose it is, its refresh family, when it ends (Unix seconds), and whether its owner
    was a practitioner when it was issued (for the rate limit alone; rights are read from the database).
    """

    user_id: UUID
    family_id: UUID | None
    expires_at: int
    is_practitioner: bool

    @property
    def caller(self) -> str:
        """Names the caller, for counting requests and keeping answers."""
        return str(self.user_id)


@dataclass(frozen=True, slots=True)
class _Key:
    kid: str
    secret: bytes


class AccessTokens:
    """Issues and verifies access tokens. One per process; knows its keys, never the database."""

    def __init__(
        self,
        *,
        secret: str,
        previous_secret: str | None,
        issuer: str,
        audience: str,
        lifetime_s: int,
        others: Sequence[ExternalIssuer] = (),
    ) -> None:
        """`secret` signs; `previous_secret` only verifies. `others` are issuers whose tokens are taken besides."""
        self._signing = _key(secret)
        keys = [self._signing, *([_key(previous_secret)] if previous_secret else [])]
        self._keys = {key.kid: key.secret for key in keys}
        self._issuer = issuer
        self._audience = audience
        self.lifetime_s = lifetime_s
        # Tokens whose signature has been checked: the same one comes with every request of a client.
        self._verified: dict[str, Claims | ExternalClaims] = {}
        self._others = tuple(others)
        self._published = tuple(one.keys for one in others if isinstance(one.keys, PublishedKeys))
        self._refreshing: set[asyncio.Task[None]] = set()
        self._literal: dict[str, Claims] = {}

    def issue(self, user_id: UUID, family_id: UUID, *, is_practitioner: bool, now_s: int | None = None) -> str:
        """A new token for `user_id`, valid for `lifetime_s` from `now_s` (Unix seconds; default: now)."""
        issued_at = int(time.time()) if now_s is None else now_s
        claims: dict[str, Any] = {
            "sub": str(user_id),
            "sid": str(family_id),
            "iss": self._issuer,
            "aud": self._audience,
            "iat": issued_at,
            "exp": issued_at + self.lifetime_s,
        }
        if is_practitioner:
            claims["prac"] = True
        return jwt.encode(claims, self._signing.secret, algorithm=ALGORITHM, headers={"kid": self._signing.kid})

    def verify(self, token: str) -> Claims | ExternalClaims:
        """What `token` says. Raises InvalidTokenError for anything but a token of ours, or of another issuer that is
        believed here, that is valid now.
        """
        claims = self._verified.get(token)
        if claims is None:
            claims = self._literal.get(token) or self._check(token)
            if len(self._verified) >= _REMEMBERED:
                self._verified.clear()
            self._verified[token] = claims
        elif claims.expires_at <= time.time():
            del self._verified[token]
            raise InvalidTokenError
        return claims

    def accept_literal(self, token: str, user_id: UUID) -> None:
        """Take `token`, which is no JWT, for one of `user_id`'s that never ends: for the demo's people alone."""
        self._literal[token] = Claims(user_id, None, expires_at=2**62, is_practitioner=False)

    def link_key(self, what: str) -> str:
        """What an address of ours carries to show that we gave it out: an HMAC of `what` (for instance "pay:" and an
        id) under the signing secret. Compare with `is_link_key`.
        """
        return _link_key(self._signing.secret, what)

    def is_link_key(self, what: str, key: str) -> bool:
        """Whether `key` came from `link_key(what)`, under the secret of now or the previous one."""
        return any(hmac.compare_digest(_link_key(secret, what), key) for secret in self._keys.values())

    @property
    def reads_keys(self) -> bool:
        """Whether there are published keys, which `make_ready` reads."""
        return bool(self._published)

    async def make_ready(self, token: str) -> None:
        """See to it that the published keys are there which `token` may have been signed with: the first time, when it
        names one that is not known, and every now and then meanwhile.
        """
        if token in self._verified and all(keys.is_fresh for keys in self._published):
            return
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError):
            return
        kid = header.get("kid")
        if str(header.get("alg")).startswith("HS") or not isinstance(kid, str | None):
            return  # of a shared secret, or nobody's
        for keys in self._published:
            if not keys.knows(kid):
                await self._refresh(keys)
            elif not keys.is_fresh:
                task = asyncio.create_task(self._refresh(keys))
                self._refreshing.add(task)
                task.add_done_callback(self._refreshing.discard)

    async def _refresh(self, keys: PublishedKeys) -> None:
        if await keys.refresh():
            self._verified.clear()  # what a withdrawn key signed is worth nothing any more

    def _check(self, token: str) -> Claims | ExternalClaims:
        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            if not isinstance(kid, str) or kid not in self._keys:
                return self._of_others(token, header)
            payload = jwt.decode(
                token,
                self._keys[kid],
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                options={"require": _REQUIRED, "verify_signature": True},
            )
            return Claims(
                user_id=UUID(payload["sub"]),
                family_id=UUID(payload["sid"]),
                expires_at=int(payload["exp"]),
                is_practitioner=payload.get("prac") is True,
            )
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
            raise InvalidTokenError from error

    def _of_others(self, token: str, header: dict[str, Any]) -> ExternalClaims:
        for issuer in self._others:
            claims = issuer.claims_of(token, header, (self._issuer, self._audience))
            if claims is not None:
                return claims
        raise InvalidTokenError


def _key(secret: str) -> _Key:
    """The key's name says nothing of the key: a hash of a hash."""
    return _Key(hashlib.sha256(b"moorage-kid:" + secret.encode()).hexdigest()[:12], secret.encode())


def _link_key(secret: bytes, what: str) -> str:
    # A word of its own in front, so that no key here is ever a signature of something else.
    return hmac.new(secret, f"link:{what}".encode(), hashlib.sha256).hexdigest()[:32]
