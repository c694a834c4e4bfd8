"""Signing webhooks and the addresses of payment pages, and checking both. HMAC-SHA-256 throughout.

A webhook carries `Sandbox-Signature: t=<Unix seconds>,v1=<hex of HMAC(secret, "{t}." + body)>`, with one `v1` for each
secret while secrets rotate. The page of an intent is at `/sandbox/pay/{reference}?key=…`, an HMAC of the reference
under the API key, so that whoever holds the API key can tell its address before the intent exists.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import lru_cache

HEADER = "Sandbox-Signature"
_MAX_HEADER_CHARS = 1_000
_PART = re.compile(r"v1=([0-9a-f]{64})", re.ASCII)
_TIME = re.compile(r"t=([0-9]{1,12})", re.ASCII)


def sign(secrets: Sequence[str], body: bytes, at_s: int) -> str:
    """The header's value for `body` at Unix second `at_s`, one signature for each secret."""
    return ",".join([f"t={at_s}", *(f"v1={_webhook(secret, body, str(at_s))}" for secret in secrets)])


def signed_at(secrets: Sequence[str], header: str | None, body: bytes) -> int | None:
    """The Unix second at which one of `secrets` signed exactly `body`; None when none did."""
    if not header or len(header) > _MAX_HEADER_CHARS:
        return None
    parts = [part.strip() for part in header.split(",")]
    times = [match[1] for part in parts if (match := _TIME.fullmatch(part))]
    given = [match[1] for part in parts if (match := _PART.fullmatch(part))]
    if len(times) != 1:
        return None
    right = False
    for secret in secrets:
        expected = _webhook(secret, body, times[0])
        for signature in given:
            right |= hmac.compare_digest(expected, signature)
    return int(times[0]) if right else None


def page_key(api_key: str, reference: str) -> str:
    """What the page's address must carry."""
    return _keyed(api_key, f"page:{reference}")


def connect_key(api_key: str, account: str, back: str) -> str:
    """What the address of an account's page must carry, made for one way back."""
    return _keyed(api_key, f"connect:{account}:{back}")


def client_secret(api_key: str, reference: str) -> str:
    """What a payer's own program shows to be allowed to pay `reference`."""
    return f"{reference}_secret_{_keyed(api_key, f'secret:{reference}')}"


def same(expected: str, given: str) -> bool:
    """Whether two secrets are equal, in a time that says nothing about where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def _webhook(secret: str, body: bytes, at: str) -> str:
    return _hex(secret, at.encode() + b"." + body)


def _hex(secret: str, message: bytes) -> str:
    return hmac.digest(secret.encode(), message, "sha256").hex()


def _keyed(secret: str, message: str) -> str:
    """40 hexadecimal digits that only who knows the secret can make: told with every hold, so made the quick way."""
    return hashlib.blake2b(message.encode(), key=_key(secret), digest_size=20).hexdigest()


@lru_cache(maxsize=16)
def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
