"""Availability: when a practitioner's service can be booked, and the schedule that says so."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from moorage.apis.marketplace.availability_schemas import AvailabilityView, ScheduleBody, ScheduleView
from moorage.apis.marketplace.envelope import Success, ok, problems
from moorage.domains.availability import operations, queries
from moorage.domains.availability.policy import bounds_of_days, by_local_day, zone_of
from moorage.kernel.errors import ForbiddenError, NotFoundError
from moorage.web.actor import Caller, CurrentUser, OptionalUser, actor_of, house_of
from moorage.web.fields import Id, LocalDate, ZoneName

router = APIRouter(prefix="/practitioners/{practitioner_id}", tags=["availability"])


@router.get(
    "/availability/",
    operation_id="practitioners_availability",
    response_model=Success[AvailabilityView],
    responses=problems(404, 422),
)
async def list_availability(
    request: Request,
    caller: OptionalUser,
    practitioner_id: Id,
    *,
    service_id: Annotated[Id, Query(description="Whose duration, grid, buffers and notice apply")],
    first: Annotated[LocalDate, Query(alias="from", description="First local date of `timezone`")],
    last: Annotated[LocalDate, Query(alias="to", description="Last local date, included; at most 31 days in all")],
    timezone: Annotated[ZoneName | None, Query(description="Whose days and offsets; the practitioner's")] = None,
) -> Response:
    """Every start that can be booked now, by local date. Dates without starts are listed, empty."""
    house = house_of(request)
    now = house.clock()
    async with house.database.reading(actor_of(caller)) as db:
        timing = await queries.get_timing(db, service_id, practitioner_id)
        if timing is None:
            raise NotFoundError
        named = timezone or timing.timezone
        zone = zone_of(named)
        starts_from, starts_to = bounds_of_days(zone, first, last, request.app.state.settings.availability_max_days)
        read = queries.list_starts if timing.service_type == "session" else queries.session_starts
        starts = await read(db, service_id, starts_from, starts_to, now)
    return ok(AvailabilityView.of(named, by_local_day(starts, zone, first, last)))


@router.get(
    "/schedule/",
    operation_id="practitioners_schedule_read",
    response_model=Success[ScheduleView],
    responses=problems(404),
)
async def read_schedule(request: Request, caller: OptionalUser, practitioner_id: Id) -> Response:
    """Weekly hours and date overrides, in the practitioner's time zone."""
    async with house_of(request).database.reading(actor_of(caller)) as db:
        schedule = await queries.get_schedule(db, practitioner_id)
    if schedule is None:
        raise NotFoundError
    return ok(ScheduleView.of(schedule))


@router.post(
    "/schedule/",
    operation_id="practitioners_schedule_replace",
    response_model=Success[ScheduleView],
    responses=problems(401, 403, 404, 422),
)
async def replace_schedule(request: Request, caller: CurrentUser, practitioner_id: Id, body: ScheduleBody) -> Response:
    """Replace the whole schedule, one's own or as an administrator. Bookings that exist stay as they are."""
    _require_own(caller, practitioner_id)
    async with house_of(request).database.transaction(caller.actor) as db:
        await operations.replace_schedule(db, practitioner_id, body.schedule())
        schedule = await queries.get_schedule(db, practitioner_id)
    if schedule is None:
        raise NotFoundError
    return ok(ScheduleView.of(schedule))


def _require_own(caller: Caller, practitioner_id: Id) -> None:
    if caller.practitioner_id != practitioner_id and not caller.is_admin:
        raise ForbiddenError if caller.practitioner_id is None else NotFoundError
