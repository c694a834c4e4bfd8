"""Whether PayPal sent a webhook: checked here with PayPal's certificate, or asked of PayPal itself."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from moorage.domains.payments.gateway import InvalidSignatureError, ProviderDeclinedError, TimestampOutOfToleranceError
from moorage.providers.paypal.certificates import Certificates
from moorage.providers.paypal.http import Paypal
from moorage.providers.paypal.signatures import Transmission, transmission_of

_ACCEPTED_KEPT: Final = 256


class ByCertificate:
    """Checks the signature with the certificate that the delivery names, where that is PayPal's. A delivery that is
    repeated with its first time long after is refused; what it told is then read from the list of events.
    """

    def __init__(self, certificates: Certificates, *, webhook_id: str, tolerance_s: int = 300) -> None:
        """`webhook_id` is our subscription's at PayPal."""
        self._certificates = certificates
        self._webhook_id = webhook_id
        self._tolerance_s = tolerance_s

    async def prepare(self, headers: Mapping[str, str], body: bytes) -> None:
        """Have the certificate at hand. Raises OutcomeUnknownError."""
        del body
        told = transmission_of(headers)
        if told is not None:
            await self._certificates.load(told.cert_url)

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Raises InvalidSignatureError, TimestampOutOfToleranceError."""
        told = transmission_of(headers)
        key = None if told is None else self._certificates.key(told.cert_url, now)
        if told is None or key is None or not told.is_signed_by(key, self._webhook_id, body):
            raise InvalidSignatureError
        _check_time(told, now, self._tolerance_s)


class ByPaypal:
    """Asks PayPal about each delivery, for where its certificates cannot be checked."""

    def __init__(self, paypal: Paypal, *, webhook_id: str, tolerance_s: int = 300) -> None:
        """`webhook_id` is our subscription's at PayPal."""
        self._paypal = paypal
        self._webhook_id = webhook_id
        self._tolerance_s = tolerance_s
        self._accepted: dict[bytes, None] = {}

    async def prepare(self, headers: Mapping[str, str], body: bytes) -> None:
        """Ask, and remember what PayPal says is its own. Raises OutcomeUnknownError."""
        told = transmission_of(headers)
        question = None if told is None else told.question(self._webhook_id, body)
        if question is None:
            return
        try:
            answer = await self._paypal.call("POST", "/v1/notifications/verify-webhook-signature", question)
        except ProviderDeclinedError:  # not even the shape of a delivery of PayPal's
            return
        if answer.get("verification_status") == "SUCCESS":
            while len(self._accepted) >= _ACCEPTED_KEPT:
                self._accepted.pop(next(iter(self._accepted)))
            self._accepted[hashlib.sha256(question).digest()] = None

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Raises InvalidSignatureError, TimestampOutOfToleranceError."""
        told = transmission_of(headers)
        question = None if told is None else told.question(self._webhook_id, body)
        if told is None or question is None or hashlib.sha256(question).digest() not in self._accepted:
            raise InvalidSignatureError
        _check_time(told, now, self._tolerance_s)


def _check_time(told: Transmission, now: datetime, tolerance_s: int) -> None:
    sent_at = told.sent_at()
    if sent_at is None or abs((now - sent_at).total_seconds()) > tolerance_s:
        raise TimestampOutOfToleranceError
