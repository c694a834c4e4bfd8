"""A practice's client is booked: an appointment with its state code, or a training that a person takes once.

Both are core bookings: the same holds, the same guarantee against double booking, the same payment (see book_and_pay).
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

from moorage.domains.accounts.queries import account_by_id
from moorage.domains.availability import queries as times
from moorage.domains.availability.queries import Training
from moorage.domains.bookings import operations
from moorage.domains.bookings.errors import NoPlacesLeftError, SlotUnavailableError, UnknownProviderError
from moorage.domains.bookings.operations import HoldRequest, People
from moorage.domains.catalog.queries import Service, get_service
from moorage.journeys.book_and_pay import hold_terms, start_checkout
from moorage.journeys.house import House
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import Actor, Connection, with_retries
from moorage.kernel.errors import ForbiddenError, NotFoundError

DATES_TRIED: Final = 50
"""Of a workshop that is asked for as a whole, the coming dates among which a place is looked for."""


async def choose_client(house: House, actor: Actor, user_id: UUID | None, *, by_admin: bool) -> UUID:
    """For whom `actor` books: themselves, or as an administrator anybody. Raises ForbiddenError, NotFoundError."""
    if actor.user_id is None:
        raise ForbiddenError
    if user_id is None or user_id == actor.user_id:
        return actor.user_id
    if not by_admin:
        raise ForbiddenError("Only administrators and owners book for somebody else.", pointer="/user_id")
    async with house.database.reading(actor) as db:
        account = await account_by_id(db, user_id)
    if account is None or not account.is_active:
        raise NotFoundError("There is no such user.", pointer="/user_id")
    return user_id


async def make_appointment(house: House, actor: Actor, request: HoldRequest, state_no: int | None) -> UUID:
    """Hold a consulting service's time and note the client's state. Raises what `start_checkout` does, and
    NotFoundError for a service that is none.
    """
    async with house.database.reading(actor) as db:
        service = await get_service(db, request.service_id)
    if service is None or service.terms.service_type != "session":
        raise NotFoundError("There is no such consulting service.", pointer="/service_id")
    request = _at_first_option(request, service)
    if state_no is None:
        await start_checkout(house, request)
        return request.booking_id

    async def note(db: Connection) -> None:
        await operations.note_state(db, request.booking_id, state_no)

    await _hold(house, actor, request, after=note)
    return request.booking_id


async def enrol(house: House, actor: Actor, training_id: UUID, request: HoldRequest) -> UUID:
    """Enrol `request.client_id` in a training: in a course as a whole, in the date that `training_id` names, or in a
    workshop's next date with a place. Raises NotFoundError, NoPlacesLeftError, AlreadyEnrolledError, and what
    `operations.hold` does.
    """
    async with house.database.reading(actor) as db:
        training = await times.find_training(db, training_id)
        if training is None:
            raise NotFoundError("There is no such training.", pointer="/training_id")
        dates = await _dates(house, db, training)
        service = await get_service(db, training.service_id)
    if service is None:
        raise NotFoundError("There is no such training.", pointer="/training_id")
    request = _at_first_option(replace(request, service_id=service.id), service)
    for date in dates:

        async def check(db: Connection) -> None:
            await operations.check_not_enrolled(
                db,
                request.booking_id,
                client_id=request.client_id,
                service_id=training.service_id,
                session_id=training.session_id,
                now=house.clock(),
            )

        try:
            await _hold(house, actor, replace(request, session_id=date), before=check)
        except SlotUnavailableError:
            continue
        return request.booking_id
    raise NoPlacesLeftError


def _at_first_option(request: HoldRequest, service: Service) -> HoldRequest:
    """One person; a practice's clients are not asked for a price option, so they are booked at the first."""
    option = service.terms.first_option
    return request if option is None else replace(request, people=People(None, None, [option.name]))


async def _dates(house: House, db: Connection, training: Training) -> list[UUID | None]:
    """What to ask `hold_booking` for, one after another: dates, or None for the whole course."""
    if training.service_type == "course" or training.session_id is not None:
        return [None if training.service_type == "course" else training.session_id]
    coming = await times.list_sessions(db, training.service_id, house.clock(), limit=DATES_TRIED)
    # Where none has a place, one is asked for all the same: whoever is enrolled already is told so.
    return [date.id for date in coming if date.available_spots > 0] or [date.id for date in coming[:1]]


async def _hold(
    house: House,
    actor: Actor,
    request: HoldRequest,
    *,
    before: Callable[[Connection], Awaitable[None]] | None = None,
    after: Callable[[Connection], Awaitable[None]] | None = None,
) -> None:
    """`start_checkout` with something to do in the same transaction."""
    gateway = house.gateways.get(request.provider)
    if gateway is None:
        raise UnknownProviderError

    async def hold() -> bool:
        async with house.database.transaction(actor) as db:
            if before is not None:
                await before(db)
            held = await operations.hold(db, request, hold_terms(house.terms), house.clock())
            if after is not None:
                await after(db)
            return held["payment_id"] is not None

    if await with_retries(hold, repeatable=True) and not gateway.capabilities.known_ahead:
        await carry_out_now(house, [request.operation_id])
