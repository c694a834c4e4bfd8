"""`/q/{link}`: a quote as its customer sees it, to accept or to decline. Both ask once more before they do it."""

from contextlib import suppress

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from moorage.domains.invoicing import queries
from moorage.domains.invoicing.errors import NothingOwedError, QuoteExpiredError
from moorage.domains.invoicing.queries import LineRow, QuoteRow
from moorage.journeys.accept_quote import accept_quote, decline_quote
from moorage.journeys.bill_balance import bill_balance
from moorage.journeys.house import House
from moorage.journeys.issue_invoice import read_invoice
from moorage.journeys.open_document import open_quote
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidStateError, NotFoundError
from moorage.pages.closed_link import CLOSED, closed
from moorage.pages.view import form_of, notice, page
from moorage.web.actor import house_of

router = APIRouter(include_in_schema=False)
_MAX_REASON = 1_000


@router.get("/q/{link}", operation_id="quote_page")
async def look(request: Request, link: str, decline: str = "") -> Response:
    """Show the quote; `?decline=1` asks whether to decline it."""
    return await _shown(request, link, asks_to_decline=bool(decline))


@router.post("/q/{link}/accept", operation_id="quote_accept")
async def accept(request: Request, link: str) -> Response:
    """Accept it, and go on to the invoice that it became."""
    await form_of(request)
    house = house_of(request)
    try:
        quote = await open_quote(house, link)
    except CLOSED as refused:
        return closed(request, refused, "quote")
    try:
        accepted = await accept_quote(house, SYSTEM, quote.id, invoice_id=house.ids(), link=link)
    except (QuoteExpiredError, InvalidStateError):
        return await _shown(request, link)
    if accepted.invoice is not None:
        return RedirectResponse(house.links.path(accepted.invoice), 303)
    return RedirectResponse(f"/q/{link}", 303)


@router.post("/q/{link}/bill", operation_id="quote_bill")
async def bill(request: Request, link: str) -> Response:
    """For an accepted quote of a booking: bill what the booking owes, and go on to that invoice."""
    await form_of(request)
    house = house_of(request)
    try:
        quote = await open_quote(house, link)
        if quote.booking_id is None or quote.status != "accepted":
            raise NotFoundError
    except CLOSED as refused:
        return closed(request, refused, "quote")
    try:
        invoice = await bill_balance(house, SYSTEM, quote.booking_id, invoice_id=house.ids())
    except (NothingOwedError, InvalidStateError) as refused:
        return notice(request, 409, "Nothing to pay", refused.detail)
    return RedirectResponse(house.links.path(invoice), 303)


@router.post("/q/{link}/decline", operation_id="quote_decline")
async def decline_it(request: Request, link: str) -> Response:
    """Decline it, with a word why for whoever made it."""
    form = await form_of(request)
    house = house_of(request)
    try:
        quote = await open_quote(house, link)
    except CLOSED as refused:
        return closed(request, refused, "quote")
    # Where it was accepted or withdrawn meanwhile, the page says so.
    with suppress(InvalidStateError):
        await decline_quote(house, SYSTEM, quote.id, reason=form.get("reason", "")[:_MAX_REASON] or None, link=link)
    return RedirectResponse(f"/q/{link}", 303)


async def _shown(request: Request, link: str, *, asks_to_decline: bool = False) -> Response:
    house = house_of(request)
    try:
        quote = await open_quote(house, link)
    except CLOSED as refused:
        return closed(request, refused, "quote")
    invoice = None if quote.invoice_id is None else await read_invoice(house, quote.invoice_id)
    return page(
        request,
        "quote.html",
        410 if quote.status in {"expired", "withdrawn"} else 200,
        quote=quote,
        path=house.links.path,
        lines=await _lines(house, quote),
        invoice=invoice,
        asks_to_decline=asks_to_decline and quote.status == "open",
        zone=house.terms.business_timezone,
        terms=house.invoicing,
    )


async def _lines(house: House, quote: QuoteRow) -> list[LineRow]:
    async with house.database.reading(SYSTEM) as db:
        return (await queries.quote_lines(db, [quote.id]))[quote.id]
