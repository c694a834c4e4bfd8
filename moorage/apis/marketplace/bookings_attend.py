"""What practitioners say of a booking (confirmed, delivered, missed), and a client's longer hold."""

from fastapi import APIRouter, Request, Response

from moorage.apis.marketplace.booking_shapes import BookingOut, read_shape
from moorage.apis.marketplace.envelope import Success, ok, problems
from moorage.journeys import book_and_pay, cancel_and_refund
from moorage.journeys.complete import complete_booking
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id

router = APIRouter(prefix="/bookings", tags=["Bookings"], route_class=StrictRoute)


@router.post(
    "/{booking_id}/confirm/",
    operation_id="bookings_confirm",
    response_model=Success[BookingOut],
    responses=problems(401, 403, 404, 409),
)
async def confirm(request: Request, booking_id: Id, caller: CurrentUser) -> Response:
    """Confirm a hold without a payment here, for instance to be paid in person. For its practitioner or an admin."""
    house = house_of(request)
    await book_and_pay.confirm_without_payment(house, booking_id, by=caller.user_id)
    return ok(await read_shape(house, booking_id, caller), "The booking is confirmed.")


@router.post(
    "/{booking_id}/complete/",
    operation_id="bookings_complete",
    response_model=Success[BookingOut],
    responses=problems(401, 403, 404, 409),
)
async def complete(request: Request, booking_id: Id, caller: CurrentUser) -> Response:
    """Mark as delivered. For its practitioner or an admin.

    The earning becomes available when the refund window after the end is over.
    """
    house = house_of(request)
    await complete_booking(house, booking_id, by=caller.user_id)
    return ok(await read_shape(house, booking_id, caller), "The booking is completed.")


@router.post(
    "/{booking_id}/no-show/",
    operation_id="bookings_no_show",
    response_model=Success[BookingOut],
    responses=problems(401, 403, 404, 409),
)
async def no_show(request: Request, booking_id: Id, caller: CurrentUser) -> Response:
    """Mark as missed by the client, once its time has come: completed, not attended, and the policy's fee is kept.
    For its practitioner or an admin.
    """
    house = house_of(request)
    await cancel_and_refund.mark_no_show(house, booking_id, by=caller.user_id)
    return ok(await read_shape(house, booking_id, caller), "The client did not come.")


@router.post(
    "/{booking_id}/extend-hold/",
    operation_id="bookings_extend_hold",
    response_model=Success[BookingOut],
    responses=problems(401, 403, 404, 409),
)
async def extend_hold(request: Request, booking_id: Id, caller: CurrentUser) -> Response:
    """Keep a hold for its full length from now, once. For the client or an admin."""
    house = house_of(request)
    await book_and_pay.extend_hold(house, booking_id, by=caller.user_id)
    return ok(await read_shape(house, booking_id, caller), "The hold lasts longer.")
