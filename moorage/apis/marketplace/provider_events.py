"""What providers told us, for admins: `/api/v1/admin/provider-events/`. What could not be applied stays here to be seen
and is processed once more on an admin's word.
"""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.marketplace.envelope import Listed, Success, listing, ok, problems
from moorage.apis.marketplace.payment_schemas import ProviderName
from moorage.domains.payments.queries import EventRow, stored_events
from moorage.domains.payments.states import EventStatus
from moorage.journeys.receive_event import replay
from moorage.web.actor import Admin, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id
from moorage.web.paging import Paging

router = APIRouter(prefix="/admin/provider-events", tags=["Administration"], route_class=StrictRoute)


class ProviderEventView(BaseModel):
    """A stored event of a provider. `parked`: it waits for a person."""

    id: UUID
    provider: str
    event_id: str
    event_type: str = Field(examples=["intent.succeeded"])
    status: EventStatus
    outcome: str | None = Field(description="What came of it, or why it waits")
    attempts: int
    received_at: datetime
    processed_at: datetime | None

    @classmethod
    def of(cls, row: EventRow) -> "ProviderEventView":
        """The view of one row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


@router.get(
    "/",
    operation_id="provider_events_list",
    response_model=Success[Listed[ProviderEventView]],
    responses=problems(401, 403, 422),
)
async def list_events(
    request: Request,
    caller: Admin,
    page: Paging,
    *,
    status: EventStatus | None = None,
    provider: ProviderName | None = None,
) -> Response:
    """Events as they came in, the newest first."""
    async with house_of(request).database.reading(caller.actor) as db:
        rows, count = await stored_events(db, status, provider, limit=page.size, offset=page.offset)
    return listing(request, [ProviderEventView.of(row) for row in rows], count, page)


@router.post(
    "/{event_id}/replay/",
    operation_id="provider_events_replay",
    response_model=Success[None],
    responses=problems(401, 403, 404, 422),
)
async def replay_event(request: Request, caller: Admin, event_id: Id) -> Response:
    """Process a stored event once more, from the start; what it has done already is not done twice."""
    del caller
    await replay(house_of(request), event_id)
    return ok(None, "The event is processed again.")
