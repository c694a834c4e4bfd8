"""Every read of bookings. Row-level security decides what the asker may see; the predicates repeat it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg

from moorage.kernel.db import Connection

Status = Literal["pending", "confirmed", "completed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Participant:
    """One who takes part; `price_minor` is their share where each is priced."""

    name: str
    email: str | None
    option: str | None
    price_minor: int
    attended: bool | None
    notes: str


@dataclass(frozen=True, slots=True)
class Child:
    """One date of a course."""

    id: UUID
    session_id: UUID
    status: Status
    starts_at: datetime
    ends_at: datetime
    attended: bool | None


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A booking's latest payment, as the asker may see it. `client_secret` and `checkout_url` are the payer's."""

    id: UUID
    provider: str
    status: str
    amount_minor: int
    client_secret: str | None
    checkout_url: str | None
    payer_id: UUID | None


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking as people see it. Amounts in minor units of `currency`; `refund_status` is None where nothing goes
    back, else 'pending', 'succeeded' or 'failed'.
    """

    id: UUID
    status: Status
    service_id: UUID
    practitioner_id: UUID
    client_id: UUID
    session_id: UUID | None
    parent_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    timezone: str
    currency: str
    total_minor: int
    due_now_minor: int
    commission_minor: int
    paid_minor: int
    refunded_minor: int
    free_until_hours: int
    late_fee_bps: int
    special_requests: str
    hold_expires_at: datetime | None
    attended: bool | None
    cancel_kind: str | None
    cancel_reason: str | None
    cancelled_at: datetime | None
    reschedule_count: int
    created_at: datetime
    participants: list[Participant]
    children: list[Child]
    payment: PaymentView | None
    refund_status: str | None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who reads: their user, their practitioner where they are one, and whether they are an admin."""

    user_id: UUID
    practitioner_id: UUID | None
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """Which bookings a list holds; None does not filter. `side` is the asker's own. `from_` and `to` bound the start,
    half-open. `now` is for `ended`: True for what is over (history), False for what is to come (upcoming).
    """

    statuses: list[str] | None = None
    service_id: UUID | None = None
    practitioner_id: UUID | None = None
    from_: datetime | None = None
    to: datetime | None = None
    side: Literal["client", "practitioner"] | None = None
    search: str | None = None
    ended: bool | None = None
    now: datetime | None = None


ORDERINGS: Final = {
    "start_time": "b.starts_at",
    "created_at": "b.created_at",
    "total_amount": "b.total_minor",
    "status": "b.status",
}
"""What a list may be ordered by, and the column that it is."""

_SHOWN: Final = """
SELECT b.id, b.status, b.service_id, b.practitioner_id, b.client_id, b.session_id, b.parent_id, b.starts_at, b.ends_at,
       b.timezone, b.currency, b.total_minor, b.due_now_minor, b.commission_minor, b.paid_minor, b.refunded_minor,
       b.free_until_hours, b.late_fee_bps, b.special_requests, b.address, b.hold_expires_at, b.attended, b.cancel_kind,
       b.cancel_reason, b.cancelled_at, b.reschedule_count, b.created_at,
       (SELECT json_agg(json_build_array(p.name, p.email, p.option_name, p.price_minor, p.attended, p.notes)
                        ORDER BY p.position)
          FROM booking_participants p WHERE p.booking_id = coalesce(b.parent_id, b.id)) AS participants,
       (SELECT json_agg(json_build_array(c.id, c.session_id, c.status, c.starts_at, c.ends_at, c.attended)
                        ORDER BY c.starts_at)
          FROM bookings c WHERE c.parent_id = b.id) AS children,
       pay.id AS payment_id, pay.provider, pay.status AS payment_status, pay.amount_minor, pay.client_secret,
       pay.checkout_url, pay.payer_id,
       (SELECT CASE WHEN bool_or(r.status = 'pending') THEN 'pending' WHEN bool_or(r.status = 'failed') THEN 'failed'
                    WHEN count(*) > 0 THEN 'succeeded' END
          FROM refunds r JOIN payments paid ON paid.id = r.payment_id
         WHERE paid.purpose_id = b.id AND b.refunded_minor > 0) AS refund_status
"""
_WITH_PAYMENT: Final = """
  LEFT JOIN LATERAL (
    SELECT p.* FROM payments p WHERE p.purpose_id = coalesce(b.parent_id, b.id) AND p.purpose LIKE 'booking%'
       -- An invoice that a provider hosts is the booking's payment once money has come by it.
       AND (p.mode <> 'invoice' OR p.status = 'processing' OR p.succeeded_at IS NOT NULL)
     ORDER BY p.created_at DESC, p.id DESC LIMIT 1
  ) pay ON true
"""
_VIEW: Final = f"{_SHOWN} FROM bookings b {_WITH_PAYMENT}"
_SEEN: Final = "(b.client_id = $1 OR b.practitioner_id = $2 OR $3)"
_WANTED: Final = f"""
WHERE {_SEEN} AND b.parent_id IS NULL
  AND ($4::text[] IS NULL OR b.status = ANY ($4)) AND ($5::uuid IS NULL OR b.service_id = $5)
  AND ($6::uuid IS NULL OR b.practitioner_id = $6) AND ($7::timestamptz IS NULL OR b.starts_at >= $7)
  AND ($8::timestamptz IS NULL OR b.starts_at < $8)
  AND CASE $9::text WHEN 'client' THEN b.client_id = $1 WHEN 'practitioner' THEN b.practitioner_id = $2 ELSE true END
  AND ($10::text IS NULL OR b.special_requests ILIKE $10
       OR EXISTS (SELECT FROM services s WHERE s.id = b.service_id AND s.title ILIKE $10)
       OR EXISTS (SELECT FROM booking_participants p WHERE p.booking_id = b.id AND p.name ILIKE $10))
  AND CASE $11::boolean WHEN false THEN b.status IN ('pending', 'confirmed') AND b.ends_at > $12
                        WHEN true THEN b.status IN ('completed', 'cancelled') OR b.ends_at <= $12 ELSE true END
"""  # noqa: S608 - constants


