"""Services of the practice: what can be booked, consulting and training."""

from typing import Final, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.practice.lists import LISTED, Windowed, listed
from moorage.domains.catalog import queries
from moorage.kernel.money import format_amount
from moorage.web.actor import OptionalUser, actor_of, house_of
from moorage.web.body import StrictRoute

router = APIRouter(prefix="/services", tags=["Practice services"], route_class=StrictRoute)

ServiceType = Literal["consulting", "training"]
TYPES: Final[dict[ServiceType, list[str]]] = {"consulting": ["session"], "training": ["workshop", "course"]}


class Service(BaseModel):
    """What the practice offers. `price` is in whole units of `currency`, for one person."""

    id: UUID
    title: str
    description: str
    service_type: ServiceType
    price: str = Field(examples=["150.00"])
    currency: str
    duration_minutes: int
    is_active: bool

    @classmethod
    def of(cls, service: queries.Service) -> Self:
        """As the contract shows it."""
        terms = service.terms
        return cls(
            id=service.id,
            title=terms.title,
            description=terms.description,
            service_type="consulting" if terms.service_type == "session" else "training",
            price=format_amount(terms.price_of_one_minor, terms.currency),
            currency=terms.currency,
            duration_minutes=terms.duration_minutes,
            is_active=service.is_active,
        )


@router.get("/", operation_id="practice_services_list", response_model=list[Service], responses=LISTED)
async def list_services(
    request: Request, caller: OptionalUser, window: Windowed, service_type: ServiceType | None = None
) -> Response:
    """Active services, the newest first."""
    filters = {} if service_type is None else {"service_types": TYPES[service_type]}
    async with house_of(request).database.reading(actor_of(caller)) as db:
        found = await queries.find_services(db, filters, ["-id"], limit=window.limit, offset=window.skip)
        services = await queries.get_services(db, found.ids)
    return listed(request, [Service.of(service) for service in services], found.total, window)
