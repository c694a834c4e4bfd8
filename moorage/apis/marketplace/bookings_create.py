"""Holding: a client chooses a time, a place or a course. The hottest request there is, and told the shortest way."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import Field

from moorage.apis.marketplace.booking_shapes import BookingOut, booking_shape
from moorage.apis.marketplace.envelope import Success, created, problems
from moorage.domains.availability.local_time import resolve_local
from moorage.domains.bookings import queries
from moorage.domains.bookings.errors import NotSupportedError
from moorage.domains.bookings.operations import HoldRequest, People
from moorage.domains.bookings.queries import Asker, BookingView, Participant, PaymentView
from moorage.journeys.book_and_pay import start_checkout
from moorage.journeys.house import House
from moorage.kernel.db import ANONYMOUS, Actor
from moorage.kernel.errors import InvalidRangeError, NotFoundError
from moorage.web.actor import house_of, token_claims
from moorage.web.body import StrictRoute, parse
from moorage.web.fields import Email, Id, InstantOrLocal, LongText, ShortText, StrictModel, ZoneName
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
    claims, house = await token_claims(request), house_of(request)
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
