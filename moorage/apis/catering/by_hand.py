"""What came beside the providers, recorded by administrators: `/api/stripe/payments`. Amounts are cents."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.apis.catering.payment_shapes import PURPOSES, CateringPayment, PaymentType
from moorage.domains.bookings import queries as bookings
from moorage.domains.bookings.queries import Asker
from moorage.journeys.record_manual_payment import (
    ManualPayment,
    Method,
    bounce_manual_payment,
    complete_manual_payment,
    record_manual_payment,
)
from moorage.kernel.errors import NotFoundError
from moorage.web.actor import Admin, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, Email, Id, LongText, MinorUnits, StrictModel
from moorage.web.idempotency import subject_id

router = APIRouter(prefix="/stripe", tags=["Catering payments"], route_class=StrictRoute)


class ByHandIn(StrictModel):
    """What came, for a booking or freely. `excess`: what is more than is owed is refused, or kept as credit."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": 13000, "method": "cash", "customer_email": "ada@example.com"}]}
    )

    booking_id: Id | None = None
    amount: MinorUnits
    currency: CurrencyCode | None = None
    method: Method
    payment_type: PaymentType = "balance"
    status: Literal["completed", "pending"] = "completed"
    excess: Literal["refuse", "credit"] = "refuse"
    customer_email: Email | None = None
    notes: LongText | None = None


class BounceIn(StrictModel):
    """Why it did not come after all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The bank returned the check."}]})

    reason: Annotated[LongText, Field(max_length=500)] = ""


@router.post(
    "/payments",
    operation_id="catering_payment_record",
    status_code=201,
    response_model=CateringPayment,
    responses=problems(401, 403, 404, 409, 422),
)
async def record(request: Request, caller: Admin, body: ByHandIn) -> Response:
    """Record cash, a check, a bank transfer, Zelle or Venmo. What is more than a booking owes is refused
    (`overpayment`), unless it is to be the payer's credit.
    """
    house = house_of(request)
    currency, payer_id = body.currency or "USD", None
    if body.booking_id is not None:
        async with house.database.reading(caller.actor) as db:
            booking = await bookings.booking(db, body.booking_id, Asker(caller.user_id, None, caller.is_admin))
        if booking is None:
            raise NotFoundError("There is no such booking.")
        currency, payer_id = body.currency or booking.currency, booking.client_id
    manual = ManualPayment(
        subject_id(request),
        body.amount,
        currency,
        body.method,
        status=body.status,
        purpose="free_amount" if body.booking_id is None else PURPOSES[body.payment_type],
        purpose_id=body.booking_id,
        payer_id=payer_id,
        payer_email=body.customer_email,
        description=body.notes,
        excess=body.excess,
    )
    return said(CateringPayment.of(await record_manual_payment(house, caller.actor, manual)), 201)


@router.post(
    "/payments/{payment_id}/complete",
    operation_id="catering_payment_complete",
    response_model=CateringPayment,
    responses=problems(401, 403, 404, 409, 422),
)
async def complete(request: Request, payment_id: Id, caller: Admin) -> Response:
    """What was recorded as pending has come."""
    return said(CateringPayment.of(await complete_manual_payment(house_of(request), caller.actor, payment_id)))


@router.post(
    "/payments/{payment_id}/bounce",
    operation_id="catering_payment_bounce",
    response_model=CateringPayment,
    responses=problems(401, 403, 404, 409, 422),
)
async def bounce(request: Request, payment_id: Id, caller: Admin, body: BounceIn | None = None) -> Response:
    """What was recorded did not come after all: it is owed again."""
    reason = "" if body is None else body.reason
    return said(CateringPayment.of(await bounce_manual_payment(house_of(request), caller.actor, payment_id, reason)))
