"""What was paid: `/api/stripe/payments`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from moorage.apis.catering.answers import instant_of, problems
from moorage.apis.catering.payment_shapes import PURPOSES, CateringPayment
from moorage.domains.availability.zones import pinned_zone
from moorage.domains.payments.listed import PaymentFilter, payments_listed
from moorage.domains.payments.states import PaymentStatus
from moorage.kernel.errors import InvalidRangeError
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import DateOrInstant, Id
from moorage.web.slices import Sliced, Slicing, sliced

router = APIRouter(prefix="/stripe", tags=["Catering payments"], route_class=StrictRoute)


@router.get(
    "/payments",
    operation_id="catering_payments_list",
    response_model=Sliced[CateringPayment],
    responses=problems(401, 422),
)
async def list_payments(
    request: Request,
    caller: CurrentUser,
    part: Slicing,
    *,
    booking_id: Id | None = None,
    status: PaymentStatus | None = None,
    payment_type: Literal["deposit", "balance", "addon", "full", "invoice", "subscription", "free"] | None = None,
    method: Annotated[
        str | None, Query(min_length=1, max_length=100, description="`card`, `cash`, `zelle`, a provider's name, …")
    ] = None,
    begins: Annotated[
        DateOrInstant | None, Query(alias="from", description="Made on that date of the business, or later")
    ] = None,
    ends: Annotated[
        DateOrInstant | None, Query(alias="to", description="Made by the end of that date, or before that instant")
    ] = None,
) -> Response:
    """One's own payments, the newest first; an administrator sees all."""
    house = house_of(request)
    zone = pinned_zone(house.terms.business_timezone)
    wanted = PaymentFilter(
        payer_id=None if caller.is_admin else caller.user_id,
        purpose_id=booking_id,
        statuses=None if status is None else (status,),
        purpose=None if payment_type is None else PURPOSES[payment_type],
        method=method,
        from_=None if begins is None else instant_of(begins, zone, is_end=False),
        to=None if ends is None else instant_of(ends, zone, is_end=True),
    )
    if wanted.from_ is not None and wanted.to is not None and wanted.to <= wanted.from_:
        raise InvalidRangeError(pointer="?to")
    async with house.database.reading(caller.actor) as db:
        rows, total = await payments_listed(db, wanted, limit=part.limit, offset=part.offset)
    return sliced([CateringPayment.of(row) for row in rows], total, part)
