"""Appointments: a consulting service at a time. Each is a booking of the core."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from moorage.apis.practice.bookings import asker_of, check_range, made_line, wanted_by
from moorage.apis.practice.lists import LISTED, Windowed, answer, listed
from moorage.domains.bookings import lines
from moorage.domains.bookings.lines import Line, Standing, Wanted
from moorage.journeys.enrol import make_appointment
from moorage.kernel.errors import InvalidRangeError
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id, Instant, LongText, StrictModel

router = APIRouter(prefix="/appointments", tags=["Practice appointments"], route_class=StrictRoute)


class AppointmentIn(StrictModel):
    """What to book. `duration_minutes` is the service's; `state_id` the practice's own code of the state that the
    client lives in; `user_id` for whom, where an administrator or owner books for somebody else.
    """

    service_id: Id
    appointment_time: Instant
    duration_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    state_id: Annotated[int, Field(ge=0, le=2_147_483_647)] | None = None
    notes: LongText | None = None
    user_id: Id | None = None


class Appointment(BaseModel):
    """A time with a practitioner. While it waits to be paid it is scheduled too."""

    id: UUID
    user_id: UUID
    service_id: UUID
    appointment_time: AwareDatetime
    duration_minutes: int
    state_id: int | None
    notes: str | None
    status: Standing
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @classmethod
    def of(cls, line: Line) -> Self:
        """As the contract shows it."""
        return cls(
            id=line.id,
            user_id=line.client_id,
            service_id=line.service_id,
            appointment_time=line.starts_at,
            duration_minutes=int((line.ends_at - line.starts_at) / timedelta(minutes=1)),
            state_id=line.state_no,
            notes=line.special_requests or None,
            status=line.standing,
            created_at=line.created_at,
            updated_at=line.updated_at,
        )


@router.post("/", operation_id="practice_appointments_create", status_code=201, response_model=Appointment)
async def create_appointment(request: Request, caller: CurrentUser, body: AppointmentIn) -> Response:
    """Book a time for oneself; administrators and owners for anyone. It is kept while it waits to be paid."""
    wanted = await wanted_by(request, caller, body.service_id, user_id=body.user_id, notes=body.notes)
    starts_at = body.appointment_time.astimezone(UTC)
    ends_at = None if body.duration_minutes is None else starts_at + timedelta(minutes=body.duration_minutes)
    wanted = replace(wanted, starts_at=starts_at, ends_at=ends_at)
    try:
        booking_id = await make_appointment(house_of(request), caller.actor, wanted, body.state_id)
    except InvalidRangeError as error:
        raise InvalidRangeError("This service takes another time than that.", pointer="/duration_minutes") from error
    return answer(Appointment.of(await made_line(request, caller, booking_id)), 201)


@router.get("/", operation_id="practice_appointments_list", response_model=list[Appointment], responses=LISTED)
async def list_appointments(
    request: Request,
    caller: CurrentUser,
    window: Windowed,
    *,
    status: Standing | None = None,
    time_from: Annotated[Instant | None, Query(alias="from", description="At that time or later")] = None,
    time_to: Annotated[Instant | None, Query(alias="to", description="Before that time")] = None,
) -> Response:
    """One's own appointments, and those with oneself; all for administrators and owners. The latest time first."""
    check_range(time_from, time_to)
    wanted = Wanted(of_trainings=False, standing=status, from_=time_from, to=time_to)
    async with house_of(request).database.reading(caller.actor) as db:
        found, total = await lines.lines(db, asker_of(caller), wanted, limit=window.limit, offset=window.skip)
    return listed(request, [Appointment.of(line) for line in found], total, window)
