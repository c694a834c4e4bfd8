"""Ending a booking before its time: what it would give back, and doing it."""

from fastapi import APIRouter, Request, Response

from moorage.apis.marketplace.booking_shapes import BookingOut, read_shape
from moorage.apis.marketplace.envelope import Success, ok, problems
from moorage.domains.bookings import queries
from moorage.journeys.cancel_and_refund import cancel_booking
from moorage.kernel.money import format_amount
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id, LongText, StrictModel

router = APIRouter(prefix="/bookings", tags=["Bookings"], route_class=StrictRoute)


class CancelIn(StrictModel):
    """Why, for the other side."""

    reason: LongText | None = None


@router.get(
    "/{booking_id}/cancel/",
    operation_id="bookings_cancel_preview",
    response_model=Success[BookingOut],
    responses=problems(401, 404, 409),
)
async def preview_cancel(request: Request, booking_id: Id, caller: CurrentUser) -> Response:
    """The booking with the refund that cancelling now would bring, by the policy kept on it. Nothing is done."""
    house = house_of(request)
    async with house.database.reading(caller.actor) as db:
        preview = await queries.cancel_preview(db, booking_id, by=caller.user_id, now=house.clock())
    shape = await read_shape(house, booking_id, caller)
    shape["refund"] = {
        "amount": format_amount(preview.refund_minor, preview.currency),
        "status": "preview",
        "fee": format_amount(preview.fee_minor, preview.currency),
    }
    return ok(shape)


@router.post(
    "/{booking_id}/cancel/",
    operation_id="bookings_cancel",
    response_model=Success[BookingOut],
    responses=problems(401, 404, 409, 422),
)
async def cancel(request: Request, booking_id: Id, caller: CurrentUser, body: CancelIn | None = None) -> Response:
    """Cancel: the time is free at once, and what the policy gives back goes back.

    For the client it is free until some hours before the start, then a fee is kept; the practitioner's cancellation
    gives back everything.
    """
    house = house_of(request)
    await cancel_booking(house, booking_id, by=caller.user_id, reason=body.reason if body else None)
    return ok(await read_shape(house, booking_id, caller), "The booking is cancelled.")
