"""Giving back: `/api/stripe/refund`, `/api/stripe/refunds`. Administrators only."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.apis.catering.payment_shapes import CateringRefund, RefundIn
from moorage.domains.payments import queries
from moorage.domains.payments.listed import RefundFilter, refunds_listed
from moorage.domains.payments.states import RefundStatus
from moorage.journeys.refund_payment import complete_manual_refund, refund_payment
from moorage.kernel.errors import MoorageError, NotFoundError
from moorage.kernel.money import InvalidAmountError, parse_amount
from moorage.web.actor import Admin, Caller, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id
from moorage.web.idempotency import subject_id
from moorage.web.slices import Sliced, Slicing, sliced

router = APIRouter(prefix="/stripe", tags=["Catering payments"], route_class=StrictRoute)


@router.post(
    "/refund",
    operation_id="catering_refund_create",
    response_model=CateringRefund,
    responses=problems(401, 403, 404, 409, 422),
)
async def refund(request: Request, caller: Admin, body: RefundIn) -> Response:
    """Give back an amount in whole units, or all that is left. The refund is `pending` until the provider has said what
    became of it. With an Idempotency-Key it may be sent again.
    """
    house = house_of(request)
    amount_minor = None if body.amount is None else await _minor(request, caller, body)
    made = await refund_payment(
        house,
        caller.actor,
        body.payment_id,
        amount_minor,
        reason=body.reason,
        notes=body.notes,
        refund_id=subject_id(request),
    )
    return said(CateringRefund.of(made))


@router.get(
    "/refunds",
    operation_id="catering_refunds_list",
    response_model=Sliced[CateringRefund],
    responses=problems(401, 403, 422),
)
async def list_refunds(
    request: Request,
    caller: Admin,
    part: Slicing,
    *,
    payment_id: Id | None = None,
    status: RefundStatus | None = None,
) -> Response:
    """Refunds, the newest first."""
    async with house_of(request).database.reading(caller.actor) as db:
        rows, total = await refunds_listed(db, RefundFilter(payment_id, status), limit=part.limit, offset=part.offset)
    return sliced([CateringRefund.of(row) for row in rows], total, part)


@router.post(
    "/refunds/{refund_id}/handed-over",
    operation_id="catering_refund_handed_over",
    response_model=CateringRefund,
    responses=problems(401, 403, 404, 409, 422),
)
async def hand_over(request: Request, refund_id: Id, caller: Admin) -> Response:
    """Money that came by hand has been handed back: a pending refund of it is done. Again is harmless."""
    return said(CateringRefund.of(await complete_manual_refund(house_of(request), caller.actor, refund_id)))


async def _minor(request: Request, caller: Caller, body: RefundIn) -> int:
    """The amount in minor units of the payment's currency."""
    async with house_of(request).database.reading(caller.actor) as db:
        payment = await queries.payment(db, body.payment_id)
    if payment is None:
        raise NotFoundError("There is no such payment.")
    try:
        minor = parse_amount(body.amount or "", payment.currency)
    except MoorageError as error:
        error.pointer = "/amount"
        raise
    if minor == 0:
        raise InvalidAmountError("A refund is more than nothing.", pointer="/amount")
    return minor
