"""A booking as the marketplace contract shows it."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from moorage.domains.availability.zones import pinned_zone
from moorage.domains.bookings import queries
from moorage.domains.bookings.queries import Asker, BookingView, PaymentView
from moorage.journeys.house import House
from moorage.kernel.errors import NotFoundError
from moorage.kernel.money import format_amount
from moorage.web.actor import Caller

_OPEN = frozenset({"pending", "requires_action", "failed"})


class ParticipantOut(BaseModel):
    """One who takes part; `price` is theirs where participants are priced one by one."""

    name: str
    email: str | None
    option: str | None
    price: str = Field(examples=["25.00"])
    attended: bool | None
    notes: str


class ChildOut(BaseModel):
    """One date of a course."""

    id: str
    session_id: str
    status: str
    start_time: str
    end_time: str
    attended: bool | None


class CancellationOut(BaseModel):
    """The policy kept on the booking, and how it ended where it was cancelled."""

    free_until_hours: int
    late_fee_percent: int | float
    free_until: str = Field(description="Cancelling is free until this instant", examples=["2026-12-14T10:30:00+01:00"])
    cancelled_at: str | None
    cancelled_by: Literal["client", "practitioner", "admin", "expired", "not_available"] | None
    reason: str | None


class PaymentOut(BaseModel):
    """The latest payment. `client_secret` and `checkout_url` are for the client while it can be paid."""

    id: str
    provider: str
    status: str
    amount: str = Field(examples=["80.00"])
    client_secret: str | None
    checkout_url: str | None


class RefundOut(BaseModel):
    """What goes back. `status`: none, pending, succeeded, failed; `preview` where nothing was done."""

    amount: str = Field(examples=["80.00"])
    status: Literal["none", "pending", "succeeded", "failed", "preview"]
    fee: str = Field(description="What is kept of what was paid", examples=["0.00"])


class BookingOut(BaseModel):
    """A booking. Amounts are decimal strings in whole units of `currency`; times carry `timezone`'s offset."""

    id: str
    status: Literal["pending", "confirmed", "completed", "cancelled"]
    service_id: str
    practitioner_id: str
    client_id: str
    session_id: str | None
    booking_date: str = Field(description="The local date of the start", examples=["2026-12-15"])
    start_time: str = Field(examples=["2026-12-15T10:30:00+01:00"])
    end_time: str = Field(examples=["2026-12-15T11:30:00+01:00"])
    timezone: str = Field(examples=["Europe/Berlin"])
    currency: str = Field(examples=["EUR"])
    total_amount: str = Field(examples=["80.00"])
    amount_due_now: str = Field(examples=["80.00"])
    amount_paid: str = Field(examples=["0.00"])
    credits_applied: str = Field(examples=["0.00"])
    commission_amount: str = Field(examples=["4.00"])
    parent_booking: str | None
    children: list[ChildOut]
    participants: list[ParticipantOut]
    room: None
    special_requests: str
    attended: bool | None
    hold_expires_at: str | None
    cancellation: CancellationOut
    payment: PaymentOut | None
    refund: RefundOut | None
    created_at: str


def booking_shape(view: BookingView, house: House, asker_id: UUID) -> dict[str, Any]:
    """`BookingOut` as a dict, ready to be dumped; no model is made: this is the hottest answer there is."""
    zone, currency = zone_of(view.timezone), view.currency
    start = view.starts_at.astimezone(zone)
    kept = view.paid_minor - view.refunded_minor
    due = view.due_now_minor - kept if view.status == "pending" else 0
    nothing = format_amount(0, currency)
    return {
        "id": view.id,
        "status": view.status,
        "service_id": view.service_id,
        "practitioner_id": view.practitioner_id,
        "client_id": view.client_id,
        "session_id": view.session_id,
        "booking_date": start.date().isoformat(),
        "start_time": start.isoformat(),
        "end_time": view.ends_at.astimezone(zone).isoformat(),
        "timezone": view.timezone,
        "currency": currency,
        "total_amount": format_amount(view.total_minor, currency),
        "amount_due_now": format_amount(due, currency) if due > 0 else nothing,
        "amount_paid": format_amount(view.paid_minor, currency) if view.paid_minor else nothing,
        "credits_applied": nothing,
        "commission_amount": format_amount(view.commission_minor, currency),
        "parent_booking": view.parent_id,
        "children": [
            {
                "id": child.id,
                "session_id": child.session_id,
                "status": child.status,
                "start_time": child.starts_at.astimezone(zone).isoformat(),
                "end_time": child.ends_at.astimezone(zone).isoformat(),
                "attended": child.attended,
            }
            for child in view.children
        ],
        "participants": [
            {
                "name": one.name,
                "email": one.email,
                "option": one.option,
                "price": format_amount(one.price_minor, currency) if one.price_minor else nothing,
                "attended": one.attended,
                "notes": one.notes,
            }
            for one in view.participants
        ],
        "room": None,
        "special_requests": view.special_requests,
        "attended": view.attended,
        "hold_expires_at": _instant(view.hold_expires_at, zone),
        "cancellation": {
            "free_until_hours": view.free_until_hours,
            "late_fee_percent": percent(view.late_fee_bps),
            "free_until": (view.starts_at - timedelta(hours=view.free_until_hours)).astimezone(zone).isoformat(),
            "cancelled_at": _instant(view.cancelled_at, zone),
            "cancelled_by": view.cancel_kind,
            "reason": view.cancel_reason,
        },
        "payment": view.payment and _payment(view.payment, currency, house, asker_id),
        "refund": _refund(view),
        "created_at": view.created_at.astimezone(zone).isoformat(),
    }


def percent(bps: int) -> int | float:
    """Basis points as per cent: 5000 is 50, 1250 is 12.5."""
    return bps // 100 if bps % 100 == 0 else bps / 100


def asker_of(caller: Caller) -> Asker:
    """Who reads, as the queries take it."""
    return Asker(caller.user_id, caller.practitioner_id, caller.is_admin)


def zone_of(name: str) -> tzinfo:
    """The zone that a booking is kept in; UTC for one that the pinned release has dropped since."""
    try:
        return pinned_zone(name)
    except KeyError:
        return UTC


def _instant(at: datetime | None, zone: tzinfo) -> str | None:
    return None if at is None else at.astimezone(zone).isoformat()


def _payment(payment: PaymentView, currency: str, house: House, asker_id: UUID) -> dict[str, Any]:
    secret, url = payment.client_secret, payment.checkout_url
    if payment.status not in _OPEN or payment.payer_id != asker_id:
        secret = url = None
    elif secret is None and url is None and payment.provider in house.gateways:
        secret, url = house.gateways[payment.provider].ahead(payment.id)
    return {
        "id": payment.id,
        "provider": payment.provider,
        "status": payment.status,
        "amount": format_amount(payment.amount_minor, currency),
        "client_secret": secret,
        "checkout_url": url,
    }


def _refund(view: BookingView) -> dict[str, str] | None:
    if view.status != "cancelled" and not view.refunded_minor:
        return None
    return {
        "amount": format_amount(view.refunded_minor, view.currency),
        "status": view.refund_status or "none",
        "fee": format_amount(view.paid_minor - view.refunded_minor, view.currency),
    }


async def read_shape(house: House, booking_id: UUID, caller: Caller) -> dict[str, Any]:
    """One booking of the caller's as it is now, shaped. Raises NotFoundError."""
    async with house.database.reading(caller.actor) as db:
        view = await queries.booking(db, booking_id, asker_of(caller))
    if view is None:
        raise NotFoundError("There is no such booking.")
    return booking_shape(view, house, caller.user_id)
