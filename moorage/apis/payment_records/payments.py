"""Payment records over HTTP: record, find, describe, move on, cancel. Plain JSON, refusals as problem+json."""

import dataclasses
import re
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from moorage.apis.payment_records.paging import Filters
from moorage.apis.payment_records.schemas import (
    STATUS_OF,
    RecordChanges,
    RecordIn,
    RecordOut,
    RecordPage,
    StatusIn,
    changed_field,
    columns_of,
)
from moorage.domains.payments import records
from moorage.domains.payments.errors import ImmutableFieldError, InvalidTransitionError
from moorage.domains.payments.records import NewRecord, RecordFilter, RecordRow
from moorage.journeys.record_payment import CANCELLABLE, describe_record, move_record, record_payment, see_record
from moorage.kernel.money import InvalidAmountError, parse_amount
from moorage.web.actor import Admin, Caller, CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.idempotency import subject_id
from moorage.web.paging import Page, Paging

router = APIRouter(prefix="/payments", tags=["Payment records"], route_class=StrictRoute)

# This contract's paths: all that the marketplace's own payments leave.
PLACES: Final = re.compile(r"/api/v1/payments/(?!(?:create-intent|confirm|history)/)")
RunningNumber = Annotated[int, Path(ge=1, le=2**53 - 1)]
_MOST_OF_A_BOOKING = 1_000


@router.post("/", operation_id="records_create", status_code=201, response_model=RecordOut)
async def create(request: Request, caller: CurrentUser, body: RecordIn) -> Response:
    """Record a payment that was started elsewhere; it belongs to whoever the token names. One that is recorded for a
    provider set up here is moved by that provider's webhooks from then on.
    """
    new = NewRecord(
        subject_id(request),
        _minor(body.amount_total, body.currency),
        body.currency,
        body.provider,
        body.payment_status,
        columns_of(body),
    )
    return _one(await record_payment(house_of(request), caller.actor, new), 201)


@router.get("/", operation_id="records_list", response_model=RecordPage)
async def own(request: Request, caller: CurrentUser, page: Paging, filters: Filters) -> Response:
    """Your own payments, the newest first."""
    return await _listed(request, caller, page, dataclasses.replace(filters, payer_id=caller.user_id))


@router.get("/admin/all/", operation_id="records_list_all", response_model=RecordPage)
async def everybodys(
    request: Request,
    caller: Admin,
    page: Paging,
    filters: Filters,
    user_id: Annotated[str | None, Query(max_length=200, description="Who it is at the site")] = None,
) -> Response:
    """Everybody's payments, for administrators."""
    return await _listed(request, caller, page, dataclasses.replace(filters, subject=user_id))


@router.get("/payment-gateway/{payment_id:path}", operation_id="records_read_by_gateway", response_model=RecordOut)
async def read_by_gateway(
    request: Request, caller: CurrentUser, payment_id: Annotated[str, Path(min_length=1, max_length=256)]
) -> Response:
    """A payment by the provider's id."""
    house, wanted = house_of(request), payment_id.removesuffix("/")  # an id may hold anything, a dot or a slash too
    return _one(await see_record(house, caller.actor, gateway_payment_id=wanted, is_admin=caller.is_admin))


@router.get("/booking/{booking_id:int}/", operation_id="records_of_booking", response_model=list[RecordOut])
async def of_booking(request: Request, caller: CurrentUser, booking_id: RunningNumber) -> Response:
    """Your own payments for a booking of the site's, the newest first."""
    wanted = RecordFilter(payer_id=caller.user_id, booking_no=booking_id)
    async with house_of(request).database.reading(caller.actor) as db:
        rows, _ = await records.records_of(db, wanted, limit=_MOST_OF_A_BOOKING, offset=0)
    return _json([RecordOut.of(row) for row in rows])


@router.get("/{number:int}/", operation_id="records_read", response_model=RecordOut)
async def read(request: Request, caller: CurrentUser, number: RunningNumber) -> Response:
    """A payment by its running number. Another's is 403."""
    return _one(await see_record(house_of(request), caller.actor, no=number, is_admin=caller.is_admin))


@router.put("/{number:int}/", operation_id="records_update", response_model=RecordOut)
async def update(request: Request, caller: CurrentUser, number: RunningNumber, body: RecordChanges) -> Response:
    """Change what is said of a payment; what is left out stays. Money, currency, provider, owner and the provider's id
    are fixed, and the status has a call of its own: sent along with another value they are 409 `immutable_field`.
    """
    house = house_of(request)
    row = await see_record(house, caller.actor, no=number, is_admin=caller.is_admin)
    name = changed_field(body, row)
    if name is not None:
        raise ImmutableFieldError(f"{name} is fixed once a payment is recorded.", pointer=f"/{name}")
    return _one(await describe_record(house, caller.actor, number, columns_of(body)))


@router.patch("/{number:int}/status/", operation_id="records_update_status", response_model=RecordOut)
async def update_status(request: Request, caller: CurrentUser, number: RunningNumber, body: StatusIn) -> Response:
    """Move a payment on, as the state machine allows: 409 `invalid_transition` names `from` and `to` otherwise. Where
    it is already, nothing changes. `refunded` records that everything was given back elsewhere.
    """
    house = house_of(request)
    row = await see_record(house, caller.actor, no=number, is_admin=caller.is_admin)
    if STATUS_OF[row.status] == body.payment_status:
        return _one(row)
    try:
        return _one(await move_record(house, caller.actor, number, body.payment_status))
    except InvalidTransitionError as error:
        raise _in_our_words(error) from error


@router.delete("/{number:int}/", operation_id="records_cancel", response_model=RecordOut)
async def cancel(request: Request, caller: CurrentUser, number: RunningNumber) -> Response:
    """Cancel a payment that is pending or processing; the record stays. Anything else is 409."""
    try:
        row = await move_record(house_of(request), caller.actor, number, "canceled", only_from=CANCELLABLE)
    except InvalidTransitionError as error:
        raise _in_our_words(error) from error
    return _one(row)


async def _listed(request: Request, caller: Caller, page: Page, wanted: RecordFilter) -> Response:
    offset = (page.number - 1) * page.size
    async with house_of(request).database.reading(caller.actor) as db:
        rows, total = await records.records_of(db, wanted, limit=page.size, offset=offset)
    return _json(
        RecordPage(
            items=[RecordOut.of(row) for row in rows],
            total=total,
            page=page.number,
            page_size=page.size,
            pages=-(-total // page.size),
        )
    )


def _minor(amount: str, currency: str) -> int:
    """Whole units as minor units, exactly."""
    try:
        minor = parse_amount(amount, currency)
    except InvalidAmountError as error:
        raise InvalidAmountError(pointer="/amount_total") from error
    if minor == 0:
        raise InvalidAmountError("A payment is more than nothing.", pointer="/amount_total")
    return minor


def _in_our_words(error: InvalidTransitionError) -> InvalidTransitionError:
    before, after = STATUS_OF[error.facts["from"]], STATUS_OF[error.facts["to"]]
    return InvalidTransitionError(
        f"A payment that is {before} cannot become {after}.",
        pointer="/payment_status",
        **{"from": before, "to": after},
    )


def _one(row: RecordRow, status: int = 200) -> Response:
    return _json(RecordOut.of(row), status)


def _json(content: Any, status: int = 200) -> Response:
    return Response(to_json(content), status, media_type="application/json")
