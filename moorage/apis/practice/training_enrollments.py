"""Enrolments in trainings. Each is a booking of the core: of a course, or of one date of a workshop."""

from typing import Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel
from starlette.responses import Response

from moorage.apis.practice.bookings import asker_of, made_line, wanted_by
from moorage.apis.practice.lists import LISTED, Windowed, answer, listed
from moorage.domains.bookings import lines
from moorage.domains.bookings.lines import Line, Standing, Wanted
from moorage.journeys.enrol import enrol
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id, LongText, StrictModel

router = APIRouter(prefix="/training_enrollments", tags=["Practice trainings"], route_class=StrictRoute)


class EnrollmentIn(StrictModel):
    """In which training, or in which date of it; `user_id` where an administrator or owner enrols somebody else."""

    training_id: Id
    user_id: Id | None = None
    notes: LongText | None = None


class Enrollment(BaseModel):
    """A place in a training; `date_id` where it is in one date. While it waits to be paid it is scheduled too."""

    id: UUID
    user_id: UUID
    training_id: UUID
    date_id: UUID | None
    start_time: AwareDatetime
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
            training_id=line.service_id,
            date_id=line.session_id,
            start_time=line.starts_at,
            notes=line.special_requests or None,
            status=line.standing,
            created_at=line.created_at,
            updated_at=line.updated_at,
        )


@router.post("/", operation_id="practice_training_enrollments_create", status_code=201, response_model=Enrollment)
async def create_enrollment(request: Request, caller: CurrentUser, body: EnrollmentIn) -> Response:
    """Enrol oneself; administrators and owners anyone. A course is taken as a whole; of a workshop the date that
    `training_id` names, or the next one with a place.
    """
    wanted = await wanted_by(request, caller, body.training_id, user_id=body.user_id, notes=body.notes)
    booking_id = await enrol(house_of(request), caller.actor, body.training_id, wanted)
    return answer(Enrollment.of(await made_line(request, caller, booking_id)), 201)


@router.get("/", operation_id="practice_training_enrollments_list", response_model=list[Enrollment], responses=LISTED)
async def list_enrollments(request: Request, caller: CurrentUser, window: Windowed) -> Response:
    """One's own enrolments, and those in one's own trainings; all for administrators and owners."""
    wanted = Wanted(of_trainings=True)
    async with house_of(request).database.reading(caller.actor) as db:
        found, total = await lines.lines(db, asker_of(caller), wanted, limit=window.limit, offset=window.skip)
    return listed(request, [Enrollment.of(line) for line in found], total, window)
