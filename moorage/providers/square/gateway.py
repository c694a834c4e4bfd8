"""Our adapter to Square, by its official library.

What we call a payment is an order there, so that it can be made before the payer has named a card: `confirm` makes the
payment on it, or the payer does on the page of a payment link.
"""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from moorage.domains.payments.gateway import (
    Capabilities,
    InvalidSignatureError,
    NotSupportedByProviderError,
    OutcomeUnknownError,
    ProviderDeclinedError,
)
from moorage.domains.payments.gateway_values import Intent, IntentRequest, ProviderEvent, ProviderRecord, ProviderRefund
from moorage.providers.square.capturing import capture
from moorage.providers.square.client import ONCE, ChangedMeanwhileError, SquareLine, WrongKeysError, answer
from moorage.providers.square.disputes import SquareEvidence
from moorage.providers.square.events import to_event
from moorage.providers.square.form import FORM_HOSTS
from moorage.providers.square.orders import Orders, order_of
from moorage.providers.square.polling import happened
from moorage.providers.square.records import all_records
from moorage.providers.square.signatures import is_signed
from moorage.providers.square.translate import (
    check_amount,
    money,
    read,
    refund_ids,
    refund_reason,
    to_intent,
    to_refund,
)

_OPEN: Final = frozenset({"pending", "failed"})
_TRIES: Final = 4


