"""Bookings: `/api/bookings`. An event at a date and time on the business's clock, priced per guest."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.apis.catering.booking_shapes import CateringBooking, CateringBookingChange, CateringBookingIn
from moorage.domains.availability.local_time import resolve_local
from moorage.domains.availability.zones import pinned_zone
from moorage.domains.bookings import queries
from moorage.domains.bookings.operations import HoldRequest, OrderChange, People
from moorage.domains.bookings.queries import Asker, BookingView, Filters
from moorage.domains.catalog.queries import only_service_by_option
from moorage.journeys.book_and_pay import start_checkout
from moorage.journeys.reprice_booking import reprice_booking
from moorage.kernel.db import ANONYMOUS
from moorage.kernel.errors import InvalidError, NotFoundError
from moorage.web.actor import Caller, CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id
from moorage.web.idempotency import subject_id
from moorage.web.slices import Sliced, Slicing, sliced

router = APIRouter(prefix="/bookings", tags=["Catering bookings"], route_class=StrictRoute)


class ServiceRequiredError(InvalidError):
    """Say which service: none is set up as the one that is booked here."""

    code = "service_required"


@router.get(
    "",
    operation_id="catering_bookings_list",
    response_model=Sliced[CateringBooking],
    responses=problems(401, 422),
)
async def list_bookings(request: Request, caller: CurrentUser, part: Slicing) -> Response:
    """The asker's bookings, the latest date first; an administrator sees all."""
    async with house_of(request).database.reading(caller.actor) as db:
        total, views = await queries.bookings(
            db, _asker(caller), Filters(), [("start_time", True)], limit=part.limit, offset=part.offset
        )
    zone = house_of(request).terms.business_timezone
    return sliced([CateringBooking.of(view, zone) for view in views], total, part)


@router.post(
    "",
    operation_id="catering_bookings_create",
    status_code=201,
    response_model=CateringBooking,
    responses=problems(401, 404, 409, 422),
)
async def create_booking(request: Request, caller: CurrentUser, body: CateringBookingIn) -> Response:
    """Hold a date for so many guests. The deposit confirms it; until `hold_expires_at` it is kept without."""
    house = house_of(request)
    starts_at = resolve_local(datetime.combine(body.date, body.time), house.terms.business_timezone, pointer="/time")
    wanted = HoldRequest(
        subject_id(request),
        caller.user_id,
        caller.family_id,
        body.service_id or await _service(request),
        house.ids(),
        house.ids(),
        house.terms.default_provider,
        starts_at=starts_at,
        people=People(None, None, [body.menu] * body.guests),
        special_requests=body.notes,
        address=body.location,
    )
    await start_checkout(house, wanted)
    return said(await _read(request, caller, wanted.booking_id), 201)


@router.get(
    "/{booking_id}",
    operation_id="catering_bookings_read",
    response_model=CateringBooking,
    responses=problems(401, 404),
)
async def read_booking(request: Request, booking_id: Id, caller: CurrentUser) -> Response:
    """One booking."""
    return said(await _read(request, caller, booking_id))


@router.put(
    "/{booking_id}",
    operation_id="catering_bookings_update",
    response_model=CateringBooking,
    responses=problems(401, 404, 409, 422),
)
async def update_booking(
    request: Request, booking_id: Id, caller: CurrentUser, body: CateringBookingChange
) -> Response:
    """Change guests, menu, location, notes, date and time, while the policy allows. Another price changes what is
    owed; what was paid above it goes back.
    """
    house = house_of(request)
    change = OrderChange(body.guests, body.menu, body.location, body.notes)
    starts_at = await _new_start(request, caller, booking_id, body)
    await reprice_booking(house, booking_id, change, by=caller.user_id, starts_at=starts_at)
    return said(await _read(request, caller, booking_id))


async def _service(request: Request) -> UUID:
    chosen: UUID | None = request.app.state.settings.catering_service_id
    if chosen is not None:
        return chosen
    async with house_of(request).database.reading(ANONYMOUS) as db:
        only = await only_service_by_option(db)
    if only is None:
        raise ServiceRequiredError(pointer="/service_id")
    return only


async def _new_start(
    request: Request, caller: Caller, booking_id: UUID, body: CateringBookingChange
) -> datetime | None:
    """Where the booking shall start from now on; None where that stays."""
    if body.date is None and body.time is None:
        return None
    zone = house_of(request).terms.business_timezone
    before = (await _view(request, caller, booking_id)).starts_at
    local = before.astimezone(pinned_zone(zone))
    wall = datetime.combine(body.date or local.date(), body.time or local.time().replace(second=0, microsecond=0))
    after = resolve_local(wall, zone, pointer="/time")
    return None if after == before else after


async def _read(request: Request, caller: Caller, booking_id: UUID) -> CateringBooking:
    return CateringBooking.of(await _view(request, caller, booking_id), house_of(request).terms.business_timezone)


async def _view(request: Request, caller: Caller, booking_id: UUID) -> BookingView:
    async with house_of(request).database.reading(caller.actor) as db:
        view = await queries.booking(db, booking_id, _asker(caller))
    if view is None:
        raise NotFoundError("There is no such booking.")
    return view


def _asker(caller: Caller) -> Asker:
    return Asker(caller.user_id, caller.practitioner_id, caller.is_admin)
