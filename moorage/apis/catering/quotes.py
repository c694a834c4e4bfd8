"""Quotes: `/api/stripe/quotes`. Accepting one makes an invoice or a booking's price, once. Amounts are cents."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from moorage.apis.catering.answers import instant_of, problems, said
from moorage.apis.catering.invoices import CateringInvoice, CateringLine, documents_of
from moorage.domains.availability.zones import pinned_zone
from moorage.domains.invoicing import queries
from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.domains.invoicing.queries import LineRow, QuoteRow, QuoteStatus
from moorage.journeys.accept_quote import NewQuote, accept_quote, decline_quote, make_quote, withdraw_quote
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, Actor
from moorage.kernel.errors import InvalidRangeError
from moorage.web.actor import Admin, Caller, CurrentUser, OptionalUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.errors import NotAuthenticatedError
from moorage.web.fields import (
    CurrencyCode,
    DateOrInstant,
    Email,
    Id,
    LongText,
    Name,
    ShortText,
    SignedMinorUnits,
    StrictModel,
)
from moorage.web.idempotency import subject_id
from moorage.web.slices import Sliced, Slicing, sliced

router = APIRouter(prefix="/stripe", tags=["Catering invoices"], route_class=StrictRoute)
CURRENCY: Final = "USD"


class QuoteLineIn(StrictModel):
    """One line; `amount` is of one piece. Below zero takes off."""

    name: Name
    amount: SignedMinorUnits
    quantity: Annotated[int, Field(ge=1, le=10_000)] = 1
    tax_percent: Annotated[int, Field(ge=0, le=100)] | None = None


class QuoteIn(StrictModel):
    """What is offered, to whom (`customer_id`, `customer_email`, or the client of `booking_id`), and until when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer_email": "ada@example.com",
                    "lines": [{"name": "Wedding menu", "amount": 8500, "quantity": 40}],
                    "currency": "USD",
                }
            ]
        }
    )

    lines: Annotated[list[QuoteLineIn], Field(min_length=1, max_length=100)]
    booking_id: Id | None = None
    customer_id: Id | None = None
    customer_email: Email | None = None
    customer_name: ShortText = ""
    currency: CurrencyCode = CURRENCY
    expires_at: DateOrInstant | None = None
    days_until_due: Annotated[int, Field(ge=0, le=365)] | None = None
    notes: LongText = ""


class AnswerIn(StrictModel):
    """Who has the link alone sends its last part."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    link: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    reason: LongText | None = None


class CateringQuote(BaseModel):
    """A quote; it is read and answered at `url`."""

    id: UUID
    status: QuoteStatus
    booking_id: UUID | None
    customer_id: UUID | None
    customer_email: str | None
    customer_name: str
    currency: str
    subtotal: int
    tax: int
    total: int
    lines: list[CateringLine]
    url: str
    expires_at: datetime
    decided_at: datetime | None
    decline_reason: str | None
    invoice_id: UUID | None
    notes: str
    created_at: datetime

    @classmethod
    def of(cls, row: QuoteRow, lines: list[LineRow], house: House) -> "CateringQuote":
        """The view of one row."""
        return cls(
            id=row.id,
            status=row.status,
            booking_id=row.booking_id,
            customer_id=row.customer_id,
            customer_email=row.customer_email,
            customer_name=row.customer_name,
            currency=row.currency,
            subtotal=row.net_minor,
            tax=row.tax_minor,
            total=row.gross_minor,
            lines=[CateringLine.of(line) for line in lines],
            url=house.public_url + house.links.path(row),
            expires_at=row.expires_at,
            decided_at=row.decided_at,
            decline_reason=row.decline_reason,
            invoice_id=row.invoice_id,
            notes=row.note,
            created_at=row.created_at,
        )


class AcceptedQuote(CateringQuote):
    """A quote that was accepted, with the invoice that it became; null where it is a booking's price."""

    invoice: CateringInvoice | None


@router.get(
    "/quotes",
    operation_id="catering_quotes_list",
    response_model=Sliced[CateringQuote],
    responses=problems(401, 422),
)
async def list_quotes(
    request: Request,
    caller: CurrentUser,
    part: Slicing,
    *,
    status: QuoteStatus | None = None,
    booking_id: Id | None = None,
) -> Response:
    """One's own quotes, the newest first; an administrator sees all."""
    house = house_of(request)
    wanted = documents_of(caller, part, status, booking_id)
    async with house.database.reading(caller.actor) as db:
        rows, total = await queries.quotes(db, wanted, house.clock())
        lines = await queries.quote_lines(db, [row.id for row in rows])
    return sliced([CateringQuote.of(row, lines[row.id], house) for row in rows], total, part)


