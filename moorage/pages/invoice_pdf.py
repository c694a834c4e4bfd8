"""An invoice as a PDF, set by Typst with the fonts that it brings: no network, no fonts of the machine.

What the invoice says goes in as data (JSON), never as markup, so nothing that somebody wrote can be read as Typst. It
is tagged PDF, and the same invoice gives the same bytes.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

import typst

from moorage.domains.invoicing.queries import InvoiceRow, LineRow, PaymentOfInvoice
from moorage.journeys.house import House
from moorage.pages.wording import amount_text, day_text, percent_text

_TEMPLATE: Final = (files("moorage.pages") / "templates" / "invoice.typ").read_bytes()
_AT_ONCE: Final = asyncio.Semaphore(2)


async def invoice_pdf(
    house: House, invoice: InvoiceRow, lines: Sequence[LineRow], payments: Sequence[PaymentOfInvoice]
) -> bytes:
    """The invoice as it stands, as a PDF of A4 pages. Set in a thread: it takes some tens of milliseconds."""
    said = json.dumps(_said(house, invoice, lines, payments))
    async with _AT_ONCE:
        return await asyncio.to_thread(_set, said, invoice.paid_at or invoice.issued_at or invoice.created_at)


def _set(said: str, at: datetime) -> bytes:
    document: bytes = typst.compile(
        _TEMPLATE,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"invoice": said},
        timestamp=int(at.timestamp()),
    )
    return document


def _said(
    house: House, invoice: InvoiceRow, lines: Sequence[LineRow], payments: Sequence[PaymentOfInvoice]
) -> dict[str, Any]:
    terms, zone = house.invoicing, house.terms.business_timezone
    dates = [
        f"{word} {day_text(at, zone)}" for word, at in (("Issued", invoice.issued_at), ("Due", invoice.due_at)) if at
    ]
    customer = [invoice.customer_name or invoice.customer_email or "", *invoice.customer_address.splitlines()]
    return {
        "title": f"{'Receipt for invoice' if invoice.status == 'paid' else 'Invoice'} {invoice.number}",
        "business": house.business_name,
        "address": terms.business_address.splitlines(),
        "tax_id": terms.business_tax_id,
        "dates": dates,
        "customer": customer,
        "state": _state(invoice, zone),
        "lines": [_line(line, invoice.currency) for line in lines],
        "sums": _sums(invoice),
        "payments": [_payment(payment, invoice.currency, zone) for payment in payments],
        "note": invoice.note,
        "footer": f"{house.business_name} · {invoice.number} · {house.public_url}{house.links.path(invoice)}",
    }


def _state(invoice: InvoiceRow, zone: str) -> str:
    if invoice.status == "void":
        return "Void: not to be paid"
    if invoice.status == "paid" and invoice.paid_at is not None:
        return f"Paid on {day_text(invoice.paid_at, zone)}"
    owed = amount_text(invoice.owed_minor, invoice.currency)
    return f"To pay: {owed}" + (f" by {day_text(invoice.due_at, zone)}" if invoice.due_at else "")


def _line(line: LineRow, currency: str) -> list[str]:
    tax = "–" if line.tax_bps == 0 else percent_text(line.tax_bps) + (" incl." if line.tax_inclusive else "")
    amount = line.gross_minor if line.tax_inclusive else line.net_minor
    return [
        line.description,
        str(line.quantity),
        amount_text(line.unit_minor, currency),
        tax,
        amount_text(amount, currency),
    ]


def _sums(invoice: InvoiceRow) -> list[list[str]]:
    sums = [("Total", invoice.gross_minor)]
    if invoice.tax_minor:
        sums = [("Net", invoice.net_minor), ("Tax", invoice.tax_minor), *sums]
    if invoice.paid_minor:
        sums.append(("Paid", invoice.paid_minor))
    if invoice.refunded_minor:
        sums.append(("Given back", invoice.refunded_minor))
    return [[word, amount_text(amount, invoice.currency)] for word, amount in sums]


def _payment(payment: PaymentOfInvoice, currency: str, zone: str) -> str:
    back = f", {amount_text(payment.refunded_minor, currency)} given back" if payment.refunded_minor else ""
    method = payment.method.replace("_", " ")
    return f"{amount_text(payment.amount_minor, currency)} on {day_text(payment.paid_at, zone)} by {method}{back}"
