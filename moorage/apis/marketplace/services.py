"""Services: found, read, offered, changed, withdrawn."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from moorage.apis.marketplace.envelope import Listed, Success, created, listing, ok, ordering_of, problems
from moorage.apis.marketplace.practitioner_filters import Words, check_prices
from moorage.apis.marketplace.service_schemas import CategoryView, ServiceBody, ServiceChange, ServiceView, terms_of
from moorage.domains.catalog import (
    ServiceTerms,
    ServiceType,
    UnknownCategoryError,
    default_interval_minutes,
    operations,
    queries,
)
from moorage.journeys.withdraw_service import withdraw_service
from moorage.kernel.db import Connection
from moorage.kernel.errors import ForbiddenError, NotFoundError
from moorage.web.actor import Caller, CurrentUser, OptionalUser, Practitioner, actor_of, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, Id, MoneyText
from moorage.web.idempotency import subject_id
from moorage.web.paging import Paging

router = APIRouter(prefix="/services", tags=["Services"], route_class=StrictRoute)


async def _require_seller(caller: CurrentUser) -> Caller:
    """A practitioner, or an administrator on their behalf; whose service it is the database says."""
    if caller.practitioner_id is None and not caller.is_admin:
        raise ForbiddenError("This is for practitioners.")
    return caller


Seller = Annotated[Caller, Depends(_require_seller)]

ORDERINGS: Final = ("price", "title", "created_at", "duration_minutes", "id")


@router.get(
    "/", operation_id="services_list", response_model=Success[Listed[ServiceView]], responses=problems(401, 422)
)
async def list_services(
    request: Request,
    caller: OptionalUser,
    page: Paging,
    *,
    category: Annotated[Words | None, Query(description="Slug or id")] = None,
    service_type: ServiceType | None = None,
    price_min: Annotated[MoneyText | None, Query(description="In whole units")] = None,
    price_max: MoneyText | None = None,
    currency: Annotated[CurrencyCode | None, Query(description="Which currency prices are in; default any")] = None,
    practitioner: Id | None = None,
    location: Annotated[Words | None, Query(description="Id of a location, or a city in any case")] = None,
    is_virtual: bool | None = None,
    search: Annotated[Words | None, Query(description="Words of title and description")] = None,
    ordering: Annotated[str | None, Query(max_length=200, description=", ".join(ORDERINGS))] = None,
) -> Response:
    """Active services of verified practitioners that match every filter, newest first."""
    check_prices(price_min, price_max)
    place_id = _as_id(location)
    filters = {
        "category": category or None,
        "service_type": service_type,
        "price_min": price_min,
        "price_max": price_max,
        "currency": currency,
        "practitioner": str(practitioner) if practitioner else None,
        "location_id": str(place_id) if place_id else None,
        "city": None if place_id else location or None,
        "is_virtual": is_virtual,
        "search": search or None,
    }
    order = [f"-{name}" if descending else name for name, descending in ordering_of(ordering, ORDERINGS, "-id")]
    async with house_of(request).database.reading(actor_of(caller)) as db:
        found = await queries.find_services(
            db,
            {name: value for name, value in filters.items() if value is not None},
            order,
            limit=page.size,
            offset=page.offset,
        )
        services = await queries.get_services(db, found.ids)
    return listing(request, [ServiceView.of(service) for service in services], found.total, page)


@router.post(
    "/",
    operation_id="services_create",
    status_code=201,
    response_model=Success[ServiceView],
    responses=problems(401, 403, 409, 413, 415, 422),
)
async def create_service(request: Request, caller: Practitioner, body: ServiceBody) -> Response:
    """Offer a service. It is listed from now on if its practitioner is verified."""
    service_id = subject_id(request)
    assert caller.practitioner_id is not None  # noqa: S101 - who asks is a practitioner
    async with house_of(request).database.transaction(caller.actor) as db:
        sent = set(ServiceBody.model_fields)
        said = terms_of(body, sent, body.currency, await _category(db, body.category))
        said.setdefault("slot_interval_minutes", default_interval_minutes(body.duration_minutes))
        await operations.create_service(db, service_id, caller.practitioner_id, ServiceTerms(**said))
        return created(await _view(db, service_id))


@router.get(
    "/categories/",
    operation_id="services_categories",
    response_model=Success[list[CategoryView]],
    responses=problems(401),
)
async def list_categories(request: Request, caller: OptionalUser) -> Response:
    """Every category by name."""
    async with house_of(request).database.reading(actor_of(caller)) as db:
        categories = await queries.list_categories(db)
    return ok([CategoryView.model_construct(id=one.id, slug=one.slug, name=one.name) for one in categories])


@router.get(
    "/{service_id}/", operation_id="services_read", response_model=Success[ServiceView], responses=problems(401, 404)
)
async def read_service(request: Request, caller: OptionalUser, service_id: Id) -> Response:
    """An active service of a verified practitioner; to its practitioner and administrators also another."""
    async with house_of(request).database.reading(actor_of(caller)) as db:
        return ok(await _view(db, service_id))


@router.put(
    "/{service_id}/",
    operation_id="services_update",
    response_model=Success[ServiceView],
    responses=problems(401, 403, 404, 413, 415, 422),
)
async def update_service(request: Request, caller: Seller, service_id: Id, body: ServiceChange) -> Response:  # type: ignore[valid-type]  # made from ServiceBody
    """Change one's own service: what is left out stays. What is booked keeps the terms it was booked under."""
    change: Any = body
    sent = change.model_fields_set
    async with house_of(request).database.transaction(caller.actor) as db:
        service = await queries.lock_own_service(db, service_id)
        if service is None:
            raise NotFoundError
        category_id = await _category(db, change.category) if "category" in sent else None
        currency = change.currency if "currency" in sent else service.terms.currency
        changes = terms_of(change, sent - {"is_active"}, currency, category_id)
        is_active = change.is_active if "is_active" in sent else None
        await operations.edit_service(db, service, changes, is_active=is_active)
        return ok(await _view(db, service_id))


@router.delete(
    "/{service_id}/",
    operation_id="services_delete",
    response_model=Success[ServiceView | None],
    responses=problems(401, 403, 404),
)
async def delete_service(request: Request, caller: Seller, service_id: Id) -> Response:
    """Withdraw one's own service: deleted where nothing was booked, else deactivated (its empty coming dates go)."""
    house = house_of(request)
    if await withdraw_service(house, caller.actor, service_id):
        return ok(None, "The service is deleted.")
    async with house.database.reading(caller.actor) as db:
        return ok(await _view(db, service_id), "The service has bookings: it is inactive now.")


async def _view(db: Connection, service_id: UUID) -> ServiceView:
    service = await queries.get_service(db, service_id)
    if service is None:
        raise NotFoundError
    return ServiceView.of(service)


async def _category(db: Connection, named: str) -> UUID:
    category_id = await queries.find_category(db, named)
    if category_id is None:
        raise UnknownCategoryError(pointer="/category")
    return category_id


def _as_id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
