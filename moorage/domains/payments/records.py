"""Payments that another service collects and records here: every question and verb about them.

All run as whoever is asking; amounts are minor units, statuses the core's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Uuid, any_, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from moorage.domains.payments.errors import InvalidTransitionError
from moorage.domains.payments.tables import payment_records, payments
from moorage.kernel.db import Connection, fetch_built

RECORD_COLUMNS: Final = (
    "gateway_payment_id",
    "checkout_session_id",
    "payment_method_id",
    "payment_method_types",
    "customer_id",
    "customer_email",
    "booking_no",
    "property_no",
    "description",
)
"""The columns of payment_records that somebody says; all but the first may change."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A recorded payment. `subject` is who its payer is elsewhere, where they have an account there."""

    no: int
    payment_id: UUID
    payer_id: UUID
    subject: str | None
    status: str
    provider: str
    amount_minor: int
    currency: str
    gateway_payment_id: str
    checkout_session_id: str | None
    payment_method_id: str | None
    payment_method_types: Sequence[str]
    customer_id: str | None
    customer_email: str | None
    booking_no: int | None
    property_no: int | None
    description: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records: each given field narrows. `payer_id` None and no `subject`: everybody's. `statuses` are the
    core's; `created_to` is not included.
    """

    payer_id: UUID | None = None
    subject: str | None = None
    statuses: Sequence[str] | None = None
    provider: str | None = None
    currency: str | None = None
    booking_no: int | None = None
    property_no: int | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A payment to be recorded as it stands; `record` holds RECORD_COLUMNS."""

    payment_id: UUID
    amount_minor: int
    currency: str
    provider: str
    status: str
    record: Mapping[str, Any]


_JOINED: Final = payments.join(payment_records, payment_records.c.payment_id == payments.c.id)
_ROW: Final = (
    payments.c.no,
    payments.c.id.label("payment_id"),
    payments.c.payer_id,
    func.external_subject(payments.c.payer_id).label("subject"),
    payments.c.status,
    payments.c.provider,
    payments.c.amount_minor,
    payments.c.currency,
    *(payment_records.c[name] for name in RECORD_COLUMNS),
    payments.c.created_at,
    func.greatest(payments.c.updated_at, payment_records.c.updated_at).label("updated_at"),
)


async def record_of_no(db: Connection, no: int) -> RecordRow | None:
    """A record by its running number, if the asker may see it."""
    return await _one(db, payments.c.no == no)


async def record_of_gateway_id(db: Connection, gateway_payment_id: str) -> RecordRow | None:
    """A record by the provider's id, if the asker may see it."""
    return await _one(db, payment_records.c.gateway_payment_id == gateway_payment_id)


async def record_exists(db: Connection, *, no: int | None = None, gateway_payment_id: str | None = None) -> bool:
    """Whether there is such a record at all, the asker's or not."""
    exists: bool = await db.fetchval("SELECT payment_record_exists($1, $2)", no, gateway_payment_id)
    return exists


async def records_of(db: Connection, wanted: RecordFilter, *, limit: int, offset: int) -> tuple[list[RecordRow], int]:
    """One page of the records that the asker may see, the newest first, and how many there are."""
    where = _where(wanted)
    if wanted.subject is not None:  # asked first: who they are decides which index is read
        users = [row[0] for row in await db.fetch("SELECT external_users($1)", wanted.subject)]
        where.append(payments.c.payer_id == any_(cast(users, ARRAY(Uuid))))
    count = await fetch_built(db, select(func.count()).select_from(_JOINED).where(*where))
    page: Select[tuple[Any, ...]] = (
        select(*_ROW)
        .select_from(_JOINED)
        .where(*where)
        .order_by(payments.c.created_at.desc(), payments.c.no.desc())
        .limit(limit)
        .offset(offset)
    )
    return [RecordRow(**row) for row in await fetch_built(db, page)], count[0][0]


async def record_payment(db: Connection, new: NewRecord) -> int:
    """Record a payment of the asker's; its running number. The same `payment_id` again answers the same. Refuses
    'payment_id_taken', 'checkout_session_id_taken'.
    """
    number: int = await db.fetchval(
        "SELECT record_payment($1, $2, $3, $4, $5, $6)",
        new.payment_id,
        new.amount_minor,
        new.currency,
        new.provider,
        new.status,
        dict(new.record),
    )
    return number


async def describe_record(db: Connection, no: int, changes: Mapping[str, Any]) -> None:
    """Change the descriptions that `changes` names. Raises NotFoundError, ForbiddenError,
    CheckoutSessionIdTakenError.
    """
    await db.execute("SELECT describe_record($1, $2)", no, dict(changes))


async def restate_record(db: Connection, no: int, status: str, *, only_from: Sequence[str] | None = None) -> None:
    """Move a recorded payment; one that is there already stays. Raises NotFoundError, ForbiddenError, and
    InvalidTransitionError, whose facts name `from` and `to`.
    """
    row = await db.fetchrow("SELECT outcome, was FROM restate_record($1, $2, $3)", no, status, only_from)
    assert row is not None  # noqa: S101 - the function answers or refuses
    if row["outcome"] == "impossible":
        raise InvalidTransitionError(**{"from": row["was"], "to": status})


async def _one(db: Connection, where: ColumnElement[bool]) -> RecordRow | None:
    rows = await fetch_built(db, select(*_ROW).select_from(_JOINED).where(where))
    return RecordRow(**rows[0]) if rows else None


def _where(wanted: RecordFilter) -> list[ColumnElement[bool]]:
    """Every condition but the first may be answered by an index of its own; the first makes them apply."""
    where: list[ColumnElement[bool]] = [payments.c.purpose == literal("free_amount", literal_execute=True)]
    if wanted.payer_id is not None:
        where.append(payments.c.payer_id == wanted.payer_id)
    if wanted.statuses is not None:
        where.append(payments.c.status == any_(cast(list(wanted.statuses), ARRAY(Text))))
    for column, value in (
        (payments.c.provider, wanted.provider),
        (payments.c.currency, wanted.currency),
        (payment_records.c.booking_no, wanted.booking_no),
        (payment_records.c.property_no, wanted.property_no),
    ):
        if value is not None:
            where.append(column == value)
    if wanted.created_from is not None:
        where.append(payments.c.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        where.append(payments.c.created_at < wanted.created_to)
    return where
