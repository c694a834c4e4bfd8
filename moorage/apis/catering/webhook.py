"""What Stripe tells us, `/api/stripe/webhook`: into the same inbox as every provider's events; and for administrators
the log of all of them, where one may be processed once more.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.catering.answers import problems, said
from moorage.domains.payments.queries import EventRow, RefusedRow, refused_deliveries, stored_events
from moorage.domains.payments.states import EventStatus
from moorage.journeys.receive_event import receive_event, replay
from moorage.web.actor import Admin, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id
from moorage.web.slices import Sliced, Slicing, sliced

router = APIRouter(prefix="/stripe", tags=["Catering webhooks"], route_class=StrictRoute)


class WebhookTaken(BaseModel):
    """The event is stored; it is processed afterwards."""

    received: Literal[True] = True


class WebhookEvent(BaseModel):
    """One delivery. Only what was signed rightly is kept, so that each is `verified`."""

    id: UUID
    provider: str
    event_id: str
    type: str = Field(examples=["payment_intent.succeeded"])
    status: EventStatus
    verified: Literal[True] = True
    processed: bool
    error: str | None = Field(description="Why it waits: for another try, or for a person where it is parked")
    outcome: str | None
    attempts: int
    received_at: datetime
    processed_at: datetime | None

    @classmethod
    def of(cls, row: EventRow) -> "WebhookEvent":
        """The view of one row."""
        return cls(
            id=row.id,
            provider=row.provider,
            event_id=row.event_id,
            type=row.event_type,
            status=row.status,
            processed=row.status in ("processed", "ignored"),
            error=row.outcome if row.status in ("received", "parked") else None,
            outcome=row.outcome,
            attempts=row.attempts,
            received_at=row.received_at,
            processed_at=row.processed_at,
        )


class RefusedDeliveries(BaseModel):
    """How many deliveries were refused on a day of UTC, and why. Nothing of them is kept."""

    provider: str
    date: str = Field(examples=["2026-12-01"])
    reason: str = Field(examples=["invalid_signature"])
    deliveries: int

    @classmethod
    def of(cls, row: RefusedRow) -> "RefusedDeliveries":
        """The view of one count."""
        return cls(provider=row.provider, date=row.day.isoformat(), reason=row.reason, deliveries=row.deliveries)


@router.post(
    "/webhook",
    operation_id="catering_webhook",
    response_model=WebhookTaken,
    responses=problems(400, 404),
)
async def take_event(request: Request) -> Response:
    """One event of Stripe: signed, as raw bytes. A repeat is answered alike and stored once. 404 where Stripe is not
    set up.
    """
    await receive_event(house_of(request), "stripe", request.headers, await request.body())
    return said(WebhookTaken())


@router.get(
    "/webhook-events",
    operation_id="catering_webhook_events_list",
    response_model=Sliced[WebhookEvent],
    responses=problems(401, 403, 422),
)
async def list_events(
    request: Request,
    caller: Admin,
    part: Slicing,
    *,
    status: EventStatus | None = None,
    provider: Annotated[str | None, Query(min_length=1, max_length=40)] = None,
) -> Response:
    """Events of every provider as they came in, the newest first."""
    async with house_of(request).database.reading(caller.actor) as db:
        rows, total = await stored_events(db, status, provider, limit=part.limit, offset=part.offset)
    return sliced([WebhookEvent.of(row) for row in rows], total, part)


@router.get(
    "/webhook-rejections",
    operation_id="catering_webhook_rejections_list",
    response_model=Sliced[RefusedDeliveries],
    responses=problems(401, 403, 422),
)
async def list_rejections(request: Request, caller: Admin, part: Slicing) -> Response:
    """Deliveries of every provider that were not believed, counted by day: many of them mean a wrong webhook secret."""
    async with house_of(request).database.reading(caller.actor) as db:
        rows, total = await refused_deliveries(db, limit=part.limit, offset=part.offset)
    return sliced([RefusedDeliveries.of(row) for row in rows], total, part)


@router.post(
    "/webhook-events/{event_id}/replay",
    operation_id="catering_webhook_events_replay",
    response_model=WebhookTaken,
    responses=problems(401, 403, 404, 422),
)
async def replay_event(request: Request, caller: Admin, event_id: Id) -> Response:
    """Process a stored event once more, from the start; what it has done already is not done twice."""
    del caller
    await replay(house_of(request), event_id)
    return said(WebhookTaken())
