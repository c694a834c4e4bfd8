"""Payments of the practice: started at any provider, and found again."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.practice.bookings import check_range
from moorage.apis.practice.lists import LISTED, Windowed, answer, listed
from moorage.apis.practice.payment_schemas import STATUSES, Payment, PaymentStatus, word
from moorage.domains.payments import queries
from moorage.domains.payments.listed import PaymentFilter, PaymentSum, payments_listed, payments_summed
from moorage.domains.payments.queries import PaymentRow
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import ForbiddenError, NotFoundError
from moorage.web.actor import Admin, Caller, CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id, Instant

router = APIRouter(prefix="/payments", tags=["Practice payments"], route_class=StrictRoute)


class Sum(BaseModel):
    """How much by method and status, in whole units."""

    payment_method: str
    status: PaymentStatus
    payment_count: int
    total_amount: str = Field(examples=["120.00"])
    currency: str


@router.get("/", operation_id="practice_payments_list", response_model=list[Payment], responses=LISTED)
async def list_payments(
    request: Request,
    caller: CurrentUser,
    window: Windowed,
    *,
    status: PaymentStatus | None = None,
    payment_method: Annotated[str | None, Query(min_length=1, max_length=40, description="As payments show it")] = None,
    time_from: Annotated[Instant | None, Query(alias="from", description="Made then or later")] = None,
    time_to: Annotated[Instant | None, Query(alias="to", description="Made before then")] = None,
) -> Response:
    """One's own payments, all for administrators and owners; the newest first."""
    check_range(time_from, time_to)
    wanted = PaymentFilter(
        payer_id=None if caller.is_admin else caller.user_id,
        statuses=None if status is None else STATUSES[status],
        by=payment_method,
        from_=time_from,
        to=time_to,
    )
    async with house_of(request).database.reading(caller.actor) as db:
        rows, total = await payments_listed(db, wanted, limit=window.limit, offset=window.skip)
    return listed(request, [Payment.of(row) for row in rows], total, window)


@router.get("/summary", operation_id="practice_payments_summary", response_model=list[Sum])
async def summarise(request: Request, caller: Admin) -> Response:
    """How much by method, status and currency, for administrators and owners."""
    async with house_of(request).database.reading(caller.actor) as db:
        rows = await payments_summed(db)
    return answer(_summed(rows))


@router.get("/{payment_id}", operation_id="practice_payments_read", response_model=Payment)
async def read_payment(request: Request, caller: CurrentUser, payment_id: Id) -> Response:
    """One payment: one's own, any for administrators and owners. Another's is 403."""
    return answer(Payment.of(await own_payment(house_of(request), caller, payment_id)))


async def own_payment(house: House, caller: Caller, payment_id: UUID) -> PaymentRow:
    """A payment that the caller may see. Raises ForbiddenError for another's, NotFoundError for none."""
    async with house.database.reading(caller.actor) as db:
        row = await queries.payment(db, payment_id)
    if row is not None and (caller.is_admin or row.payer_id == caller.user_id):
        return row
    async with house.database.reading(SYSTEM) as db:
        if await queries.payment(db, payment_id) is not None:
            raise ForbiddenError("This payment is somebody else's.")
    raise NotFoundError("There is no such payment.")


def _summed(rows: Sequence[PaymentSum]) -> list[Sum]:
    """The view's rows in this contract's words: several statuses of the core are one of ours."""
    sums: dict[tuple[str, PaymentStatus, str], tuple[int, Decimal]] = {}
    for row in rows:
        key = (row.payment_method, word(row.status), row.currency)
        count, total = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + row.payment_count, total + row.total_amount)
    return [
        Sum(
            payment_method=method,
            status=status,
            payment_count=count,
            total_amount=f"{total:f}",
            currency=currency,
        )
        for (method, status, currency), (count, total) in sums.items()
    ]
