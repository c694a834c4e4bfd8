"""Who signed a webhook, and when. `Stripe-Signature: t=<Unix seconds>,v1=<hex>[,v1=…]`, each `v1` the HMAC-SHA-256 of
`"{t}." + body` under the whole `whsec_…` string. While secrets rotate there is one for each, in any order.

The SDK's own check looks at the past alone: a time far ahead passes it. Here the caller compares both ways.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

HEADER: Final = "Stripe-Signature"
_MAX_HEADER_CHARS: Final = 2_000
_SIGNATURE: Final = re.compile(r"v1=([0-9a-f]{64})", re.ASCII)
_TIME: Final = re.compile(r"t=([0-9]{1,12})", re.ASCII)


def signed_at(secrets: Sequence[str], header: str | None, body: bytes) -> int | None:
    """The Unix second at which one of `secrets` signed exactly `body`; None when none did."""
    if not header or len(header) > _MAX_HEADER_CHARS:
        return None
    parts = [part.strip() for part in header.split(",")]
    times = [match[1] for part in parts if (match := _TIME.fullmatch(part))]
    given = [match[1] for part in parts if (match := _SIGNATURE.fullmatch(part))]
    if len(times) != 1:
        return None
    right = False
    for secret in secrets:
        expected = signature(secret, body, times[0])
        for one in given:
            right |= hmac.compare_digest(expected, one)
    return int(times[0]) if right else None


def signature(secret: str, body: bytes, at: str) -> str:
    """The hex of one `v1`."""
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
