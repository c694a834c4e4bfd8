"""A booking as a calendar file (RFC 5545)."""

from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from icalendar import Calendar, Event

from moorage.apis.marketplace.envelope import problems
from moorage.domains.bookings.appointments import Appointment, appointments
from moorage.kernel.errors import NotFoundError
from moorage.web.actor import CurrentUser, house_of
from moorage.web.fields import Id

router = APIRouter(prefix="/bookings", tags=["Bookings"])

STATUS: Final = {"pending": "TENTATIVE", "confirmed": "CONFIRMED", "completed": "CONFIRMED", "cancelled": "CANCELLED"}


@router.get(
    "/{booking_id}/calendar.ics",
    operation_id="bookings_calendar",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}, **problems(401, 404)},
)
async def calendar(request: Request, booking_id: Id, caller: CurrentUser) -> Response:
    """The booking for a calendar program; a course has an event for each date. A later file updates the same events."""
    house = house_of(request)
    async with house.database.reading(caller.actor) as db:
        found = await appointments(db, booking_id, by=caller.user_id)
    if not found:
        raise NotFoundError("There is no such booking.")
    file = Calendar()
    file.add("prodid", "-//Moorage//Bookings//EN")
    file.add("version", "2.0")
    file.add("method", "CANCEL" if all(one.status == "cancelled" for one in found) else "PUBLISH")
    host = urlsplit(house.public_url).hostname or "moorage"
    for appointment in found:
        file.add_component(_event(appointment, host))
    headers = {"content-disposition": f'attachment; filename="booking-{booking_id}.ics"'}
    return Response(file.to_ical(), headers=headers, media_type="text/calendar; charset=utf-8")


def _event(appointment: Appointment, host: str) -> Event:
    event = Event()
    event.add("uid", f"{appointment.id}@{host}")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", appointment.changed_at)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    # The library escapes and folds whatever people wrote (RFC 5545, sections 3.1 and 3.3.11).
    event.add("summary", f"{appointment.title} with {appointment.practitioner_name}")
    event.add("status", STATUS[appointment.status])
    if appointment.location:
        event.add("location", appointment.location)
    return event
