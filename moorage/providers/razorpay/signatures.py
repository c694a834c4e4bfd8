"""Razorpay's signatures, hex of HMAC-SHA-256 throughout.

A webhook's is over its raw body under the webhook secret; what Checkout hands to the payer's page is signed under the
API key's secret. Neither signs a time.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

HEADER: Final = "x-razorpay-signature"


def sign(secret: str, body: bytes) -> str:
    """The header's value for `body`."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether exactly `body` was signed."""
    given = headers.get(HEADER) or headers.get("X-Razorpay-Signature") or ""
    return hmac.compare_digest(sign(secret, body).encode(), given.encode("utf-8", "replace"))


def is_callback(key_secret: str, order_id: str, payment_id: str, signature: str) -> bool:
    """Whether Checkout said that `payment_id` pays `order_id`."""
    expected = sign(key_secret, f"{order_id}|{payment_id}".encode())
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