@router.post(
    "/quotes",
    operation_id="catering_quotes_create",
    status_code=201,
    response_model=CateringQuote,
    responses=problems(401, 403, 404, 422),
)
async def offer(request: Request, caller: Admin, body: QuoteIn) -> Response:
    """Write a quote and mail its link."""
    house = house_of(request)
    new = NewQuote(
        subject_id(request),
        Recipient(body.customer_id, body.customer_email, body.customer_name),
        body.currency,
        [
            InvoiceLine(one.name, one.amount, one.quantity, None if one.tax_percent is None else one.tax_percent * 100)
            for one in body.lines
        ],
        expires_at=_expiry(house, body),
        days_until_due=body.days_until_due,
        note=body.notes,
        booking_id=body.booking_id,
    )
    row = await make_quote(house, caller.actor, new)
    return said(CateringQuote.of(row, await _lines(house, row), house), 201)


@router.post(
    "/quotes/{quote_id}/accept",
    operation_id="catering_quotes_accept",
    response_model=AcceptedQuote,
    responses=problems(401, 404, 409, 422),
)
async def accept(request: Request, quote_id: Id, caller: OptionalUser, body: AnswerIn | None = None) -> Response:
    """Accept a quote: by its customer, an administrator, or whoever sends its link along. Accepted twice, the answer is
    the same and there is one invoice.
    """
    house = house_of(request)
    actor, link = _answerer(caller, body)
    accepted = await accept_quote(house, actor, quote_id, invoice_id=subject_id(request), link=link)
    quote = CateringQuote.of(accepted.quote, await _lines(house, accepted.quote), house)
    invoice = None
    if accepted.invoice is not None:
        async with house.database.reading(SYSTEM) as db:
            lines = await queries.invoice_lines(db, [accepted.invoice.id])
        invoice = CateringInvoice.of(accepted.invoice, lines[accepted.invoice.id], house)
    return said(AcceptedQuote(**quote.model_dump(), invoice=invoice))


@router.post(
    "/quotes/{quote_id}/decline",
    operation_id="catering_quotes_decline",
    response_model=CateringQuote,
    responses=problems(401, 404, 409, 422),
)
async def decline(request: Request, quote_id: Id, caller: OptionalUser, body: AnswerIn | None = None) -> Response:
    """Decline a quote: by the same people."""
    house = house_of(request)
    actor, link = _answerer(caller, body)
    row = await decline_quote(house, actor, quote_id, reason=None if body is None else body.reason, link=link)
    return said(CateringQuote.of(row, await _lines(house, row), house))


@router.post(
    "/quotes/{quote_id}/withdraw",
    operation_id="catering_quotes_withdraw",
    response_model=CateringQuote,
    responses=problems(401, 403, 404, 409, 422),
)
async def withdraw(request: Request, quote_id: Id, caller: Admin) -> Response:
    """Take an open quote back."""
    house = house_of(request)
    row = await withdraw_quote(house, caller.actor, quote_id)
    return said(CateringQuote.of(row, await _lines(house, row), house))


def _answerer(caller: Caller | None, body: AnswerIn | None) -> tuple[Actor, str | None]:
    """Who answers, and the link that stands for them where there is one."""
    link = None if body is None else body.link
    if link is not None:
        return SYSTEM, link
    if caller is None:
        raise NotAuthenticatedError
    return caller.actor, None


def _expiry(house: House, body: QuoteIn) -> datetime | None:
    if body.expires_at is None:
        return None
    at = instant_of(body.expires_at, pinned_zone(house.terms.business_timezone), is_end=True)
    if at <= house.clock():
        raise InvalidRangeError("A quote expires in the future.", pointer="/expires_at")
    return at


async def _lines(house: House, row: QuoteRow) -> list[LineRow]:
    """The lines of a quote that the asker has been let see."""
    async with house.database.reading(SYSTEM) as db:
        return (await queries.quote_lines(db, [row.id]))[row.id]
