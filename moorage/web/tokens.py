"""Access tokens: short-lived, signed with one pinned algorithm, and checked without asking the database.

HS256 (RFC 7518, section 3.2) under a key named by `kid`; while keys rotate the previous one still verifies. `sid` is
the refresh family that the token descends from, so that a sign-in that has ended can be told from one that has not.
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import jwt

from moorage.domains.accounts.errors import InvalidTokenError

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


@dataclass(frozen=True, slots=True)
class _Key:
    kid: str
    secret: bytes


class AccessTokens:
    """Issues and verifies access tokens. One per process; knows its keys, never the database."""

    def __init__(
        self, *, secret: str, previous_secret: str | None, issuer: str, audience: str, lifetime_s: int
    ) -> None:
        """`secret` signs; `previous_secret` only verifies."""
        self._signing = _key(secret)
        keys = [self._signing, *([_key(previous_secret)] if previous_secret else [])]
        self._keys = {key.kid: key.secret for key in keys}
        self._issuer = issuer
        self._audience = audience
        self.lifetime_s = lifetime_s
        # Tokens whose signature has been checked: the same one comes with every request of a client.
        self._verified: dict[str, Claims] = {}
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

    def verify(self, token: str) -> Claims:
        """What `token` says. Raises InvalidTokenError for anything but a token of ours that is valid now."""
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

    def _check(self, token: str) -> Claims:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if not isinstance(kid, str) or kid not in self._keys:
                raise InvalidTokenError
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


def _key(secret: str) -> _Key:
    """The key's name says nothing of the key: a hash of a hash."""
    return _Key(hashlib.sha256(b"moorage-kid:" + secret.encode()).hexdigest()[:12], secret.encode())
