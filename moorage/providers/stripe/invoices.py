"""Invoices that Stripe shows and collects: made as drafts with their lines, then finalised. A payment's reference is
its invoice's id (`in_…`) then.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from moorage.domains.payments.facets import HostedInvoiceRequest
from moorage.domains.payments.gateway_values import Intent, IntentStatus, Line
from moorage.providers.stripe.amounts import from_stripe, to_stripe
from moorage.providers.stripe.client import StripeFacet, read
from moorage.providers.stripe.intents import made_after
from moorage.providers.stripe.translate import INVOICE, PAYMENT, id_of, invoice_intent, uuid_of

_INVOICES: Final = "/v1/invoices"
_EXPANDED: Final = ["payments"]
_DESCRIBED: Final = 500  # characters of a line, at most
# Given up at Stripe, an invoice can still be paid there. A draft is nothing yet.
_STATUSES: Final[Mapping[str, IntentStatus]] = {
    "open": "pending",
    "uncollectible": "pending",
    "paid": "succeeded",
    "void": "canceled",
}


class StripeInvoices(StripeFacet):
    """InvoiceGateway."""

    async def create_invoice(self, request: HostedInvoiceRequest, *, key: str) -> Intent:
        """Draft, lines, finalise; each step has a key of its own, so that a repeat continues where the first broke off.
        The payment intent is told whose payment it is: its events come before the invoice's.
        """
        ours = {PAYMENT: str(request.payment_id), INVOICE: str(request.invoice_id)}
        draft = await self._line.post(_INVOICES, _draft(request, ours), key=f"{key}-invoice")
        reference = read(lambda body: str(body["id"]), draft)
        for no, line in enumerate(request.lines):
            item = {**_item(request, line), "invoice": reference}
            await self._line.post("/v1/invoiceitems", item, key=f"{key}-line-{no}")
        parameters = {"auto_advance": False, "expand": _EXPANDED}
        final = await self._line.post(f"{_path(reference)}/finalize", parameters, key=f"{key}-final")
        intent = read(invoice_intent, final)
        if intent is not None:
            path = f"/v1/payment_intents/{quote(intent, safe='')}"
            await self._line.post(path, {"metadata": ours}, key=f"{key}-intent")
        return read(_to_intent, final)

    async def void_invoice(self, reference: str, *, key: str) -> Intent:
        """Let it not be paid any more. Raises ProviderDeclinedError for one that is paid, being paid, or void."""
        return read(_to_intent, await self._line.post(f"{_path(reference)}/void", {"expand": _EXPANDED}, key=key))

    async def find_invoice(self, payment_id: UUID) -> Intent | None:
        """The invoice made for our payment, if it was finalised. Stripe's list is exact at once."""
        query = {"created": {"gte": int(made_after(payment_id).timestamp())}, "expand": ["data.payments"]}
        async for body in self._line.pages(_INVOICES, query):
            if uuid_of(body.get("metadata"), PAYMENT) == payment_id and body.get("status") != "draft":
                found: Intent = read(_to_intent, body)
                return found
        return None


def _draft(request: HostedInvoiceRequest, ours: Mapping[str, str]) -> dict[str, Any]:
    return {
        "customer": request.customer,
        "currency": request.currency.lower(),
        "collection_method": "send_invoice",
        "days_until_due": request.days_until_due,
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
        "metadata": dict(ours),
        **({"description": request.description} if request.description else {}),
    }


def _item(request: HostedInvoiceRequest, line: Line) -> dict[str, Any]:
    named = line.name if line.quantity == 1 else f"{line.quantity} × {line.name}"
    described = f"{named}: {line.description}" if line.description else named
    return {
        "customer": request.customer,
        "currency": request.currency.lower(),
        "amount": to_stripe(line.amount_minor * line.quantity, request.currency),
        "description": described[:_DESCRIBED],
    }


def _to_intent(body: Mapping[str, Any]) -> Intent:
    """An invoice as the payment that it asks for. What is left of one that was voided Stripe counts as nothing."""
    status = _STATUSES[body["status"]]
    ids = {"invoice": body["id"], "payment_intent": invoice_intent(body), "customer": id_of(body.get("customer"))}
    return Intent(
        reference=body["id"],
        status=status,
        amount_minor=from_stripe(body["total"] if status == "canceled" else body["amount_due"], body["currency"]),
        currency=body["currency"].upper(),
        checkout_url=body.get("hosted_invoice_url"),
        ids={name: one for name, one in ids.items() if one is not None},
        raw=body,
    )


def _path(reference: str) -> str:
    return f"{_INVOICES}/{quote(reference, safe='')}"
