"""Bookings: list, read, change. What makes, ends or moves one is in the files beside this."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from moorage.apis.marketplace.booking_shapes import BookingOut, asker_of, booking_shape, read_shape
from moorage.apis.marketplace.envelope import Listed, Success, listing, ok, ordering_of, problems
from moorage.domains.bookings import operations, queries
from moorage.domains.bookings.errors import UnknownStatusError
from moorage.domains.bookings.queries import Filters
from moorage.kernel.errors import InvalidRangeError
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Email, Id, Instant, LongText, ShortText, StrictModel
from moorage.web.paging import Paging

router = APIRouter(prefix="/bookings", tags=["Bookings"], route_class=StrictRoute)


class ParticipantChange(StrictModel):
    """What changes of one participant. `attended` and `notes` are the practitioner's to write."""

    name: ShortText | None = None
    email: Email | None = None
    option: ShortText | None = None
    attended: bool | None = None
    notes: LongText | None = None


class BookingChange(StrictModel):
    """What changes of a booking; what is not sent stays. `participants` lists all of them, in their order."""

    special_requests: LongText | None = None
    participants: Annotated[list[ParticipantChange], Field(min_length=1, max_length=500)] | None = None


@router.get(
    "/",
    operation_id="bookings_list",
    response_model=Success[Listed[BookingOut]],
    responses=problems(401, 422),
)
async def list_bookings(
    *,
    request: Request,
    caller: CurrentUser,
    page: Paging,
    status: Annotated[str | None, Query(description="One or more of pending, confirmed, completed, cancelled")] = None,
    service: Annotated[Id | None, Query(description="Of this service")] = None,
    practitioner: Annotated[Id | None, Query(description="With this practitioner")] = None,
    start_from: Annotated[Instant | None, Query(alias="from", description="Starting then or later")] = None,
    start_to: Annotated[Instant | None, Query(alias="to", description="Starting before then")] = None,
    role: Annotated[Literal["client", "practitioner"] | None, Query(description="On which side the asker is")] = None,
    search: Annotated[str | None, Query(max_length=200, description="In title, requests and names")] = None,
    ordering: Annotated[
        str | None, Query(description="start_time, created_at, total_amount, status; - descends")
    ] = None,
) -> Response:
    """The asker's bookings: those they made, and those of their services. An admin sees all."""
    if start_from is not None and start_to is not None and start_from >= start_to:
        raise InvalidRangeError("`from` comes before `to`.", pointer="?to")
    filters = Filters(_statuses(status), service, practitioner, start_from, start_to, role, search)
    return await _listed(request, caller, page, filters, ordering or "-start_time")


@router.get(
    "/upcoming/",
    operation_id="bookings_upcoming",
    response_model=Success[Listed[BookingOut]],
    responses=problems(401, 422),
)
async def list_upcoming(
    request: Request, caller: CurrentUser, page: Paging, role: Literal["client", "practitioner"] | None = None
) -> Response:
    """What is to come, held or confirmed, the next first."""
    filters = Filters(side=role, ended=False, now=house_of(request).clock())
    return await _listed(request, caller, page, filters, "start_time")


@router.get(
    "/history/",
    operation_id="bookings_history",
    response_model=Success[Listed[BookingOut]],
    responses=problems(401, 422),
)
async def list_history(
    request: Request, caller: CurrentUser, page: Paging, role: Literal["client", "practitioner"] | None = None
) -> Response:
    """What is over, completed or cancelled, the latest first."""
    filters = Filters(side=role, ended=True, now=house_of(request).clock())
    return await _listed(request, caller, page, filters, "-start_time")


@router.get(
    "/{booking_id}/", operation_id="bookings_read", response_model=Success[BookingOut], responses=problems(401, 404)
)
async def read_booking(request: Request, booking_id: Id, caller: CurrentUser) -> Response:
    """One booking, or one date of a course."""
    return ok(await read_shape(house_of(request), booking_id, caller))


@router.put(
    "/{booking_id}/",
    operation_id="bookings_update",
    response_model=Success[BookingOut],
    responses=problems(401, 403, 404, 409, 422),
)
async def update_booking(request: Request, booking_id: Id, caller: CurrentUser, body: BookingChange) -> Response:
    """Change participants' names, special requests and, for the practitioner, who attended and notes.

    Time, price and how many take part are not changed here.
    """
    house = house_of(request)
    people = None if body.participants is None else [one.model_dump(exclude_unset=True) for one in body.participants]
    async with house.database.transaction(caller.actor) as db:
        await operations.change(
            db, booking_id, by=caller.user_id, special_requests=body.special_requests, participants=people
        )
    return ok(await read_shape(house, booking_id, caller))


async def _listed(request: Request, caller: CurrentUser, page: Paging, filters: Filters, ordering: str) -> Response:
    house, order = house_of(request), ordering_of(ordering, list(queries.ORDERINGS), ordering)
    async with house.database.reading(caller.actor) as db:
        count, views = await queries.bookings(db, asker_of(caller), filters, order, limit=page.size, offset=page.offset)
    return listing(request, [booking_shape(view, house, caller.user_id) for view in views], count, page)


def _statuses(text: str | None) -> list[str] | None:
    if text is None:
        return None
    chosen = [part.strip() for part in text.split(",")]
    if not set(chosen) <= {"pending", "confirmed", "completed", "cancelled"}:
        raise UnknownStatusError(pointer="?status")
    return chosen
