"""Subscriptions and their end: `/api/stripe/subscriptions`. They are begun at `create-checkout-session`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.domains.payments.states import Ending, Interval, SubscriptionStatus
from moorage.domains.payments.subscriptions import SubscriptionRow, subscription, subscriptions_listed
from moorage.journeys.cancel_subscription import cancel_subscription
from moorage.kernel.errors import NotFoundError
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id, StrictModel
from moorage.web.slices import Sliced, Slicing, sliced

router = APIRouter(prefix="/stripe", tags=["Catering payments"], route_class=StrictRoute)


class EndIn(StrictModel):
    """When it ends: with the period that is paid, or now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    at_period_end: bool = True


class SubscriptionPlan(BaseModel):
    """One recurring price of it; `amount` is of one piece."""

    price_id: str
    name: str
    amount: int | None
    quantity: int


class CateringSubscription(BaseModel):
    """What a customer pays by the period. `amount` is in cents, of one period; null where it is known only afterwards.
    `ending`: its end was asked for, and the provider has not confirmed it yet.
    """

    id: UUID
    customer_id: UUID | None
    customer_email: str | None
    status: SubscriptionStatus = Field(examples=["active"])
    amount: int | None = Field(examples=[2000])
    currency: str = Field(examples=["USD"])
    interval: Interval = Field(examples=["month"])
    interval_count: int = Field(examples=[1])
    items: list[SubscriptionPlan]
    current_period_start: datetime | None
    current_period_end: datetime | None
    cancel_at_period_end: bool
    ending: Ending | None
    canceled_at: datetime | None
    ended_at: datetime | None
    provider: str = Field(examples=["stripe"])
    provider_reference: str
    started_at: datetime

    @classmethod
    def of(cls, row: SubscriptionRow) -> "CateringSubscription":
        """The view of one row."""
        return cls(
            id=row.id,
            customer_id=row.user_id,
            customer_email=row.email,
            status=row.status,
            amount=row.amount_minor,
            currency=row.currency,
            interval=row.interval_unit,
            interval_count=row.interval_count,
            items=[_plan(item) for item in row.items],
            current_period_start=row.period_starts_at,
            current_period_end=row.period_ends_at,
            cancel_at_period_end=row.cancel_at_period_end,
            ending=row.ending,
            canceled_at=row.canceled_at,
            ended_at=row.ended_at,
            provider=row.provider,
            provider_reference=row.provider_ref,
            started_at=row.started_at,
        )


def _plan(item: Any) -> SubscriptionPlan:
    return SubscriptionPlan(
        price_id=item["price"], name=item["name"], amount=item["amount_minor"], quantity=item["quantity"]
    )


@router.get(
    "/subscriptions",
    operation_id="catering_subscriptions_list",
    response_model=Sliced[CateringSubscription],
    responses=problems(401, 422),
)
async def list_subscriptions(
    request: Request, caller: CurrentUser, part: Slicing, *, status: SubscriptionStatus | None = None
) -> Response:
    """One's own subscriptions, the newest first; an administrator sees all."""
    whose = None if caller.is_admin else caller.user_id
    async with house_of(request).database.reading(caller.actor) as db:
        rows, total = await subscriptions_listed(db, whose, status, limit=part.limit, offset=part.offset)
    return sliced([CateringSubscription.of(row) for row in rows], total, part)


@router.post(
    "/subscriptions/{subscription_id}/cancel",
    operation_id="catering_subscriptions_cancel",
    response_model=CateringSubscription,
    responses={
        **problems(401, 404, 409, 422),
        202: {"description": "The provider has not answered yet; it is told again.", "model": CateringSubscription},
    },
)
async def end_subscription(
    request: Request, caller: CurrentUser, subscription_id: Id, body: EndIn | None = None
) -> Response:
    """End one's own subscription, or anybody's as an administrator: with the period that is paid, or now. What was paid
    stays paid; a refund is a call of its own.
    """
    house = house_of(request)
    at_period_end = body is None or body.at_period_end
    is_confirmed = await cancel_subscription(house, caller.actor, subscription_id, at_period_end=at_period_end)
    async with house.database.reading(caller.actor) as db:
        row = await subscription(db, subscription_id)
    if row is None:
        raise NotFoundError("There is no such subscription.")
    return said(CateringSubscription.of(row), 200 if is_confirmed else 202)
