"""Invoices: `/api/stripe/invoices`. Amounts are cents."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.domains.invoicing import queries
from moorage.domains.invoicing.queries import DocumentFilter, InvoiceRow, InvoiceStatus, LineRow
from moorage.journeys.bill_balance import bill_balance
from moorage.journeys.house import House
from moorage.journeys.issue_invoice import void_invoice, write_off_invoice
from moorage.kernel.db import SYSTEM
from moorage.web.actor import Admin, Caller, CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id, LongText, StrictModel
from moorage.web.idempotency import subject_id
from moorage.web.slices import Slice, Sliced, Slicing, sliced

router = APIRouter(prefix="/stripe", tags=["Catering invoices"], route_class=StrictRoute)


class BillIn(StrictModel):
    """Which booking's balance is billed, and in how many days it is due."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"booking_id": "01a1f0c2-7d1e-7b8a-9c57-3f1f6f5c0b11", "days_until_due": 7}]}
    )

    booking_id: Id
    days_until_due: Annotated[int, Field(ge=0, le=365)] = 7


class VoidIn(StrictModel):
    """Why; kept with the invoice, where its customer may read it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Billed twice."}]})

    reason: Annotated[LongText, Field(max_length=500)] = ""


class CateringLine(BaseModel):
    """One line; `amount` is of all its pieces, with tax."""

    name: str
    quantity: int
    unit_amount: int
    tax: int
    amount: int

    @classmethod
    def of(cls, row: LineRow) -> "CateringLine":
        """The view of one row."""
        return cls(
            name=row.description,
            quantity=row.quantity,
            unit_amount=row.unit_minor,
            tax=row.tax_minor,
            amount=row.gross_minor,
        )


class CateringInvoice(BaseModel):
    """An invoice; it is paid at `hosted_invoice_url`, which is the provider's where one hosts it, else our own page."""

    id: UUID
    number: str | None = Field(examples=["INV-2026-0001"])
    status: InvoiceStatus
    booking_id: UUID | None
    quote_id: UUID | None
    customer_id: UUID | None
    customer_email: str | None
    customer_name: str
    currency: str
    subtotal: int
    tax: int
    total: int
    amount_paid: int
    amount_due: int
    amount_refunded: int
    lines: list[CateringLine]
    hosted_invoice_url: str
    invoice_pdf: str
    issued_at: datetime | None
    due_date: datetime | None
    paid_at: datetime | None
    void_reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: InvoiceRow, lines: list[LineRow], house: House) -> "CateringInvoice":
        """The view of one row."""
        url = house.public_url + house.links.path(row)
        return cls(
            id=row.id,
            number=row.number,
            status=row.status,
            booking_id=row.booking_id,
            quote_id=row.quote_id,
            customer_id=row.customer_id,
            customer_email=row.customer_email,
            customer_name=row.customer_name,
            currency=row.currency,
            subtotal=row.net_minor,
            tax=row.tax_minor,
            total=row.gross_minor,
            amount_paid=row.paid_minor,
            amount_due=row.owed_minor,
            amount_refunded=row.refunded_minor,
            lines=[CateringLine.of(line) for line in lines],
            hosted_invoice_url=row.hosted_url or url,
            invoice_pdf=f"{url}.pdf",
            issued_at=row.issued_at,
            due_date=row.due_at,
            paid_at=row.paid_at,
            void_reason=row.void_reason,
            created_at=row.created_at,
        )


@router.get(
    "/invoices",
    operation_id="catering_invoices_list",
    response_model=Sliced[CateringInvoice],
    responses=problems(401, 422),
)
async def list_invoices(
    request: Request,
    caller: CurrentUser,
    part: Slicing,
    *,
    status: InvoiceStatus | None = None,
    booking_id: Id | None = None,
) -> Response:
    """One's own invoices, the newest first; an administrator sees all. `open` includes the overdue ones."""
    house = house_of(request)
    wanted = documents_of(caller, part, status, booking_id)
    async with house.database.reading(caller.actor) as db:
        rows, total = await queries.invoices(db, wanted, house.clock())
        lines = await queries.invoice_lines(db, [row.id for row in rows])
    return sliced([CateringInvoice.of(row, lines[row.id], house) for row in rows], total, part)


@router.post(
    "/invoices",
    operation_id="catering_invoices_create",
    status_code=201,
    response_model=CateringInvoice,
    responses=problems(401, 403, 404, 409, 422),
)
async def bill(request: Request, caller: Admin, body: BillIn) -> Response:
    """Bill what a booking owes; the link is mailed to its client. While nothing has changed, asking again answers the
    same invoice.
    """
    house = house_of(request)
    row = await bill_balance(
        house, caller.actor, body.booking_id, invoice_id=subject_id(request), days_until_due=body.days_until_due
    )
    return said(await _presented(house, row), 201)


@router.post(
    "/invoices/{invoice_id}/void",
    operation_id="catering_invoice_void",
    response_model=CateringInvoice,
    responses=problems(401, 403, 404, 409, 422),
)
async def void(request: Request, invoice_id: Id, caller: Admin, body: VoidIn | None = None) -> Response:
    """Take back an invoice for which nothing was paid: its number stays used, and nobody can pay it any more. What was
    paid is refunded instead.
    """
    house = house_of(request)
    row = await void_invoice(house, caller.actor, invoice_id, "" if body is None else body.reason)
    return said(await _presented(house, row))


@router.post(
    "/invoices/{invoice_id}/write-off",
    operation_id="catering_invoice_write_off",
    response_model=CateringInvoice,
    responses=problems(401, 403, 404, 409, 422),
)
async def write_off(request: Request, invoice_id: Id, caller: Admin) -> Response:
    """Give an open invoice up: it may still be paid, and nobody is reminded of it."""
    house = house_of(request)
    return said(await _presented(house, await write_off_invoice(house, caller.actor, invoice_id)))


async def _presented(house: House, row: InvoiceRow) -> CateringInvoice:
    """An invoice that the asker has been let see."""
    async with house.database.reading(SYSTEM) as db:
        lines = await queries.invoice_lines(db, [row.id])
    return CateringInvoice.of(row, lines[row.id], house)


def documents_of(caller: Caller, part: Slice, status: str | None, booking_id: UUID | None) -> DocumentFilter:
    """Which invoices or quotes are asked for: one's own, and an administrator's are all."""
    return DocumentFilter(
        status=status,
        booking_id=booking_id,
        customer_id=None if caller.is_admin else caller.user_id,
        limit=part.limit,
        offset=part.offset,
    )
