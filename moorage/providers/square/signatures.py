"""Square's signature of a webhook: `x-square-hmacsha256-signature` is the base64 of HMAC-SHA-256(signature key,
notification URL + body). The URL is part of what is signed, to the letter; no time is.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

HEADER: Final = "x-square-hmacsha256-signature"


def sign(key: str, url: str, body: bytes) -> str:
    """The header's value for `body` sent to `url`."""
    return base64.b64encode(hmac.new(key.encode(), url.encode() + body, hashlib.sha256).digest()).decode()


def is_signed(key: str, url: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether exactly `body` was signed for exactly `url`."""
    given = headers.get(HEADER) or headers.get(HEADER.title()) or ""
    return hmac.compare_digest(sign(key, url, body).encode(), given.encode("utf-8", "replace"))
