"""Our adapter to Razorpay, over HTTP: its own library knows no asyncio.

What we call a payment is an order there. The payer pays it in Checkout on our page; Razorpay then holds the money, and
only we collect it: orders are made for manual capture, so that a payment that is over here takes nothing there. On
Razorpay's own page (mode checkout) it is a payment link, which collects at once.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from moorage.domains.payments.gateway import (
    Capabilities,
    InvalidSignatureError,
    NotSupportedByProviderError,
    ProviderDeclinedError,
)
from moorage.domains.payments.gateway_values import Intent, IntentRequest, ProviderEvent, ProviderRecord, ProviderRefund
from moorage.kernel.clock import Clock, system_clock
from moorage.providers.razorpay.amounts import check_amount, check_exact
from moorage.providers.razorpay.books import Books
from moorage.providers.razorpay.client import Body, RazorpayClient, WrongKeysError, read
from moorage.providers.razorpay.events import to_event
from moorage.providers.razorpay.requests import new_link, new_order
from moorage.providers.razorpay.signatures import is_callback, is_signed
from moorage.providers.razorpay.translate import (
    CAPTURE_NOTE,
    PAYMENT_NOTE,
    REFUND_NOTE,
    deciding,
    is_collected,
    link_as_order,
    note,
    text_note,
    to_intent,
    to_refund,
)

# Of what Checkout hands over: `pay_…:<signature>`.
_BETWEEN: Final = ":"


class RazorpayGateway:
    """Razorpay as a PaymentGateway. `webhook_secrets` are those in force."""

    name = "razorpay"

    def __init__(
        self,
        *,
        key_id: str,
        key_secret: str,
        webhook_secrets: Sequence[str],
        base_url: str,
        account_id: str | None = None,
        timeout_s: float = 10.0,
        clock: Clock = system_clock,
    ) -> None:
        """Open nothing yet; connections are made when they are needed, and shared by all calls."""
        self.capabilities = Capabilities(
            client_secret=True,
            confirm_with_method=True,
            disputes=True,
            separate_capture=True,
            capture_after_approval=True,
            hosted_checkout=True,
            publishable_key=key_id,
            page_script="razorpay",
            page_source="https://checkout.razorpay.com/v1/checkout.js",
            page_hosts=(
                "https://checkout.razorpay.com",
                "https://api.razorpay.com",
                "https://cdn.razorpay.com",
                "https://lumberjack.razorpay.com",
            ),
            label="Razorpay",
            account=account_id,
            live=key_id.startswith("rzp_live_"),
        )
        self._key_secret = key_secret
        self._webhook_secrets = tuple(webhook_secrets)
        self._client = RazorpayClient(key_id, key_secret, base_url, timeout_s)
        self._clock = clock
        self._books = Books(self._client, clock)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def ahead(self, payment_id: UUID) -> tuple[str | None, str | None]:
        """(None, None): Checkout needs the order's id, which Razorpay chooses."""
        del payment_id
        return None, None

    async def create(self, request: IntentRequest, *, key: str) -> Intent:
        """Make the order, or the payment link in mode checkout. Razorpay keeps no key for either, so what is there by
        our id is taken: it makes no second link of one reference, and a second order, made at the same moment, would
        do no harm, since the payer is shown one. Raises NotSupportedByProviderError for a link whose money is to be
        collected later.
        """
        del key
        check_amount(request.amount_minor, request.currency)
        if request.mode == "checkout":
            return await self._create_link(request)
        made = await self._books.find_order(request.payment_id)
        if made is not None:
            return await self.fetch(made)
        return read(to_intent, await self._client.call("POST", "/orders", new_order(request)), ())

    async def _create_link(self, request: IntentRequest) -> Intent:
        if request.capture == "manual":
            raise NotSupportedByProviderError("Razorpay's payment page collects at once.")
        made = await self._books.find(request.payment_id)
        if made is not None:
            return await self.fetch(made)
        link = await self._client.call("POST", "/payment_links", new_link(request, self._clock()))
        return read(lambda told: to_intent(link_as_order(told), ()), link)

    async def confirm(self, reference: str, *, payment_method: str, key: str) -> Intent:
        """What Checkout handed to the payer's page, `pay_…:<signature>`: checked, and collected unless that is for
        later. Raises ProviderDeclinedError `invalid_signature` for what Checkout never said.
        """
        payment_id, _, signature = payment_method.partition(_BETWEEN)
        if not is_callback(self._key_secret, reference, payment_id, signature):
            raise ProviderDeclinedError("Checkout has not said so.", failure_code="invalid_signature")
        order, payments = await self._books.order(reference)
        present = read(to_intent, order, payments)
        if not present.needs_capture or text_note(order, CAPTURE_NOTE) == "manual":
            return present
        return await self.capture(reference, amount_minor=present.amount_minor, currency=present.currency, key=key)

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Raises AmountNotSupportedError for what Razorpay cannot write down exactly, or does not take."""
        check_amount(amount_minor, currency)

    async def capture(self, reference: str, *, amount_minor: int, currency: str, key: str) -> Intent:
        """Collect what the payer's bank has reserved, which Razorpay does whole or not at all. It keeps no key for
        that: what was captured before is found by asking. Raises ProviderDeclinedError (`not_capturable`,
        `capture_must_be_whole`).
        """
        del key
        check_exact(amount_minor, currency)
        payments = await self._books.payments(reference)
        payment = deciding(payments)
        if payment is not None and is_collected(payment):
            return await self.fetch(reference)
        if payment is None or payment["status"] != "authorized":
            raise ProviderDeclinedError("Nothing is reserved.", failure_code="not_capturable")
        if (amount_minor, currency) != (payment["amount"], payment["currency"]):
            raise ProviderDeclinedError("Razorpay collects all or nothing.", failure_code="capture_must_be_whole")
        asked = {"amount": amount_minor, "currency": currency}
        try:
            done = await self._client.call("POST", f"/payments/{payment['id']}/capture", asked)
        except ProviderDeclinedError:
            present = await self.fetch(reference)
            if present.status != "succeeded":
                raise
            return present
        if reference.startswith("plink_"):
            return await self.fetch(reference)
        # What the order would say is what its payment says, now that this is collected whole.
        return read(to_intent, {"id": reference, "status": "paid"}, [done])

    async def test_connection(self) -> str:
        """Our key's id: Razorpay names no account. Raises ProviderDeclinedError `invalid_credentials`."""
        try:
            await self._client.call("GET", "/payments", query={"count": 1})
        except WrongKeysError as error:
            raise ProviderDeclinedError(
                "Razorpay does not know our keys.", failure_code="invalid_credentials"
            ) from error
        return str(self.capabilities.publishable_key)

    async def cancel(self, reference: str, *, key: str) -> Intent:
        """Razorpay cancels links and no orders. Nobody but us collects on those, so that an order we do not capture is
        as good as canceled: what is reserved on it, now or later, goes back to the payer by itself. What is collected
        is answered as it is.
        """
        del key
        if reference.startswith("plink_"):
            with contextlib.suppress(ProviderDeclinedError):  # it is paid, or over: see which
                await self._client.call("POST", f"/payment_links/{reference}/cancel", {})
            return await self.fetch(reference)
        present = await self.fetch(reference)
        if present.status == "succeeded":
            return present
        return replace(present, status="canceled", needs_capture=False)

    async def fetch(self, reference: str) -> Intent:
        """The present state. Raises ProviderDeclinedError `resource_missing` (also for orders of half a year ago)."""
        order, payments = await self._books.order(reference)
        return read(to_intent, order, payments)

    async def find(self, payment_id: UUID) -> Intent | None:
        """The order or link made for our payment, if it was made."""
        made = await self._books.find(payment_id)
        return None if made is None else await self.fetch(made)

    async def refund(
        self, reference: str, *, refund_id: UUID, amount_minor: int, currency: str, key: str
    ) -> ProviderRefund:
        """Give back. Raises ProviderDeclinedError (`refund_exceeds_charge`, `not_refundable`, …)."""
        check_exact(amount_minor, currency)
        order, payments = await self._books.order(reference)
        payment = deciding(payments)
        if payment is None or not is_collected(payment) or payment["currency"] != currency:
            raise ProviderDeclinedError("Nothing was collected.", failure_code="not_refundable")
        ours = note(order, PAYMENT_NOTE)
        body: Body = {
            "amount": amount_minor,
            "speed": "normal",
            "receipt": str(refund_id),
            "notes": {PAYMENT_NOTE: str(ours or ""), REFUND_NOTE: str(refund_id)},
        }
        path = f"/payments/{payment['id']}/refund"
        return read(to_refund, await self._client.call("POST", path, body, headers={"X-Refund-Idempotency": key}))

    async def find_refund(self, reference: str, refund_id: UUID) -> ProviderRefund | None:
        """The refund of `reference` made for our refund, if it was made."""
        _, payments = await self._books.order(reference)
        for payment in payments:
            async for refund in self._client.every(f"/payments/{payment['id']}/refunds"):
                if note(refund, REFUND_NOTE) == refund_id:
                    return read(to_refund, refund)
        return None

    async def events_since(self, since: datetime) -> list[ProviderEvent]:
        """Razorpay lists no events: what it lists of payments, refunds and disputes is told as the events it would have
        sent.
        """
        return [read(to_event, body) for body in await self._books.changes(since)]

    async def records(self, since: datetime | None = None) -> AsyncIterator[ProviderRecord]:
        """Every payment that collected, every refund and every dispute since then."""
        async for record in self._books.records(since):
            yield record

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """Check who signed these bytes, then translate them. No time is signed: what keeps a repeat harmless is that
        each event is taken in once.
        """
        del now
        if not any(is_signed(secret, headers, body) for secret in self._webhook_secrets):
            raise InvalidSignatureError
        return self.parse(body)

    def parse(self, body: bytes) -> ProviderEvent:
        """Translate a body that was verified when it came in."""
        try:
            event: Any = json.loads(body)
            return to_event(event)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidSignatureError("The event cannot be read.") from error
