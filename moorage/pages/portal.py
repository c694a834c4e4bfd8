"""`/portal`: what somebody booked, was billed and paid, by a link mailed to their address; and paying what is owed."""

from functools import partial
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from moorage.domains.invoicing.errors import PortalLinkExpiredError
from moorage.domains.invoicing.portal import Person, bookings_of, invoices_of, open_quotes_of, payments_of
from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.recurring import OVER
from moorage.domains.payments.subscriptions import subscriptions_of
from moorage.journeys.cancel_subscription import cancel_subscription
from moorage.journeys.pay_invoice import pay_booking
from moorage.journeys.portal_link import mail_portal_link, open_portal_link
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidStateError, MoorageError, NotFoundError
from moorage.pages.paying import REFUSED, begin_paying
from moorage.pages.view import form_of, notice, page
from moorage.web.actor import house_of

router = APIRouter(include_in_schema=False)
_MAX_EMAIL = 254


@router.get("/portal", operation_id="portal_ask")
async def ask(request: Request) -> Response:
    """Ask for the address."""
    return page(request, "portal_ask.html", wrong=None, email="")


@router.post("/portal", operation_id="portal_mail")
async def send_link(request: Request) -> Response:
    """Mail a link to that address; the answer is the same whether or not anything is known of it."""
    form = await form_of(request)
    email = form.get("email", "").strip()
    local, at, domain = email.rpartition("@")
    if not at or not local or "." not in domain or len(email) > _MAX_EMAIL or len(email.split()) != 1:
        return page(
            request, "portal_ask.html", 422, wrong="Write your whole address, like ann@example.com.", email=email
        )
    await mail_portal_link(house_of(request), email)
    text = f"If {email} has bookings or payments here, a link to them is on its way."
    return notice(request, 200, "Look into your mailbox", text)


@router.get("/portal/{token}", operation_id="portal_page")
async def look(request: Request, token: str, payment: str = "") -> Response:
    """Show everything of the address that the link was mailed to; after paying, look again until it is counted."""
    try:
        return await _shown(request, token, started=payment)
    except (NotFoundError, PortalLinkExpiredError) as refused:
        return _closed(request, refused)


@router.post("/portal/{token}/pay", operation_id="portal_pay")
async def pay(request: Request, token: str) -> Response:
    """Start paying what one of their bookings owes."""
    form = await form_of(request)
    house = house_of(request)
    try:
        booking_id = await _booking_of(request, token, form.get("booking", ""))
    except (NotFoundError, PortalLinkExpiredError) as refused:
        return _closed(request, refused)
    try:
        return await begin_paying(request, f"/portal/{token}", partial(pay_booking, house, booking_id))
    except REFUSED as refused:
        return await _shown(request, token, 422, refused=refused.detail)


@router.post("/portal/{token}/end", operation_id="portal_end")
async def end(request: Request, token: str) -> Response:
    """End one of their subscriptions with the period that is paid; the page shows what became of it."""
    form = await form_of(request)
    house = house_of(request)
    try:
        subscription_id = await _subscription_of(request, token, form.get("subscription", ""))
    except (NotFoundError, PortalLinkExpiredError) as refused:
        return _closed(request, refused)
    try:
        await cancel_subscription(house, SYSTEM, subscription_id, at_period_end=True)
    except InvalidStateError:
        pass  # It is over, and is shown so.
    except ProviderDeclinedError as refused:
        return await _shown(request, token, 422, refused=refused.detail)
    return RedirectResponse(f"/portal/{token}", 303)


async def _booking_of(request: Request, token: str, wanted: str) -> UUID:
    """The booking by that id, if it is of whose portal this is. Raises NotFoundError, PortalLinkExpiredError."""
    house = house_of(request)
    email, user_id, _ = await open_portal_link(house, token)
    async with house.database.reading(SYSTEM) as db:
        theirs = {str(booking.id) for booking in await bookings_of(db, Person(email, user_id), house.clock())}
    if wanted not in theirs:
        raise NotFoundError("There is no such booking.")
    return UUID(wanted)


async def _subscription_of(request: Request, token: str, wanted: str) -> UUID:
    """The subscription by that id, likewise."""
    house = house_of(request)
    email, user_id, _ = await open_portal_link(house, token)
    async with house.database.reading(SYSTEM) as db:
        theirs = {str(one.id) for one in await subscriptions_of(db, user_id, email)}
    if wanted not in theirs:
        raise NotFoundError("There is no such subscription.")
    return UUID(wanted)


async def _shown(request: Request, token: str, status: int = 200, *, started: str = "", refused: str = "") -> Response:
    house = house_of(request)
    email, user_id, expires_at = await open_portal_link(house, token)
    person, now = Person(email, user_id), house.clock()
    async with house.database.reading(SYSTEM) as db:
        bookings = await bookings_of(db, person, now, started)
        return page(
            request,
            "portal.html",
            status,
            refresh="2" if any(booking.is_coming for booking in bookings) else None,
            email=email,
            expires_at=expires_at,
            token=token,
            path=house.links.path,
            zone=house.terms.business_timezone,
            refused=refused,
            bookings=bookings,
            quotes=await open_quotes_of(db, person, now),
            invoices=await invoices_of(db, person, now),
            payments=await payments_of(db, person),
            subscriptions=[one for one in await subscriptions_of(db, user_id, email) if one.status not in OVER],
        )


def _closed(request: Request, refused: MoorageError) -> Response:
    if isinstance(refused, PortalLinkExpiredError):
        text = "Links to the portal work for a while only. Ask for a new one at /portal."
        return notice(request, 410, "This link has expired", text)
    return notice(request, 404, "There is nothing here", "The link may be incomplete: open it again from its mail.")
