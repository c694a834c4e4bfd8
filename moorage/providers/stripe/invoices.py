"""Invoices that Stripe shows and collects: made as drafts with their lines, then finalised."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from moorage.domains.payments.facets import HostedInvoice, HostedInvoiceRequest
from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.gateway_values import Line
from moorage.providers.stripe.amounts import from_stripe, to_stripe
from moorage.providers.stripe.client import StripeFacet, read
from moorage.providers.stripe.translate import PAYMENT, invoice_intent, moment

_INVOICES: Final = "/v1/invoices"
_INVOICE: Final = "moorage_invoice"
_EXPANDED: Final = ["payments"]


class StripeInvoices(StripeFacet):
    """InvoiceGateway."""

    async def create_invoice(self, request: HostedInvoiceRequest, *, key: str) -> HostedInvoice:
        """Draft, lines, finalise; each step has a key of its own, so that a repeat continues where the first broke off.
        The payment intent is told whose payment it is: its events come before the invoice's.
        """
        ours = {PAYMENT: str(request.payment_id), _INVOICE: str(request.invoice_id)}
        draft = await self._line.post(_INVOICES, _draft(request, ours), key=f"{key}-invoice")
        reference = read(lambda body: str(body["id"]), draft)
        for no, line in enumerate(request.lines):
            item = {**_item(request, line), "invoice": reference}
            await self._line.post("/v1/invoiceitems", item, key=f"{key}-line-{no}")
        parameters = {"auto_advance": False, "expand": _EXPANDED}
        final = await self._line.post(f"{_path(reference)}/finalize", parameters, key=f"{key}-final")
        made = read(_to_invoice, final)
        if made.payment_reference is not None:
            path = f"/v1/payment_intents/{quote(made.payment_reference, safe='')}"
            await self._line.post(path, {"metadata": ours}, key=f"{key}-intent")
        return made

    async def fetch_invoice(self, reference: str) -> HostedInvoice:
        """The present state. Raises ProviderDeclinedError `resource_missing`."""
        return read(_to_invoice, await self._line.get(_path(reference), {"expand": _EXPANDED}))

    async def void_invoice(self, reference: str, *, key: str) -> HostedInvoice:
        """Let it not be paid any more; one that is paid or void is answered as it is."""
        try:
            return read(_to_invoice, await self._line.post(f"{_path(reference)}/void", {}, key=key))
        except ProviderDeclinedError:
            present = await self.fetch_invoice(reference)
            if present.status in {"draft", "open"}:
                raise
            return present


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
        **({"automatic_tax": {"enabled": True}} if request.automatic_tax else {}),
    }


def _item(request: HostedInvoiceRequest, line: Line) -> dict[str, Any]:
    named = line.name if line.quantity == 1 else f"{line.quantity} × {line.name}"
    return {
        "customer": request.customer,
        "currency": request.currency.lower(),
        "amount": to_stripe(line.amount_minor * line.quantity, request.currency),
        "description": f"{named}: {line.description}" if line.description else named,
        **({"tax_behavior": "inclusive"} if request.automatic_tax else {}),
    }


def _to_invoice(body: Mapping[str, Any]) -> HostedInvoice:
    currency = body["currency"]
    tax = body.get("tax")
    if tax is None and body.get("total_taxes"):
        tax = sum(part["amount"] for part in body["total_taxes"])
    return HostedInvoice(
        reference=body["id"],
        status=body["status"],
        amount_minor=from_stripe(body["amount_due"], currency),
        currency=currency.upper(),
        number=body.get("number"),
        url=body.get("hosted_invoice_url"),
        pdf_url=body.get("invoice_pdf"),
        payment_reference=invoice_intent(body),
        tax_minor=None if tax is None else from_stripe(tax, currency),
        due_at=moment(body.get("due_date")),
        raw=body,
    )


def _path(reference: str) -> str:
    return f"{_INVOICES}/{quote(reference, safe='')}"
