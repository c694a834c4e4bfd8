"""Practitioners: found, read, applied for, edited, verified."""

from typing import Annotated, Final

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from moorage.apis.marketplace.envelope import Listed, Success, created, listing, ok, ordering_of, problems
from moorage.apis.marketplace.practitioner_filters import PractitionerSearch
from moorage.apis.marketplace.practitioner_schemas import (
    ApplyBody,
    DecisionBody,
    PractitionerChange,
    PractitionerPrivateView,
    PractitionerView,
)
from moorage.apis.marketplace.service_schemas import ServiceView
from moorage.domains.catalog import queries as catalog
from moorage.domains.practitioners import Decision, operations, queries
from moorage.journeys.find_practitioners import find_practitioners
from moorage.journeys.house import House
from moorage.kernel.db import Actor, Connection
from moorage.kernel.errors import ForbiddenError, NotFoundError
from moorage.web.actor import Admin, Caller, CurrentUser, OptionalUser, actor_of, house_of
from moorage.web.body import StrictRoute
from moorage.web.errors import UnknownFieldError
from moorage.web.fields import Id
from moorage.web.idempotency import subject_id
from moorage.web.paging import Paging

router = APIRouter(prefix="/practitioners", tags=["Practitioners"], route_class=StrictRoute)

ORDERINGS: Final = ("is_featured", "display_name", "created_at", "price", "distance", "id")
ADMINISTRATORS_FIELDS: Final = ("is_featured", "commission_rate")


@router.get(
    "/",
    operation_id="practitioners_list",
    response_model=Success[Listed[PractitionerView]],
    responses=problems(401, 403, 422),
)
async def list_practitioners(
    request: Request,
    caller: OptionalUser,
    search: PractitionerSearch,
    page: Paging,
    ordering: Annotated[str | None, Query(max_length=200, description=", ".join(ORDERINGS))] = None,
) -> Response:
    """Verified practitioners who match every filter: featured and newest first, or nearest first with `near`."""
    if search.status not in {None, "verified"} and not (caller and caller.is_admin):
        raise ForbiddenError
    known = ORDERINGS if search.near else [name for name in ORDERINGS if name != "distance"]
    chosen = ordering_of(ordering, known, "distance" if search.near else "-is_featured,-id")
    found, count = await find_practitioners(
        house_of(request),
        actor_of(caller),
        search,
        [f"-{name}" if descending else name for name, descending in chosen],
        limit=page.size,
        offset=page.offset,
    )
    return listing(request, [PractitionerView.of(one) for one in found], count, page)


@router.post(
    "/apply/",
    operation_id="practitioners_apply",
    status_code=201,
    response_model=Success[PractitionerPrivateView],
    responses=problems(401, 409, 413, 415, 422),
)
async def apply(request: Request, caller: CurrentUser, body: ApplyBody) -> Response:
    """Apply to be a practitioner; an administrator decides. Who was rejected may apply again."""
    house = house_of(request)
    async with house.database.transaction(caller.actor) as db:
        practitioner_id = await operations.apply(db, subject_id(request), body.profile())
        places = [location.place() for location in body.locations]
        await operations.replace_locations(db, practitioner_id, places, house.ids)
        view = await _view(db, practitioner_id)
    return created(view)


@router.get(
    "/{practitioner_id}/",
    operation_id="practitioners_read",
    response_model=Success[PractitionerPrivateView | PractitionerView],
    responses=problems(401, 404),
)
async def read_practitioner(request: Request, caller: OptionalUser, practitioner_id: Id) -> Response:
    """A verified practitioner; with the private fields for themselves and administrators."""
    async with house_of(request).database.reading(actor_of(caller)) as db:
        return ok(await _view(db, practitioner_id))


@router.put(
    "/{practitioner_id}/",
    operation_id="practitioners_update",
    response_model=Success[PractitionerPrivateView],
    responses=problems(401, 403, 404, 413, 415, 422),
)
async def update_practitioner(
    request: Request, caller: CurrentUser, practitioner_id: Id, body: PractitionerChange
) -> Response:
    """Change one's own profile: what is left out stays. An administrator sets `is_featured` and `commission_rate`."""
    house = house_of(request)
    async with house.database.transaction(caller.actor) as db:
        if caller.practitioner_id == practitioner_id:
            await _change_own(db, house, caller, practitioner_id, body)
        elif caller.is_admin:
            await _change_as_admin(db, practitioner_id, body)
        else:
            raise ForbiddenError if caller.practitioner_id is None else NotFoundError
        return ok(await _view(db, practitioner_id))