class SquareGateway(SquareEvidence):
    """Square as a PaymentGateway, for one location. `webhook_url` is where its webhooks go, exactly as registered
    there; amounts are ISO 4217 minor units on both sides.
    """

    name = "square"

    def __init__(
        self,
        *,
        access_token: str,
        location_id: str,
        application_id: str | None,
        signature_key: str,
        webhook_url: str,
        base_url: str,
        live: bool,
        merchant_id: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        """Open nothing yet; connections are made when they are needed, and shared by all calls."""
        self.capabilities = Capabilities(
            redirect=True,
            confirm_with_method=True,
            disputes=True,
            evidence=True,
            separate_capture=True,
            hosted_checkout=True,
            publishable_key=application_id,
            page_script="square" if application_id else None,
            page_source=f"{FORM_HOSTS[live][0]}/v1/square.js",
            page_hosts=FORM_HOSTS[live],
            page_account=location_id,
            label="Square",
            account=merchant_id,
            live=live,
        )
        self._location_id = location_id
        self._signature_key = signature_key
        self._webhook_url = webhook_url
        self._line = SquareLine(access_token, base_url, timeout_s)
        self._square = self._line.sdk
        self._orders = Orders(self._line, location_id)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()

    def ahead(self, payment_id: UUID) -> tuple[str | None, str | None]:
        """(None, None): Square tells its page's address when it has made it."""
        del payment_id
        return None, None

    async def create(self, request: IntentRequest, *, key: str) -> Intent:
        """Make the order, with a payment link to it in mode checkout. Raises NotSupportedByProviderError for a link
        whose money is to be collected later: links collect at once.
        """
        order = order_of(request, self._location_id)
        if request.mode == "intent":
            made = await self._line.call("POST", "v2/orders", {"order": order, "idempotency_key": key})
            return read(to_intent, made["order"], None)
        if request.capture == "manual":
            raise NotSupportedByProviderError("Square's payment page collects at once.")
        payer: Any = {"pre_populated_data": {"buyer_email": request.payer_email}} if request.payer_email else {}
        made = await answer(
            self._square.checkout.payment_links.create(
                idempotency_key=key,
                order=order,
                checkout_options={"redirect_url": request.return_url, "allow_tipping": False},
                payment_note=request.description[:500],
                request_options=ONCE,
                **payer,
            )
        )
        link: dict[str, Any] = read(dict, made["payment_link"])
        told = made.get("related_resources", {}).get("orders") or [None]
        order = told[0] or (await self._orders.read(link["order_id"]))[0]
        return read(to_intent, order, None, link)

    async def confirm(self, reference: str, *, payment_method: str, key: str) -> Intent:
        """Charge a source (`cnon:…` from the payment form, `ccof:…` a card on file) for the order. What was decided
        before is answered as it is. Raises ProviderDeclinedError with the failure code.
        """
        order, payment = await self._orders.read(reference)
        present = read(to_intent, order, payment)
        if present.status not in _OPEN:
            return present
        later: Any = {"delay_action": "CANCEL"} if _capture_of(order) == "manual" else {}
        charge = {
            "source_id": payment_method,
            "idempotency_key": key,
            "amount_money": money(present.amount_minor, present.currency),
            "autocomplete": not later,
            "order_id": reference,
            "location_id": self._location_id,
            "reference_id": order["reference_id"],
            "note": order["line_items"][0]["name"][:500],
            **later,
        }
        try:
            made = (await self._line.call("POST", "v2/payments", charge))["payment"]
        except (ProviderDeclinedError, ChangedMeanwhileError):
            present = await self.fetch(reference)
            if present.status in _OPEN:
                raise
            return present
        return read(to_intent, order, made)

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Raises AmountNotSupportedError for a currency that no Square location takes."""
        check_amount(amount_minor, currency)

    async def capture(self, reference: str, *, amount_minor: int, currency: str, key: str) -> Intent:
        """Collect what was reserved, all or a part. Raises ProviderDeclinedError (`not_capturable`, …)."""
        asked = money(amount_minor, currency)
        return await capture(self._line, self._orders, reference, asked, key=key)

    async def test_connection(self) -> str:
        """The merchant's id. Raises ProviderDeclinedError: `invalid_credentials`, or `resource_missing` where our
        location is none of theirs.
        """
        try:
            told = await answer(self._square.locations.get(self._location_id, request_options=ONCE))
        except WrongKeysError as error:
            raise ProviderDeclinedError(
                "Square does not know our access token.", failure_code="invalid_credentials"
            ) from error
        return read(lambda location: str(location["merchant_id"]), told["location"])

    async def cancel(self, reference: str, *, key: str) -> Intent:
        """Close the order, and give up what was reserved on it; one that is paid or being paid is answered as it is."""
        for _ in range(_TRIES):
            order, payment = await self._orders.read(reference)
            present = read(to_intent, order, payment)
            if present.status == "succeeded" or (present.status == "processing" and not present.needs_capture):
                return present
            if order["state"] == "CANCELED":
                return present
            try:
                if payment is not None and present.needs_capture:
                    await answer(self._square.payments.cancel(payment["id"], request_options=ONCE))
                    order, _ = await self._orders.read(reference)
                await self._close(order, f"{key}:{order['version']}")
            except (ProviderDeclinedError, ChangedMeanwhileError):
                continue  # somebody was faster: see what it is now
        raise OutcomeUnknownError

    async def fetch(self, reference: str) -> Intent:
        """The present state. Raises ProviderDeclinedError `resource_missing`, OutcomeUnknownError."""
        order, payment = await self._orders.read(reference)
        return read(to_intent, order, payment)

    async def find(self, payment_id: UUID) -> Intent | None:
        """The order made for our payment, if it was made."""
        order = await self._orders.find(payment_id)
        if order is None:
            return None
        payment = await self._orders.payment_on(order)
        hosted = payment is None and _mode_of(order) == "checkout"
        return read(to_intent, order, payment, await self._orders.link_of(order["id"]) if hosted else None)

    async def refund(
        self, reference: str, *, refund_id: UUID, amount_minor: int, currency: str, key: str
    ) -> ProviderRefund:
        """Give back. Raises ProviderDeclinedError (`refund_amount_invalid`, `payment_not_refundable`, …)."""
        asked = money(amount_minor, currency)
        order, payment = await self._orders.read(reference)
        if payment is None or payment["status"] != "COMPLETED":
            raise ProviderDeclinedError("Nothing was collected.", failure_code="payment_not_refundable")
        told = self._square.refunds.refund_payment(
            idempotency_key=key,
            amount_money=asked,
            payment_id=payment["id"],
            reason=refund_reason(order["reference_id"], refund_id),
            request_options=ONCE,
        )
        return read(to_refund, (await answer(told))["refund"])

    async def find_refund(self, reference: str, refund_id: UUID) -> ProviderRefund | None:
        """The refund of `reference` made for our refund, if it was made."""
        _, payment = await self._orders.read(reference)
        for one in (payment or {}).get("refund_ids") or ():
            refund = (await answer(self._square.refunds.get(one, request_options=ONCE)))["refund"]
            if refund_ids(refund.get("reason"))[1] == refund_id:
                return read(to_refund, refund)
        return None

    async def events_since(self, since: datetime) -> list[ProviderEvent]:
        """Every event since then and a minute before, oldest first; without a log, what is listed as changed."""
        told = await happened(self._square, self._location_id, since)
        return [read(to_event, body) for body in told]

    async def records(self, since: datetime | None = None) -> AsyncIterator[ProviderRecord]:
        """Every payment that collected, every refund and every dispute since then."""
        async for record in all_records(self._square, self._location_id, since):
            yield record

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """Check that these bytes were signed for our address, then translate them. Square signs no time: what keeps
        a repeat harmless is that each event is taken in once.
        """
        del now
        if not is_signed(self._signature_key, self._webhook_url, headers, body):
            raise InvalidSignatureError
        return self.parse(body)

    def parse(self, body: bytes) -> ProviderEvent:
        """Translate a body that was verified when it came in."""
        try:
            return to_event(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidSignatureError("The event cannot be read.") from error

    async def _close(self, order: Mapping[str, Any], key: str) -> None:
        """Let the order take no money any more. One with a link is closed by taking the link away."""
        link = await self._orders.link_of(order["id"]) if _mode_of(order) == "checkout" else None
        if link is not None:
            await answer(self._square.checkout.payment_links.delete(link["id"], request_options=ONCE))
        else:
            await self._orders.change(order, key, state="CANCELED")


def _capture_of(order: Mapping[str, Any]) -> str:
    return str((order.get("metadata") or {}).get("capture", "automatic"))


def _mode_of(order: Mapping[str, Any]) -> str:
    return str((order.get("metadata") or {}).get("mode", "intent"))
