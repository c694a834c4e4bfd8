"""Who sent a webhook: PayPal's RSA signature over the time, our webhook's id and the raw bytes' checksum.

https://developer.paypal.com/api/rest/webhooks/rest/ (section "Message signature verification")
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

_ALGORITHM: Final = "SHA256withRSA"
_MAX_HEADER_CHARS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Transmission:
    """What PayPal says about one delivery in its headers."""

    id: str
    time: str
    signature: str
    cert_url: str
    algorithm: str

    def sent_at(self) -> datetime | None:
        """When it was sent; None where that cannot be read."""
        try:
            at = datetime.fromisoformat(self.time)
        except ValueError:
            return None
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

    def signed_text(self, webhook_id: str, body: bytes) -> str:
        """What was signed. `webhook_id` is our subscription's, not the event's; the checksum is the decimal CRC-32."""
        return f"{self.id}|{self.time}|{webhook_id}|{zlib.crc32(body)}"

    def is_signed_by(self, key: RSAPublicKey, webhook_id: str, body: bytes) -> bool:
        """Whether `key` signed exactly these bytes for our webhook."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
            key.verify(signature, self.signed_text(webhook_id, body).encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def question(self, webhook_id: str, body: bytes) -> bytes | None:
        """The body of `POST /v1/notifications/verify-webhook-signature`: the event's own bytes go into it untouched,
        because PayPal takes their checksum again. None where they are no JSON object, which might reach beyond its
        place.
        """
        try:
            is_object = isinstance(json.loads(body), dict)
        except ValueError:
            is_object = False
        if not is_object:
            return None
        told = {
            "auth_algo": self.algorithm,
            "cert_url": self.cert_url,
            "transmission_id": self.id,
            "transmission_sig": self.signature,
            "transmission_time": self.time,
            "webhook_id": webhook_id,
        }
        return json.dumps(told).encode()[:-1] + b', "webhook_event": ' + body + b"}"


def transmission_of(headers: Mapping[str, str]) -> Transmission | None:
    """The delivery as `headers` tell it, whatever their case; None where one is missing, or of another algorithm."""
    given = {name.lower(): value for name, value in headers.items()}
    names = ("transmission-id", "transmission-time", "transmission-sig", "cert-url", "auth-algo")
    values = [given.get(f"paypal-{name}", "") for name in names]
    if not all(0 < len(value) <= _MAX_HEADER_CHARS for value in values):
        return None
    told = Transmission(*values)
    return told if told.algorithm == _ALGORITHM else None
