"""What appointments and enrolments are both made of: a booking of the core, for oneself or by an administrator."""

from uuid import UUID

from fastapi import Request
from pydantic import AwareDatetime

from moorage.domains.bookings import lines
from moorage.domains.bookings.lines import Line
from moorage.domains.bookings.operations import HoldRequest
from moorage.domains.bookings.queries import Asker
from moorage.journeys.enrol import choose_client
from moorage.kernel.errors import InvalidRangeError, NotFoundError
from moorage.web.actor import Caller, house_of
from moorage.web.idempotency import subject_id


async def wanted_by(
    request: Request, caller: Caller, service_id: UUID, *, user_id: UUID | None, notes: str | None
) -> HoldRequest:
    """The booking that is asked for, as far as both say it. Raises ForbiddenError and NotFoundError for `user_id`."""
    house = house_of(request)
    client = await choose_client(house, caller.actor, user_id, by_admin=caller.is_admin)
    return HoldRequest(
        subject_id(request),
        client,
        caller.family_id if client == caller.user_id else None,
        service_id,
        house.ids(),
        house.ids(),
        house.terms.default_provider,
        special_requests=notes or "",
    )


async def made_line(request: Request, caller: Caller, booking_id: UUID) -> Line:
    """What was booked, as lists show it."""
    async with house_of(request).database.reading(caller.actor) as db:
        line = await lines.line(db, booking_id, asker_of(caller))
    if line is None:
        raise NotFoundError
    return line


def asker_of(caller: Caller) -> Asker:
    """Who reads."""
    return Asker(caller.user_id, caller.practitioner_id, caller.is_admin)


def check_range(time_from: AwareDatetime | None, time_to: AwareDatetime | None) -> None:
    """Raise InvalidRangeError for a range that ends before it begins."""
    if time_from is not None and time_to is not None and time_from >= time_to:
        raise InvalidRangeError("`from` comes before `to`.", pointer="?to")
