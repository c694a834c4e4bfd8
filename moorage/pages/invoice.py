"""`/i/{link}`: an invoice as its customer sees it: what for, how much, until when; the PDF; and paying it.

The link is the key, as with a letter. Looking changes nothing; the button does.
"""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from moorage.domains.invoicing import queries
from moorage.domains.invoicing.links import InvoiceRef, kept_address
from moorage.domains.invoicing.queries import InvoiceRow, LineRow, PaymentOfInvoice
from moorage.domains.payments import queries as payment_queries
from moorage.domains.payments.queries import PaymentRow
from moorage.journeys.house import House
from moorage.journeys.open_document import open_invoice
from moorage.journeys.pay_invoice import pay_invoice, payable_by
from moorage.kernel.db import SYSTEM
from moorage.pages.closed_link import CLOSED, closed
from moorage.pages.invoice_pdf import invoice_pdf
from moorage.pages.paying import REFUSED, begin_paying
from moorage.pages.view import form_of, page
from moorage.web.actor import house_of
from moorage.web.pay_links import pay_address

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Letter:
    """An invoice with its lines and the payments that were counted for it."""

    invoice: InvoiceRow
    lines: list[LineRow]
    payments: list[PaymentOfInvoice]


@router.get("/i/{link}.pdf", operation_id="invoice_pdf")
async def pdf(request: Request, link: str) -> Response:
    """The invoice to keep and print."""
    house = house_of(request)
    try:
        letter = await _read(house, link)
    except CLOSED as refused:
        return closed(request, refused, "invoice")
    document = await invoice_pdf(house, letter.invoice, letter.lines, letter.payments)
    headers = {
        "content-disposition": f'inline; filename="{letter.invoice.number}.pdf"'.replace("/", "-"),
        "cache-control": "no-store",
        "x-robots-tag": "noindex",
    }
    return Response(document, 200, headers, "application/pdf")


@router.get("/i/{link}", operation_id="invoice_page")
async def look(request: Request, link: str, payment: str = "") -> Response:
    """Show the invoice; after paying, look again until the money has been counted."""
    try:
        letter = await _read(house_of(request), link)
    except CLOSED as refused:
        return closed(request, refused, "invoice")
    return await _shown(request, letter, started=payment)


@router.post("/i/{link}/pay", operation_id="invoice_pay")
async def pay(request: Request, link: str) -> Response:
    """Start paying, and go on to where that is done."""
    form = await form_of(request)
    house = house_of(request)
    try:
        letter = await _read(house, link)
    except CLOSED as refused:
        return closed(request, refused, "invoice")
    chosen, invoice = form.get("provider") or None, letter.invoice
    if invoice.hosted_payment_id is not None and chosen in {None, invoice.hosted_by}:
        return RedirectResponse(pay_address(request, invoice.hosted_payment_id), 303)
    pay_it = partial(pay_invoice, house, letter.invoice.id)
    try:
        return await begin_paying(
            request, f"/i/{link}", pay_it, chosen, kept=kept_address(InvoiceRef(invoice.id, invoice.link_nonce))
        )
    except REFUSED as refused:
        return await _shown(request, letter, 422, refused=refused.detail)


async def _read(house: House, link: str) -> Letter:
    invoice = await open_invoice(house, link)
    async with house.database.reading(SYSTEM) as db:
        lines = await queries.invoice_lines(db, [invoice.id])
        return Letter(invoice, lines[invoice.id], await queries.payments_of_invoice(db, invoice.id))


async def _shown(
    request: Request, letter: Letter, status: int = 200, *, started: str = "", refused: str = ""
) -> Response:
    house, invoice = house_of(request), letter.invoice
    is_coming, has_failed = await _under_way(house, invoice, started)
    if has_failed:
        refused = "Your payment did not go through, and nothing was taken. Try again."
    return page(
        request,
        "invoice.html",
        status,
        refresh="2" if is_coming else None,
        invoice=invoice,
        path=house.links.path,
        lines=letter.lines,
        payments=letter.payments,
        is_coming=is_coming,
        goes_back=await _unneeded(house, letter, started),
        refused=refused,
        providers=[
            (gateway.name, gateway.capabilities.label or gateway.name.capitalize())
            for gateway in sorted(
                payable_by(house, invoice.owed_minor, invoice.currency), key=lambda one: one.name != invoice.hosted_by
            )
        ]
        if invoice.owed_minor
        else [],
        zone=house.terms.business_timezone,
        terms=house.invoicing,
    )


async def _under_way(house: House, invoice: InvoiceRow, started: str) -> tuple[bool, bool]:
    """(whether money for it is on its way, whether the payment just made has failed). On its way: a payment is being
    processed, or the one that they come back from is not settled yet.
    """
    async with house.database.reading(SYSTEM) as db:
        tried = await payment_queries.payments_under_way(db, invoice.booking_id or invoice.id)
    is_coming = any(
        status == "processing" or (str(payment_id) == started and status != "failed") for payment_id, status in tried
    )
    return is_coming, any(str(payment_id) == started and status == "failed" for payment_id, status in tried)


async def _unneeded(house: House, letter: Letter, started: str) -> PaymentRow | None:
    """The payment that they come back from, where it came and was not counted: what was owed had been paid by then, or
    was no more, and the money goes back.
    """
    try:
        wanted = UUID(started)
    except ValueError:
        return None
    async with house.database.reading(SYSTEM) as db:
        payment = await payment_queries.payment(db, wanted)
    if payment is None or payment.purpose_id != (letter.invoice.booking_id or letter.invoice.id):
        return None
    is_counted = any(one.payment_id == wanted for one in letter.payments)
    goes_back = payment.refunded_minor + payment.refund_pending_minor == payment.amount_minor
    return payment if goes_back and not is_counted else None
