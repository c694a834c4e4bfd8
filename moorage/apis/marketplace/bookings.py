"""Bookings: make, list, read, change. What ends or moves one is in the files beside this."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field

from moorage.apis.marketplace.booking_shapes import BookingOut, asker_of, booking_shape, read_shape
from moorage.apis.marketplace.envelope import Listed, Paging, Success, created, listing, ok, ordering_of, problems
from moorage.domains.availability.local_time import resolve_local
from moorage.domains.bookings import operations, queries
from moorage.domains.bookings.errors import NotSupportedError, UnknownStatusError
from moorage.domains.bookings.operations import HoldRequest, People
from moorage.domains.bookings.queries import Asker, BookingView, Filters, Participant, PaymentView
from moorage.journeys.book_and_pay import start_checkout
from moorage.journeys.house import House
from moorage.kernel.db import ANONYMOUS, Actor
from moorage.kernel.errors import InvalidRangeError, NotFoundError
from moorage.web.actor import CurrentUser, house_of, token_claims
from moorage.web.body import StrictRoute, parse
from moorage.web.fields import Email, Id, Instant, InstantOrLocal, LongText, ShortText, StrictModel, ZoneName
from moorage.web.idempotency import subject_id

router = APIRouter(prefix="/bookings", tags=["Bookings"], route_class=StrictRoute)


class ParticipantIn(StrictModel):
    """One who takes part. `option` names a price option of the service, where it has them."""

    name: ShortText | None = None
    email: Email | None = None
    option: ShortText | None = None


class BookingIn(StrictModel):
    """What to book: a session by `start_time`; a workshop by that or `session_id`; a course by neither. A local
    `start_time` is read in `timezone`, else in the practitioner's zone. Without `participants` the client comes alone.
    """

    service_id: Id
    start_time: InstantOrLocal | None = None
    end_time: InstantOrLocal | None = None
    session_id: Id | None = None
    timezone: ZoneName | None = None
    participants: Annotated[list[ParticipantIn], Field(max_length=500)] | None = None
    special_requests: LongText = ""
    use_credits: bool | None = None
    package_purchase_id: Id | None = None
    payment_provider: ShortText | None = None


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


BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": BookingIn.model_json_schema(ref_template="#/components/schemas/{model}"),
                "example": {
                    "service_id": "01a1f0c2-7d1e-7b8a-9c57-3f1f6f5c0b11",
                    "start_time": "2026-12-15T10:30:00+01:00",
                },
            }
        },
    }
}


async def create_booking(request: Request) -> Response:
    """Hold a time, a place or a course, and open its payment.

    The hold lasts until `hold_expires_at`; what is not paid by then is free again. What costs nothing is confirmed at
    once.
    """
    claims, house = token_claims(request), house_of(request)
    body = await parse(request, BookingIn)
    wanted = await _wanted(house, body, subject_id(request), claims.user_id, claims.family_id)
    held = await start_checkout(house, wanted)
    known_ahead = house.gateways[wanted.provider].capabilities.known_ahead
    if held["repeated"] or held["has_children"] or not known_ahead:
        return created(await _read_own(house, wanted.booking_id, claims.user_id))
    return created(booking_shape(_view_of(wanted, held), house, claims.user_id))


class _HotRoute(APIRoute):
    """A route whose handler takes the request and answers a response: FastAPI documents it and does nothing else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Hand over the handler itself, without the solving of dependencies that it does not have."""
        return self.endpoint


router.add_api_route(
    "/",
    create_booking,
    methods=["POST"],
    operation_id="bookings_create",
    status_code=201,
    response_model=Success[BookingOut],
    responses=problems(401, 404, 409, 422),
    openapi_extra=BODY,
    route_class_override=_HotRoute,
)


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


async def _wanted(house: House, body: BookingIn, booking_id: UUID, client: UUID, family: UUID | None) -> HoldRequest:
    if body.use_credits:
        raise NotSupportedError("Credits are not offered here yet.", pointer="/use_credits")
    if body.package_purchase_id is not None:
        raise NotSupportedError("Packages are not offered here yet.", pointer="/package_purchase_id")
    starts_at, ends_at = body.start_time, body.end_time
    if (starts_at is not None and starts_at.tzinfo is None) or (ends_at is not None and ends_at.tzinfo is None):
        zone = body.timezone or await _practitioner_zone(house, body.service_id)
        starts_at = _instant(starts_at, zone, "/start_time")
        ends_at = _instant(ends_at, zone, "/end_time")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise InvalidRangeError("The end comes after the start.", pointer="/end_time")
    people = None
    if body.participants:
        people = People(
            [one.name for one in body.participants],
            [one.email for one in body.participants],
            [one.option for one in body.participants],
        )
    return HoldRequest(
        booking_id,
        client,
        family,
        body.service_id,
        house.ids(),
        house.ids(),
        body.payment_provider or house.terms.default_provider,
        starts_at,
        ends_at,
        body.session_id,
        body.timezone,
        people,
        body.special_requests,
    )


def _instant(at: datetime | None, zone: str, pointer: str) -> datetime | None:
    return at if at is None or at.tzinfo is not None else resolve_local(at, zone, pointer=pointer)


async def _practitioner_zone(house: House, service_id: UUID) -> str:
    async with house.database.reading(ANONYMOUS) as db:
        zone = await queries.practitioner_zone(db, service_id)
    if zone is None:
        raise NotFoundError("There is no such service.")
    return zone


def _view_of(wanted: HoldRequest, held: asyncpg.Record) -> BookingView:
    """What was just held, as reading it would answer: nothing is asked of the database again."""
    people = wanted.people
    options = people.options if people is not None else [None]
    payment = None
    if held["payment_id"] is not None:
        payment = PaymentView(
            held["payment_id"], wanted.provider, "pending", held["due_now_minor"], None, None, wanted.client_id
        )
    return BookingView(
        wanted.booking_id,
        held["status"],
        wanted.service_id,
        held["practitioner_id"],
        wanted.client_id,
        held["session_id"],
        None,
        held["starts_at"],
        held["ends_at"],
        held["timezone"],
        held["currency"],
        held["total_minor"],
        held["due_now_minor"],
        held["commission_minor"],
        0,
        0,
        held["free_until_hours"],
        held["late_fee_bps"],
        wanted.special_requests,
        held["hold_expires_at"],
        None,
        None,
        None,
        None,
        0,
        held["created_at"],
        [
            Participant(name or "", email, option, price, None, "")
            for name, email, option, price in zip(
                held["names"], held["emails"], options, held["prices_minor"], strict=True
            )
        ],
        [],
        payment,
        None,
    )


async def _read_own(house: House, booking_id: UUID, client: UUID) -> dict[str, Any]:
    async with house.database.reading(Actor(client)) as db:
        view = await queries.booking(db, booking_id, Asker(client, None, is_admin=False))
    if view is None:
        raise NotFoundError("There is no such booking.")
    return booking_shape(view, house, client)


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