async def booking(db: Connection, booking_id: UUID, asker: Asker) -> BookingView | None:
    """One booking (or one date of a course) that the asker may see."""
    row = await db.fetchrow(
        f"{_VIEW} WHERE {_SEEN} AND b.id = $4",
        asker.user_id,
        asker.practitioner_id,
        asker.is_admin,
        booking_id,
    )
    return None if row is None else _view(row)


async def bookings(
    db: Connection, asker: Asker, filters: Filters, ordering: list[tuple[str, bool]], *, limit: int, offset: int
) -> tuple[int, list[BookingView]]:
    """How many bookings match, and one page of them. `ordering`: (a key of ORDERINGS, descending)."""
    search = None if filters.search is None else "%" + _literally(filters.search) + "%"
    arguments = (
        asker.user_id,
        asker.practitioner_id,
        asker.is_admin,
        filters.statuses,
        filters.service_id,
        filters.practitioner_id,
        filters.from_,
        filters.to,
        filters.side,
        search,
        filters.ended,
        filters.now,
    )
    count: int = await db.fetchval(f"SELECT count(*) FROM bookings b {_WANTED}", *arguments)  # noqa: S608 - constants
    columns = ", ".join(f"{ORDERINGS[name]} {'DESC' if descending else 'ASC'}" for name, descending in ordering)
    # The page first: what is shown of a booking is looked up for those on it alone.
    page = f"SELECT b.* FROM bookings b {_WANTED} ORDER BY {columns}, b.id LIMIT $13 OFFSET $14"  # noqa: S608 - constants
    listed = f"{_SHOWN} FROM ({page}) b {_WITH_PAYMENT} ORDER BY {columns}, b.id"
    rows = await db.fetch(listed, *arguments, limit, offset)
    return count, [_view(row) for row in rows]


async def practitioner_zone(db: Connection, service_id: UUID) -> str | None:
    """The time zone in which a service's practitioner works; None when there is no such service to be seen."""
    zone: str | None = await db.fetchval(
        "SELECT p.timezone FROM services s JOIN practitioners p ON p.id = s.practitioner_id WHERE s.id = $1", service_id
    )
    return zone


async def booked_zone(db: Connection, booking_id: UUID, asker: Asker) -> str | None:
    """The time zone that a booking is kept in; None when the asker sees no such booking."""
    zone: str | None = await db.fetchval(
        f"SELECT b.timezone FROM bookings b WHERE {_SEEN} AND b.id = $4",  # noqa: S608 - constants
        asker.user_id,
        asker.practitioner_id,
        asker.is_admin,
        booking_id,
    )
    return zone


@dataclass(frozen=True, slots=True)
class CancelPreview:
    """What cancelling now would give back and keep, in minor units."""

    refund_minor: int
    fee_minor: int
    currency: str


async def cancel_preview(db: Connection, booking_id: UUID, *, by: UUID, now: datetime) -> CancelPreview:
    """By the policy kept on the booking. Raises NotFoundError, InvalidStateError."""
    row = await db.fetchrow("SELECT * FROM preview_cancel($1, $2, $3)", booking_id, by, now)
    assert row is not None  # noqa: S101 - a function that answers a row always does
    return CancelPreview(*row)


def _view(row: asyncpg.Record) -> BookingView:
    fields: dict[str, Any] = {name: row[name] for name in _PLAIN}
    payment = None
    if row["payment_id"] is not None:
        payment = PaymentView(
            row["payment_id"],
            row["provider"],
            row["payment_status"],
            row["amount_minor"],
            row["client_secret"],
            row["checkout_url"],
            row["payer_id"],
        )
    return BookingView(
        **fields,
        participants=[Participant(*one) for one in row["participants"] or ()],
        children=[_child(one) for one in row["children"] or ()],
        payment=payment,
        refund_status=row["refund_status"],
    )


async def describe(db: Connection, booking_id: UUID) -> str | None:
    """What a payment for the booking is for, in a line for its payer: the service, with whom, and when."""
    line: str | None = await db.fetchval("SELECT describe_booking($1)", booking_id)
    return line


_PLAIN: Final = [
    name for name in BookingView.__slots__ if name not in {"participants", "children", "payment", "refund_status"}
]


def _child(columns: list[Any]) -> Child:
    id_, session_id, status, starts_at, ends_at, attended = columns
    begins, ends = datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at)
    return Child(UUID(id_), UUID(session_id), status, begins, ends, attended)


def _literally(text: str) -> str:
    """What a person searches for, with LIKE's own signs as themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
