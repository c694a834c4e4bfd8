"""The dates of workshops and courses: `/services/{id}/schedule/`."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator
from starlette.responses import Response

from moorage.apis.marketplace.envelope import Listed, Success, listing, ok, problems
from moorage.apis.marketplace.services import Seller
from moorage.domains.availability import Session, expand, operations, queries, resolve_local
from moorage.domains.availability.policy import zone_of
from moorage.domains.availability.recurrence import MAX_SESSIONS
from moorage.domains.catalog import Service
from moorage.domains.catalog import queries as catalog
from moorage.kernel.errors import InvalidError, NotFoundError
from moorage.web.actor import Caller, OptionalUser, actor_of, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import DateOrInstant, Id, InstantOrLocal, StrictModel, refusal
from moorage.web.paging import Paging

router = APIRouter(prefix="/services/{service_id}/schedule", tags=["Services"], route_class=StrictRoute)


class StartInPastError(InvalidError):
    """A date begins in the past."""

    code = "start_in_past"


_EXAMPLES: Final[list[JsonValue]] = [
    {"start_time": "2027-01-07T18:30:00", "rrule": "FREQ=WEEKLY;BYDAY=TH;COUNT=8", "capacity": 12},
    {"sessions": ["2027-01-09T10:00:00+00:00", "2027-01-16T10:00:00+00:00"]},
]


class ScheduleSessionsBody(StrictModel):
    """Dates to add: one, a recurrence of it, or a list (a course is its list, enrolled in whole). Times without an
    offset are in the practitioner's zone; a recurrence keeps its wall time across clock changes.
    """

    model_config = ConfigDict(json_schema_extra={"examples": _EXAMPLES})

    start_time: InstantOrLocal | None = None
    rrule: Annotated[
        Annotated[str, Field(min_length=1, max_length=500)] | None,
        Field(description="RRULE of RFC 5545: DAILY, WEEKLY, MONTHLY or YEARLY"),
    ] = None
    until: Annotated[DateOrInstant | None, Field(description="Last date or time of the recurrence, included")] = None
    sessions: Annotated[list[InstantOrLocal], Field(min_length=1, max_length=MAX_SESSIONS)] | None = None
    capacity: Annotated[
        Annotated[int, Field(ge=1, le=10_000)] | None, Field(description="Places; default the service's")
    ] = None
    skip_conflicts: Annotated[
        bool, Field(description="Leave taken times out and list them, instead of refusing all")
    ] = False

    @model_validator(mode="after")
    def _one_way_of_saying_when(self) -> Self:
        if (self.start_time is None) == (self.sessions is None):
            raise refusal("invalid", "Give either start_time (with rrule, if it recurs) or sessions.")
        if self.sessions is not None and (self.rrule is not None or self.until is not None):
            raise refusal("invalid", "A list of sessions has no rrule and no until.")
        if self.until is not None and self.rrule is None:
            raise refusal("invalid", "until ends a recurrence: give rrule.")
        return self

    def starts(self, zone_name: str) -> list[datetime]:
        """The instants (UTC) that are asked for. Raises NonexistentLocalTimeError, AmbiguousLocalTimeError and what
        `expand` does.
        """
        if self.sessions is not None:
            return [_instant(start, zone_name, f"/sessions/{position}") for position, start in enumerate(self.sessions)]
        assert self.start_time is not None  # noqa: S101 - checked above
        first = _instant(self.start_time, zone_name, "/start_time")
        if self.rrule is None:
            return [first]
        return expand(first, self.rrule, zone_of(zone_name), until=_end(self.until, zone_name))


class SessionView(BaseModel):
    """One date; times with the offset of the practitioner's zone."""

    id: UUID
    service_id: UUID
    start_time: datetime
    end_time: datetime
    capacity: int
    available_spots: int

    @classmethod
    def of(cls, session: Session, zone_name: str) -> Self:
        """As the contract shows it."""
        zone = zone_of(zone_name)
        return cls.model_construct(
            id=session.id,
            service_id=session.service_id,
            start_time=session.starts_at.astimezone(zone),
            end_time=session.ends_at.astimezone(zone),
            capacity=session.capacity,
            available_spots=session.available_spots,
        )


@router.get(
    "/",
    operation_id="services_schedule_read",
    response_model=Success[Listed[SessionView]],
    responses=problems(401, 404, 422),
)
async def list_sessions(request: Request, caller: OptionalUser, service_id: Id, page: Paging) -> Response:
    """The coming dates of a workshop or course, with the places left."""
    house = house_of(request)
    async with house.database.reading(actor_of(caller)) as db:
        service = await catalog.get_service(db, service_id)
        if service is None:
            raise NotFoundError
        now = house.clock()
        count = await queries.count_sessions(db, service_id, now)
        found = await queries.list_sessions(db, service_id, now, limit=page.size, offset=page.offset)
    return listing(request, [SessionView.of(session, service.timezone) for session in found], count, page)


@router.post(
    "/",
    operation_id="services_schedule_create",
    status_code=201,
    response_model=Success[list[SessionView]],
    responses=problems(401, 403, 404, 409, 413, 415, 422),
)
async def create_sessions(request: Request, caller: Seller, service_id: Id, body: ScheduleSessionsBody) -> Response:
    """Add dates to one's own workshop or course. Times that are taken are all reported (409, `conflicts`) with nothing
    written; with `skip_conflicts` the others are added and the taken ones listed in `errors.conflicts`.
    """
    house = house_of(request)
    async with house.database.transaction(caller.actor) as db:
        service = _own(await catalog.get_service(db, service_id), caller)
        starts = body.starts(service.timezone)
        if min(starts) <= house.clock():
            raise StartInPastError(pointer="/start_time" if body.sessions is None else "/sessions")
        made = await operations.create_sessions(
            db, service_id, starts, house.ids, capacity=body.capacity, skip_conflicts=body.skip_conflicts
        )
    skipped = [start.astimezone(zone_of(service.timezone)).isoformat() for start in made.skipped]
    return ok(
        [SessionView.of(session, service.timezone) for session in made.sessions],
        f"{len(skipped)} of the dates were taken and left out." if skipped else "",
        201,
        errors={"conflicts": skipped} if skipped else None,
    )


def _own(service: Service | None, caller: Caller) -> Service:
    if service is None or (service.practitioner_id != caller.practitioner_id and not caller.is_admin):
        raise NotFoundError
    if service.terms.service_type == "session":
        raise InvalidError("A service of type session is booked by its hours; it has no dates.")
    return service


def _instant(at: datetime, zone_name: str, pointer: str) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else resolve_local(at, zone_name, pointer=pointer)


def _end(until: date | datetime | None, zone_name: str) -> datetime | None:
    if until is None:
        return None
    if isinstance(until, datetime):
        return _instant(until, zone_name, "/until")
    # The whole local date: its last instant is just before the next begins, read without a gap or fold in the way.
    midnight = datetime.combine(until + timedelta(days=1), time.min, tzinfo=zone_of(zone_name))
    return midnight.astimezone(UTC) - timedelta(microseconds=1)