@router.post(
    "/{practitioner_id}/verify/",
    operation_id="practitioners_verify",
    response_model=Success[PractitionerPrivateView],
    responses=problems(401, 403, 404, 409, 413, 415, 422),
)
async def verify(
    request: Request, caller: Admin, practitioner_id: Id, body: Annotated[DecisionBody | None, Body()] = None
) -> Response:
    """Verify a practitioner: from now on they are listed and can be booked. They are told by mail."""
    return await _decide(request, caller.actor, practitioner_id, "verified", body)


@router.post(
    "/{practitioner_id}/reject/",
    operation_id="practitioners_reject",
    response_model=Success[PractitionerPrivateView],
    responses=problems(401, 403, 404, 409, 413, 415, 422),
)
async def reject(
    request: Request, caller: Admin, practitioner_id: Id, body: Annotated[DecisionBody | None, Body()] = None
) -> Response:
    """Reject a practitioner: they are listed no longer, and may apply again. They are told by mail."""
    return await _decide(request, caller.actor, practitioner_id, "rejected", body)


@router.get(
    "/{practitioner_id}/services/",
    operation_id="practitioners_services",
    response_model=Success[Listed[ServiceView]],
    responses=problems(401, 404, 422),
)
async def list_services(request: Request, caller: OptionalUser, practitioner_id: Id, page: Paging) -> Response:
    """A practitioner's active services; their own and an administrator's list holds the inactive ones too."""
    async with house_of(request).database.reading(actor_of(caller)) as db:
        if await queries.get_practitioner(db, practitioner_id) is None:
            raise NotFoundError
        services, count = await catalog.list_of_practitioner(db, practitioner_id, limit=page.size, offset=page.offset)
    return listing(request, [ServiceView.of(service) for service in services], count, page)


async def _view(db: Connection, practitioner_id: Id) -> PractitionerView:
    practitioner = await queries.get_practitioner(db, practitioner_id)
    if practitioner is None:
        raise NotFoundError
    private = await queries.get_private(db, practitioner_id)
    if private is None:
        return PractitionerView.of(practitioner)
    return PractitionerPrivateView.with_private(practitioner, private)


async def _change_own(
    db: Connection, house: House, caller: Caller, practitioner_id: Id, body: PractitionerChange
) -> None:
    if caller.is_admin:
        await _change_terms(db, practitioner_id, body)
    else:
        for name in ADMINISTRATORS_FIELDS:
            if name in body.model_fields_set:
                raise UnknownFieldError(pointer=f"/{name}")
    before = await queries.get_practitioner(db, practitioner_id)
    if before is None:
        raise NotFoundError
    await operations.edit(db, practitioner_id, body.profile(before))
    if body.locations is not None:
        places = [location.place() for location in body.locations]
        await operations.replace_locations(db, practitioner_id, places, house.ids)


async def _change_as_admin(db: Connection, practitioner_id: Id, body: PractitionerChange) -> None:
    if body.model_fields_set - set(ADMINISTRATORS_FIELDS):
        raise ForbiddenError("A profile is its practitioner's own; set is_featured and commission_rate.")
    await _change_terms(db, practitioner_id, body)


async def _change_terms(db: Connection, practitioner_id: Id, body: PractitionerChange) -> None:
    practitioner = await queries.get_practitioner(db, practitioner_id)
    private = await queries.get_private(db, practitioner_id)
    if practitioner is None or private is None:
        raise NotFoundError
    is_featured, commission_bps = body.terms(practitioner, private)
    if (is_featured, commission_bps) != (practitioner.is_featured, private.commission_bps):
        await operations.set_terms(db, practitioner_id, is_featured=is_featured, commission_bps=commission_bps)


async def _decide(
    request: Request, actor: Actor, practitioner_id: Id, decision: Decision, body: DecisionBody | None
) -> Response:
    house = house_of(request)
    async with house.database.transaction(actor) as db:
        await operations.decide(db, practitioner_id, decision, body.reason if body else None, house.public_url)
        return ok(await _view(db, practitioner_id))
