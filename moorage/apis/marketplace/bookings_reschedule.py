"""Moving a booking to another time of its service."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict

from moorage.apis.marketplace.booking_shapes import BookingOut, asker_of, read_shape
from moorage.apis.marketplace.envelope import Success, ok, problems
from moorage.domains.availability.local_time import resolve_local
from moorage.domains.bookings import queries
from moorage.domains.bookings.errors import InvalidStartError
from moorage.journeys.house import House
from moorage.journeys.reschedule import reschedule_booking
from moorage.kernel.errors import NotFoundError
from moorage.web.actor import Caller, CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id, InstantOrLocal, StrictModel, ZoneName

router = APIRouter(prefix="/bookings", tags=["Bookings"], route_class=StrictRoute)


class RescheduleIn(StrictModel):
    """The new time, or for a workshop another of its sessions. A local time is read in `timezone`, else in the
    booking's own.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"start_time": "2026-12-15T10:30:00+01:00"}]})

    start_time: InstantOrLocal | None = None
    session_id: Id | None = None
    timezone: ZoneName | None = None


@router.post(
    "/{booking_id}/reschedule/",
    operation_id="bookings_reschedule",
    response_model=Success[BookingOut],
    responses=problems(401, 404, 409, 422),
)
async def reschedule(request: Request, booking_id: Id, caller: CurrentUser, body: RescheduleIn) -> Response:
    """Move a booking. By the rules of booking anew, except that its own time does not stand in the way; price and
    policy stay. If the new time is not free, all stands as it was.
    """
    house = house_of(request)
    if body.start_time is None and body.session_id is None:
        raise InvalidStartError("Say when: start_time.", pointer="/start_time")
    starts_at = await _resolved(house, booking_id, caller, body.start_time, body.timezone)
    await reschedule_booking(house, booking_id, by=caller.user_id, starts_at=starts_at, session_id=body.session_id)
    return ok(await read_shape(house, booking_id, caller), "The booking has a new time.")


async def _resolved(
    house: House, booking_id: UUID, caller: Caller, at: datetime | None, zone: str | None
) -> datetime | None:
    if at is None or at.tzinfo is not None:
        return at
    if zone is None:
        async with house.database.reading(caller.actor) as db:
            zone = await queries.booked_zone(db, booking_id, asker_of(caller))
    if zone is None:
        raise NotFoundError("There is no such booking.")
    return resolve_local(at, zone, pointer="/start_time")
