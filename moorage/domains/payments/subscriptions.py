"""Subscriptions as we keep them: who pays what by the period at which provider, written from the provider's word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from moorage.domains.payments.recurring import ProviderSubscription, SubscriptionPeriod
from moorage.domains.payments.states import Ending, Interval, SubscriptionStatus
from moorage.domains.payments.subscription_tables import subscriptions
from moorage.kernel.db import Connection, fetch_built


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription. `amount_minor` of a period, None where the provider cannot say before; `items` hold price, name,
    amount_minor and quantity. `ending`: its end was asked for here, and the provider has not confirmed it yet.
    """

    id: UUID
    provider: str
    provider_ref: str
    user_id: UUID | None
    email: str | None
    status: SubscriptionStatus
    items: Sequence[Mapping[str, Any]]
    amount_minor: int | None
    currency: str
    interval_unit: Interval
    interval_count: int
    period_starts_at: datetime | None
    period_ends_at: datetime | None
    cancel_at_period_end: bool
    canceled_at: datetime | None
    ended_at: datetime | None
    ending: Ending | None
    ending_since: datetime | None
    started_at: datetime
    updated_at: datetime


_ROW = tuple(subscriptions.c[name] for name in SubscriptionRow.__slots__)


async def subscription(db: Connection, subscription_id: UUID) -> SubscriptionRow | None:
    """One, as far as whoever is asking sees it."""
    rows = await fetch_built(db, select(*_ROW).where(subscriptions.c.id == subscription_id))
    return SubscriptionRow(**rows[0]) if rows else None


async def subscriptions_listed(
    db: Connection, user_id: UUID | None, status: str | None, *, limit: int, offset: int
) -> tuple[list[SubscriptionRow], int]:
    """One page of a user's (None: anybody's), the newest first, and how many there are."""
    where: list[ColumnElement[bool]] = [] if user_id is None else [subscriptions.c.user_id == user_id]
    where += [] if status is None else [subscriptions.c.status == status]
    count = await fetch_built(db, select(func.count()).select_from(subscriptions).where(*where))
    asked = select(*_ROW).where(*where).order_by(subscriptions.c.started_at.desc(), subscriptions.c.id.desc())
    return [SubscriptionRow(**row) for row in await fetch_built(db, asked.limit(limit).offset(offset))], count[0][0]


async def subscriptions_of(db: Connection, user_id: UUID | None, email: str) -> list[SubscriptionRow]:
    """Those of an account, and those of an address that has none, the newest first."""
    theirs: ColumnElement[bool] = and_(
        subscriptions.c.user_id.is_(None), func.lower(subscriptions.c.email) == email.lower()
    )
    if user_id is not None:  # compared with None, every one without an account would be theirs
        theirs = or_(theirs, subscriptions.c.user_id == user_id)
    asked = select(*_ROW).where(theirs)
    page = asked.order_by(subscriptions.c.started_at.desc(), subscriptions.c.id.desc()).limit(100)
    return [SubscriptionRow(**row) for row in await fetch_built(db, page)]


def told_subscription(told: ProviderSubscription) -> dict[str, Any]:
    """What a provider says of a subscription, as record_subscription reads it."""
    return {
        "reference": told.reference,
        "subscription_id": None if told.subscription_id is None else str(told.subscription_id),
        "customer": told.customer,
        "status": told.status,
        "items": [
            {"price": one.price, "name": one.name, "amount_minor": one.amount_minor, "quantity": one.quantity}
            for one in told.items
        ],
        "amount_minor": told.amount_minor,
        "currency": told.currency,
        "interval_unit": told.interval,
        "interval_count": told.interval_count,
        "cancel_at_period_end": told.cancel_at_period_end,
        **{
            name: None if at is None else at.isoformat()
            for name, at in (
                ("started_at", told.started_at),
                ("period_starts_at", told.period_starts_at),
                ("period_ends_at", told.period_ends_at),
                ("canceled_at", told.canceled_at),
                ("ended_at", told.ended_at),
            )
        },
    }


def told_period(told: SubscriptionPeriod) -> dict[str, Any]:
    """What a provider says of a billed period, as settle_period reads it."""
    return {
        "reference": told.reference,
        "is_first": told.is_first,
        "status": told.status,
        "amount_minor": told.amount_minor,
        "currency": told.currency,
        "description": f"{told.name}, {told.starts_at:%Y-%m-%d} to {told.ends_at:%Y-%m-%d}".lstrip(", "),
        "payment_method": told.payment_method,
        "failure_code": told.failure_code,
        "payer_email": told.payer_email,
        # As every payment's data is read: see record_payment_status.
        "data": {
            "ids": {**told.ids, "invoice": told.reference},
            **({} if told.tax_minor is None else {"tax_minor": told.tax_minor}),
        },
    }
