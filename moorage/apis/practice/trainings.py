"""Trainings: workshops and courses with their dates and the places that are left."""

from collections.abc import Sequence
from typing import Final, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import Response

from moorage.apis.practice.lists import LISTED, Windowed, listed
from moorage.apis.practice.services import TYPES
from moorage.domains.availability.queries import Session, sessions_of
from moorage.domains.catalog import queries
from moorage.kernel.money import format_amount
from moorage.web.actor import OptionalUser, actor_of, house_of
from moorage.web.body import StrictRoute

router = APIRouter(prefix="/trainings", tags=["Practice trainings"], route_class=StrictRoute)

DATES_SHOWN: Final = 100


class TrainingDate(BaseModel):
    """One date."""

    id: UUID
    start_time: AwareDatetime
    end_time: AwareDatetime
    places_left: int


class Training(BaseModel):
    """A programme. Who enrols `takes_all_dates` or one of them; `places_left` counts whom there is room for."""

    id: UUID
    title: str
    description: str
    price: str = Field(examples=["150.00"])
    currency: str
    duration_minutes: int
    takes_all_dates: bool
    places_left: int
    dates: list[TrainingDate]

    @classmethod
    def of(cls, service: queries.Service, dates: Sequence[Session]) -> Self:
        """As the contract shows it."""
        terms, is_course = service.terms, service.terms.service_type == "course"
        places = [max(date.available_spots, 0) for date in dates]
        return cls(
            id=service.id,
            title=terms.title,
            description=terms.description,
            price=format_amount(terms.price_of_one_minor, terms.currency),
            currency=terms.currency,
            duration_minutes=terms.duration_minutes,
            takes_all_dates=is_course,
            places_left=min(places, default=0) if is_course else sum(places),
            dates=[
                TrainingDate(id=date.id, start_time=date.starts_at, end_time=date.ends_at, places_left=left)
                for date, left in zip(dates, places, strict=True)
            ],
        )


@router.get("/", operation_id="practice_trainings_list", response_model=list[Training], responses=LISTED)
async def list_trainings(request: Request, caller: OptionalUser, window: Windowed) -> Response:
    """Training programmes with their coming dates and the places left, the newest first."""
    house = house_of(request)
    async with house.database.reading(actor_of(caller)) as db:
        found = await queries.find_services(
            db, {"service_types": TYPES["training"]}, ["-id"], limit=window.limit, offset=window.skip
        )
        services = await queries.get_services(db, found.ids)
        dates = await sessions_of(db, found.ids, house.clock(), most=DATES_SHOWN)
    return listed(request, [Training.of(service, dates[service.id]) for service in services], found.total, window)
