"""Our adapter to the sandbox, over HTTP like any other provider's: nothing here knows that it runs next door."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from moorage.domains.payments.gateway import (
    Capabilities,
    InvalidSignatureError,
    ProviderDeclinedError,
    TimestampOutOfToleranceError,
)
from moorage.domains.payments.gateway_values import Intent, IntentRequest, ProviderEvent, ProviderRecord, ProviderRefund
from moorage.kernel.money import exponent
from moorage.providers.sandbox.payees import SandboxTransfers
from moorage.providers.sandbox.signatures import HEADER, client_secret, connect_key, page_key, signed_at
from moorage.providers.sandbox.subscribing import SandboxSubscriptions
from moorage.providers.sandbox.translate import read, to_event, to_intent, to_record, to_refund, to_transfer_record

# An event is dated when it is made and seen when its transaction ends: looking back a little further misses none.
_OVERLAP: Final = timedelta(seconds=60)
_ALREADY_DECIDED: Final = frozenset(
    {"intent_paid", "intent_processing", "intent_authorized", "intent_canceled", "intent_expired"}
)


class SandboxGateway(SandboxTransfers, SandboxSubscriptions):
    """The sandbox as a PaymentGateway. `base_url` is where its API is reached, `public_url` where payers reach its
    page; `webhook_secrets` are those in force, the newest first.
    """

    name = "sandbox"
    capabilities = Capabilities(
        redirect=True,
        client_secret=True,
        confirm_with_method=True,
        disputes=True,
        separate_capture=True,
        hosted_checkout=True,
        subscriptions=True,
        known_ahead=True,
        transfers=True,
        live=False,
    )

    def __init__(
        self,
        *,
        api_key: str,
        webhook_secrets: Sequence[str],
        base_url: str,
        public_url: str | None = None,
        timeout_s: float = 10.0,
        tolerance_s: int = 300,
    ) -> None:
        """Open nothing yet; connections are made when they are needed, and shared by all calls."""
        super().__init__(api_key=api_key, base_url=base_url, timeout_s=timeout_s)
        self._api_key = api_key
        self._secrets = tuple(webhook_secrets)
        self._public_url = (public_url or base_url).rstrip("/")
        self._tolerance_s = tolerance_s

    def ahead(self, payment_id: UUID) -> tuple[str | None, str | None]:
        """(client_secret, checkout_url): both follow from our id, so they can be told before the intent exists."""
        reference = str(payment_id)
        page = f"{self._public_url}/sandbox/pay/{reference}?key={page_key(self._api_key, reference)}"
        return client_secret(self._api_key, reference), page

    async def payee_link(self, payee: str, *, return_url: str, refresh_url: str) -> str:
        """The sandbox's own page, good for as long as the API key is."""
        del refresh_url
        query = urlencode({"back": return_url, "key": connect_key(self._api_key, payee, return_url)})
        return f"{self._public_url}/sandbox/connect/{payee}?{query}"

    async def create(self, request: IntentRequest, *, key: str) -> Intent:
        """Make the intent. Raises ProviderDeclinedError (`return_url_not_allowed`, …), OutcomeUnknownError."""
        if request.mode == "subscription":
            return await self.subscribe(request, key=key)
        body = {
            "amount_minor": request.amount_minor,
            "currency": request.currency,
            "description": request.description,
            "return_url": request.return_url,
            "client_reference": str(request.payment_id),
            "payer_email": request.payer_email,
            "expires_at": None if request.expires_at is None else request.expires_at.isoformat(),
            "capture_method": request.capture,
            "lines": [
                {"name": line.name, "amount_minor": line.amount_minor, "quantity": line.quantity}
                for line in request.lines
            ],
        }
        return read(to_intent, await self.call("POST", "/intents", body, key=key))

    async def confirm(self, reference: str, *, payment_method: str, key: str) -> Intent:
        """Charge a method. What was decided before is answered as it is. Raises ProviderDeclinedError with the
        failure code, OutcomeUnknownError.
        """
        try:
            answer = await self.call(
                "POST", f"/intents/{reference}/confirm", {"payment_method": payment_method}, key=key
            )
        except ProviderDeclinedError as error:
            if error.facts["failure_code"] in _ALREADY_DECIDED:
                return await self.fetch(reference)
            raise
        return read(to_intent, answer)

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """The sandbox takes every currency in its own minor units. Raises InvalidCurrencyError for one that is none."""
        del amount_minor
        exponent(currency)

    async def capture(self, reference: str, *, amount_minor: int, currency: str, key: str) -> Intent:
        """Collect what is reserved, or a part. Raises ProviderDeclinedError (`capture_exceeds_authorization`)."""
        del currency
        try:
            answer = await self.call("POST", f"/intents/{reference}/capture", {"amount_minor": amount_minor}, key=key)
        except ProviderDeclinedError as error:
            if error.facts["failure_code"] in _ALREADY_DECIDED:
                return await self.fetch(reference)
            raise
        return read(to_intent, answer)

    async def test_connection(self) -> str:
        """Ask for nothing much with our key. Raises as any call does."""
        await self.call("GET", "/events", query={"limit": 1})
        return "sandbox"

    async def cancel(self, reference: str, *, key: str) -> Intent:
        """Let nothing be collected any more; an intent that is paid or being processed is answered as it is."""
        try:
            return read(to_intent, await self.call("POST", f"/intents/{reference}/cancel", {}, key=key))
        except ProviderDeclinedError as error:
            if error.facts["failure_code"] in _ALREADY_DECIDED:
                return await self.fetch(reference)
            raise

    async def fetch(self, reference: str) -> Intent:
        """The present state. Raises ProviderDeclinedError `resource_missing`, OutcomeUnknownError."""
        return read(to_intent, await self.call("GET", f"/intents/{reference}"))

    async def find(self, payment_id: UUID) -> Intent | None:
        """The intent made for our payment, if it was made."""
        body = await self.look(f"/intents/{payment_id}")
        return None if body is None else read(to_intent, body)

    async def refund(
        self, reference: str, *, refund_id: UUID, amount_minor: int, currency: str, key: str
    ) -> ProviderRefund:
        """Give back. Raises ProviderDeclinedError (`refund_exceeds_charge`, `charge_disputed`, `not_refundable`)."""
        body = {
            "intent": reference,
            "amount_minor": amount_minor,
            "currency": currency,
            "client_reference": str(refund_id),
        }
        return read(to_refund, await self.call("POST", "/refunds", body, key=key))

    async def find_refund(self, reference: str, refund_id: UUID) -> ProviderRefund | None:
        """The refund of `reference` made for our refund, if it was made."""
        body = await self.look(f"/refunds/{refund_id}")
        if body is None or body["intent"]["id"] != reference:
            return None
        return read(to_refund, body)

    async def events_since(self, since: datetime) -> list[ProviderEvent]:
        """Every event since then and a minute before, oldest first."""
        return [read(to_event, body) async for body in self.all("/events", since - _OVERLAP)]

    async def records(self, since: datetime | None = None) -> AsyncIterator[ProviderRecord]:
        """Every charge that collected, every refund, dispute and transfer since then."""
        for path in ("/charges", "/refunds", "/disputes"):
            async for body in self.all(path, since):
                if path != "/charges" or body["status"] == "succeeded":
                    yield read(to_record, body)
        async for body in self.all("/transfers", since):
            yield read(to_transfer_record, body)

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """Check who signed these bytes, and when, then translate them."""
        header = headers.get(HEADER.lower()) or headers.get(HEADER)
        at_s = signed_at(self._secrets, header, body)
        if at_s is None:
            raise InvalidSignatureError
        if abs(now.timestamp() - at_s) > self._tolerance_s:
            raise TimestampOutOfToleranceError
        return self.parse(body)

    def parse(self, body: bytes) -> ProviderEvent:
        """Translate a body that was verified when it came in."""
        try:
            return to_event(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidSignatureError("The event cannot be read.") from error
