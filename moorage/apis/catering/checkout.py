"""Starting a payment: on a payment page (`create-checkout-session`) or in the client's (`create-payment-intent`)."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.apis.catering.payment_shapes import PURPOSES, CheckoutIn, CheckoutSession, IntentIn, PaymentIntent
from moorage.domains.bookings import queries as bookings
from moorage.domains.bookings.errors import NotSupportedError
from moorage.domains.bookings.queries import Asker, BookingView
from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.domains.payments.gateway_values import Line
from moorage.journeys.customers import provider_customer
from moorage.journeys.house import House
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.journeys.start_subscription import SubscriptionStart, start_subscription
from moorage.journeys.sync_products import priced_lines
from moorage.kernel.errors import InvalidError, NotFoundError
from moorage.web.actor import Caller, CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.idempotency import subject_id
from moorage.web.pay_links import pay_address
from moorage.web.return_urls import check_return_urls

router = APIRouter(prefix="/stripe", tags=["Catering payments"], route_class=StrictRoute)
CURRENCY: Final = "USD"
"""What a free amount is in where nothing says otherwise."""
_UNKNOWN: Final = {202: {"description": "The provider has not answered yet; it is being asked."}}


class LinesRequiredError(InvalidError):
    """Say what is paid for: `line_items` or `price_ids`, one of them."""

    code = "lines_required"


@router.post(
    "/create-checkout-session",
    operation_id="catering_checkout_create",
    response_model=CheckoutSession,
    responses={**problems(401, 404, 409, 422), 202: {**_UNKNOWN[202], "model": CheckoutSession}},
)
async def create_checkout_session(request: Request, caller: CurrentUser, body: CheckoutIn) -> Response:
    """A payment page for what is listed. With a booking its total may not be more than what is still owed: the deposit
    that is due, all of it, or another part. With `mode` `subscription`: to pay these recurring prices of the provider's
    from now on, the first period at once.
    """
    house = house_of(request)
    check_return_urls(request, success_url=body.success_url, cancel_url=body.cancel_url)
    if body.mode == "subscription":
        return await _subscribe(request, caller, body)
    booking = await _booking(house, caller, body.booking_id)
    lines, currency = await _lines(house, body, booking)
    amount = sum(line.amount_minor * line.quantity for line in lines)
    gateway = house.gateways[house.terms.default_provider]
    start = PaymentStart(
        subject_id(request),
        house.ids(),
        amount,
        currency,
        purpose="free_amount" if booking is None else _purpose(booking, amount),
        purpose_id=body.booking_id,
        payer_id=_payer(caller, booking, body.customer_email),
        payer_email=body.customer_email,
        mode="checkout" if gateway.capabilities.hosted_checkout else "intent",
        lines=lines,
        description=", ".join(line.name for line in lines)[:200],
        return_url=body.success_url,
        cancel_url=body.cancel_url,
        customer=await _customer(house, caller, booking),
        metadata=body.metadata,
    )
    try:
        started = await start_payment(house, caller.actor, start)
    except OutcomeUnknownError:
        return _unknown(start.payment_id)
    # A provider without a page of its own has its form on ours.
    page = started.checkout_url or f"{house.public_url}{pay_address(request, start.payment_id)}"
    return said(CheckoutSession.of(replace(started, checkout_url=page)))


async def _subscribe(request: Request, caller: Caller, body: CheckoutIn) -> Response:
    if body.booking_id is not None:
        raise NotSupportedError("A subscription is not for a booking.", pointer="/booking_id")
    if body.price_ids is None or body.line_items is not None:
        raise LinesRequiredError("A subscription is of recurring prices: name them alone.", pointer="/price_ids")
    start = SubscriptionStart(
        subject_id(request),
        body.price_ids,
        payer_id=_payer(caller, None, body.customer_email),
        payer_email=body.customer_email,
        return_url=body.success_url,
        cancel_url=body.cancel_url,
        metadata=body.metadata,
    )
    try:
        return said(CheckoutSession.of(await start_subscription(house_of(request), caller.actor, start)))
    except OutcomeUnknownError:
        return _unknown(start.payment_id)


def _unknown(payment_id: UUID) -> Response:
    unknown = CheckoutSession(
        session_id=None, url=None, payment_id=payment_id, expires_at=None, tax=0, status="pending"
    )
    return said(unknown, 202)


@router.post(
    "/create-payment-intent",
    operation_id="catering_intent_create",
    response_model=PaymentIntent,
    responses={**problems(401, 404, 409, 422), 202: {**_UNKNOWN[202], "model": PaymentIntent}},
)
async def create_payment_intent(request: Request, caller: CurrentUser, body: IntentIn) -> Response:
    """A payment for the client's own page. A deposit, and a full payment, are exactly what is due; a balance or an
    add-on may be paid in parts. Without a booking: a free amount.
    """
    house = house_of(request)
    booking = await _booking(house, caller, body.booking_id)
    customer = await _customer(house, caller, booking)
    start = PaymentStart(
        subject_id(request),
        house.ids(),
        body.amount,
        body.currency or (CURRENCY if booking is None else booking.currency),
        purpose="free_amount" if booking is None else PURPOSES[body.payment_type],
        purpose_id=body.booking_id,
        payer_id=_payer(caller, booking, None),
        customer=customer,
        metadata={"payment_type": body.payment_type},
    )
    try:
        return said(PaymentIntent.of(await start_payment(house, caller.actor, start), customer))
    except OutcomeUnknownError:
        unknown = PaymentIntent(
            client_secret=None,
            payment_intent_id=None,
            payment_id=start.payment_id,
            customer_id=None,
            status="pending",
        )
        return said(unknown, 202)


async def _booking(house: House, caller: Caller, booking_id: UUID | None) -> BookingView | None:
    if booking_id is None:
        return None
    async with house.database.reading(caller.actor) as db:
        view = await bookings.booking(db, booking_id, Asker(caller.user_id, None, caller.is_admin))
    if view is None:
        raise NotFoundError("There is no such booking.")
    return view


async def _lines(house: House, body: CheckoutIn, booking: BookingView | None) -> tuple[tuple[Line, ...], str]:
    """What is paid for, and in which currency."""
    if (body.line_items is None) == (body.price_ids is None):
        raise LinesRequiredError(pointer="/line_items")
    if body.price_ids is not None:
        return await priced_lines(house, body.price_ids)
    lines = tuple(Line(one.name, one.amount, one.quantity, one.description) for one in body.line_items or ())
    return lines, body.currency or (CURRENCY if booking is None else booking.currency)


def _purpose(booking: BookingView, amount: int) -> str:
    """What of a booking `amount` pays."""
    kept = booking.paid_minor - booking.refunded_minor
    if booking.status == "pending" and amount == booking.due_now_minor - kept and amount < booking.total_minor - kept:
        return "booking_deposit"
    return "booking_full" if kept == 0 and amount == booking.total_minor else "booking_balance"


async def _customer(house: House, caller: Caller, booking: BookingView | None) -> str | None:
    """The provider's customer for whoever pays; made on first need."""
    payer = caller.user_id if booking is None else booking.client_id
    return await provider_customer(house, house.terms.default_provider, payer)


def _payer(caller: Caller, booking: BookingView | None, email: str | None) -> UUID | None:
    """Who pays: for a booking its client; an administrator may ask somebody without an account."""
    if booking is not None:
        return booking.client_id
    return None if caller.is_admin and email is not None else caller.user_id
