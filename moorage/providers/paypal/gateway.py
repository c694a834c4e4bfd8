"""Our adapter to PayPal. The payer approves an order there; only we collect, so what we do not capture stays theirs."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from moorage.domains.payments.gateway import (
    Capabilities,
    InvalidSignatureError,
    NotSupportedByProviderError,
    ProviderDeclinedError,
)
from moorage.domains.payments.gateway_values import Intent, IntentRequest, ProviderEvent, ProviderRecord, ProviderRefund
from moorage.kernel.money import InvalidCurrencyError
from moorage.providers.paypal import lists, reports
from moorage.providers.paypal.amounts import to_money, to_value
from moorage.providers.paypal.disputes import PaypalEvidence
from moorage.providers.paypal.events import to_event
from moorage.providers.paypal.http import Paypal, WrongKeysError, read
from moorage.providers.paypal.orders import order_of
from moorage.providers.paypal.translate import refund_mark, to_intent, to_refund, with_capture
from moorage.providers.paypal.verification import ByCertificate, ByPaypal

_ORDERS: Final = "/v2/checkout/orders"
_AUTHORIZATIONS: Final = "/v2/payments/authorizations"
# An event is dated when it is made and listed a little later: looking back further misses none.
_OVERLAP: Final = timedelta(seconds=60)
# PayPal forgets the keys of orders after six hours.
_KEYS_LIVE: Final = timedelta(hours=5, minutes=50)
# Somebody was there before us: what counts is how it stands now.
_ALREADY_DECIDED: Final = frozenset(
    {
        "order_already_captured",
        "order_already_authorized",
        "order_completed_or_voided",
        "authorization_already_captured",
        "authorization_voided",
        "max_capture_count_exceeded",
        "previously_captured",
        "previously_voided",
    }
)


class PaypalGateway(PaypalEvidence):
    """PayPal as a PaymentGateway. `verification` says whether a webhook is PayPal's; `webhook_id` is that of our
    subscription there; `client_id` is what PayPal's script on a page of ours needs.
    """

    name = "paypal"

    def __init__(
        self,
        paypal: Paypal,
        verification: ByCertificate | ByPaypal,
        *,
        webhook_id: str,
        client_id: str | None = None,
        live: bool = False,
    ) -> None:
        """Connect to nothing yet."""
        self._paypal = paypal
        self._verification = verification
        self._webhook_id = webhook_id
        self.capabilities = Capabilities(
            redirect=True,
            disputes=True,
            separate_capture=True,
            capture_after_approval=True,
            hosted_checkout=True,
            evidence=True,
            publishable_key=client_id,
            keys_live=_KEYS_LIVE,
            live=live,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._paypal.aclose()

    def ahead(self, payment_id: UUID) -> tuple[str | None, str | None]:
        """Nothing: PayPal tells the approval page's address when it has made the order."""
        del payment_id
        return None, None

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Refuse with AmountNotSupportedError what would have to be rounded, and what PayPal takes nothing in."""
        to_value(amount_minor, currency)

    async def create(self, request: IntentRequest, *, key: str) -> Intent:
        """Make the order; `checkout_url` is where the payer approves it. The same key answers the same order as it is
        by then, for six hours. Raises AmountNotSupportedError, ProviderDeclinedError, OutcomeUnknownError.
        """
        return read(to_intent, await self._paypal.call("POST", _ORDERS, order_of(request), key=key))

    async def confirm(self, reference: str, *, payment_method: str, key: str) -> Intent:
        """Raises NotSupportedByProviderError: the payer chooses a method at PayPal."""
        del reference, payment_method, key
        raise NotSupportedByProviderError

    async def authorize(self, reference: str, *, key: str) -> Intent:
        """Reserve what the payer has approved, for an order that is captured later. One that is reserved already is
        answered as it is. Raises ProviderDeclinedError (`order_not_approved`, `instrument_declined`).
        """
        order = await self._do(f"{_order(reference)}/authorize", {}, key=key)
        return await self.fetch(reference) if order is None else read(to_intent, order)

    async def capture(self, reference: str, *, amount_minor: int, currency: str, key: str) -> Intent:
        """Collect an approved order whole, or a reserved one whole or in part; the rest of it is released. Raises
        ProviderDeclinedError (`order_not_approved`, `instrument_declined`, …), AmountNotSupportedError,
        NotSupportedByProviderError for a part of an order that was not reserved, OutcomeUnknownError.
        """
        amount = to_money(amount_minor, currency)
        present = await self.fetch(reference)
        if present.ids.get("capture"):
            return present
        if present.raw["intent"] == "CAPTURE":
            if (amount_minor, currency) != (present.amount_minor, present.currency):
                raise NotSupportedByProviderError("PayPal collects a part only of what was authorised first.")
            order = await self._do(f"{_order(reference)}/capture", {}, key=key)
            return await self.fetch(reference) if order is None else read(to_intent, order)
        if present.needs_authorization:
            present = await self.authorize(reference, key=f"{key}-authorize")
        authorization = present.ids.get("authorization")
        if authorization is None:
            raise ProviderDeclinedError("The payer has not approved this order.", failure_code="order_not_approved")
        path = f"{_AUTHORIZATIONS}/{authorization}/capture"
        made = await self._do(path, {"amount": amount, "final_capture": True}, key=key)
        return await self.fetch(reference) if made is None else read(with_capture(present), made)

    async def cancel(self, reference: str, *, key: str) -> Intent:
        """Release what is reserved. An order that is not reserved is left to expire: nobody but us can collect it, so
        it is as good as canceled. What is captured, or on its way, is answered as it is.
        """
        present = await self.fetch(reference)
        if present.ids.get("capture") and present.status != "failed":
            return present
        authorization = present.ids.get("authorization")
        if authorization is not None and present.status == "processing":  # reserved, or being looked at
            await self._do(f"{_AUTHORIZATIONS}/{authorization}/void", None, key=key)
            present = await self.fetch(reference)
            if present.status != "canceled":
                return present
        return replace(present, status="canceled", needs_capture=False, needs_authorization=False)

    async def fetch(self, reference: str) -> Intent:
        """The present state. Raises ProviderDeclinedError `invalid_resource_id`, OutcomeUnknownError."""
        return read(to_intent, await self._paypal.call("GET", _order(reference)))

    async def find(self, payment_id: UUID) -> Intent | None:
        """None, always: PayPal lists no orders. An order whose id we never learned can be captured by nobody, and
        asking for it again with the same key answers the same one.
        """
        del payment_id
        return None

    async def refund(
        self, reference: str, *, refund_id: UUID, amount_minor: int, currency: str, key: str
    ) -> ProviderRefund:
        """Give back a part or all of what was captured. Raises ProviderDeclinedError (`refund_amount_exceeded`,
        `capture_fully_refunded`, `transaction_disputed`, …).
        """
        amount = to_money(amount_minor, currency)
        present = await self.fetch(reference)
        capture = present.ids.get("capture")
        if capture is None:
            raise ProviderDeclinedError("Nothing was captured.", failure_code="not_refundable")
        payment = present.raw["purchase_units"][0].get("custom_id", "")
        body = {"amount": amount, "custom_id": refund_mark(payment, refund_id)}
        return read(
            to_refund, await self._paypal.call("POST", f"/v2/payments/captures/{capture}/refund", body, key=key)
        )

    async def find_refund(self, reference: str, refund_id: UUID) -> ProviderRefund | None:
        """The refund of `reference` made for our refund, if it was made: the order shows all of its refunds."""
        return read(lists.refund_of(refund_id), (await self.fetch(reference)).raw)

    async def test_connection(self) -> str:
        """Ask for our own webhook with our keys; answers our app's id at PayPal. Raises ProviderDeclinedError
        (`invalid_credentials`, `invalid_resource_id` for a webhook that is not there).
        """
        try:
            await self._paypal.call("GET", f"/v1/notifications/webhooks/{self._webhook_id}")
        except WrongKeysError as error:
            raise ProviderDeclinedError(error.message(), failure_code="invalid_credentials") from error
        return self._paypal.app_id or "paypal"

    async def events_since(self, since: datetime) -> list[ProviderEvent]:
        """Every event since then and a minute before, oldest first. PayPal keeps them for thirty days."""
        events = [read(to_event, body) async for body in lists.events(self._paypal, since - _OVERLAP)]
        return sorted(events, key=lambda event: str(event.raw["create_time"]))

    async def records(self, since: datetime | None = None) -> AsyncIterator[ProviderRecord]:
        """Every charge that collected and every refund, then every dispute: as far back as PayPal tells, which is three
        years, and 180 days for disputes.
        """
        async for record in reports.records(self._paypal, since):
            yield record

    async def prepare_verification(self, headers: Mapping[str, str], body: bytes) -> None:
        """What `verify` cannot do, which waits for nobody: have the certificate at hand, or ask PayPal. Raises
        OutcomeUnknownError when PayPal does not answer: it delivers again.
        """
        await self._verification.prepare(headers, body)

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """Check who signed these bytes for our webhook, and when, then translate them; after `prepare_verification`.
        Raises InvalidSignatureError, TimestampOutOfToleranceError.
        """
        self._verification.check(headers, body, now)
        return self.parse(body)

    def parse(self, body: bytes) -> ProviderEvent:
        """Translate a body that was verified when it came in."""
        try:
            return to_event(json.loads(body))
        except (LookupError, ValueError, TypeError, InvalidCurrencyError) as error:
            raise InvalidSignatureError("The event cannot be read.") from error

    async def _do(self, path: str, body: Mapping[str, Any] | None, *, key: str) -> dict[str, Any] | None:
        """A change; None when it had been made before."""
        try:
            return await self._paypal.call("POST", path, body, key=key)
        except ProviderDeclinedError as error:
            if error.facts["failure_code"] in _ALREADY_DECIDED:
                return None
            raise


def _order(reference: str) -> str:
    return f"{_ORDERS}/{quote(reference, safe='')}"
