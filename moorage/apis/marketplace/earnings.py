"""A practitioner's money: what each payment earned, the totals, and every line on their accounts."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.marketplace.envelope import Listed, Success, listing, ok, ordering_of, problems
from moorage.domains.ledger import queries
from moorage.domains.ledger.queries import EarningRow, EarningStatus, EntryRow, SummaryRow, Wanted
from moorage.kernel.errors import InvalidRangeError
from moorage.kernel.money import format_amount
from moorage.web.actor import Practitioner, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, Id, Instant
from moorage.web.paging import Paging

router = APIRouter(prefix="/practitioner", tags=["earnings"], route_class=StrictRoute)

KINDS: Final = (
    "earning, earning_released, earning_held, earning_moved, refund, refund_reversed, dispute_lost, payout,"
    " payout_paid, payout_returned"
)


class EarningView(BaseModel):
    """What one payment earned. `reversed_amount` is what refunds took back of the net."""

    id: UUID
    booking_id: UUID
    status: EarningStatus
    currency: str
    gross_amount: str = Field(examples=["80.00"])
    commission_rate: str = Field(description="Per cent", examples=["5.00"])
    commission_amount: str = Field(examples=["4.00"])
    net_amount: str = Field(examples=["76.00"])
    reversed_amount: str = Field(examples=["0.00"])
    disputed: bool = Field(description="Held while a dispute is open")
    available_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: EarningRow) -> "EarningView":
        """The view of one row."""
        reversed_minor = row.reversed_gross_minor - row.reversed_commission_minor
        return cls(
            id=row.id,
            booking_id=row.booking_id,
            status=row.status,
            currency=row.currency,
            gross_amount=format_amount(row.gross_minor, row.currency),
            commission_rate=f"{row.commission_bps // 100}.{row.commission_bps % 100:02}",
            commission_amount=format_amount(row.commission_minor, row.currency),
            net_amount=format_amount(row.net_minor, row.currency),
            reversed_amount=format_amount(reversed_minor, row.currency),
            disputed=row.is_held,
            available_at=row.available_at,
            created_at=row.created_at,
        )


class SummaryView(BaseModel):
    """Totals in one currency, after what was taken back. `available` may be below zero: it is carried. `in_transit` is
    asked to be paid out, `paid` has arrived.
    """

    currency: str
    gross: str
    commission: str
    net: str
    pending: str
    available: str
    in_transit: str
    paid: str
    this_month: str
    count: int

    @classmethod
    def of(cls, row: SummaryRow) -> "SummaryView":
        """The view of one currency."""
        return cls(
            currency=row.currency,
            gross=format_amount(row.gross_minor, row.currency),
            commission=format_amount(row.commission_minor, row.currency),
            net=format_amount(row.net_minor, row.currency),
            pending=format_amount(row.pending_minor, row.currency),
            available=format_amount(row.available_minor, row.currency),
            in_transit=format_amount(row.in_transit_minor, row.currency),
            paid=format_amount(row.paid_minor, row.currency),
            this_month=format_amount(row.month_net_minor, row.currency),
            count=row.count,
        )


class Summary(BaseModel):
    """The totals, one for each currency that was ever earned in."""

    totals: list[SummaryView]


class TransactionView(BaseModel):
    """One line on an account: positive amounts are owed to the practitioner."""

    id: UUID
    kind: str = Field(description=f"One of {KINDS}")
    account: str = Field(examples=["earnings_pending"])
    amount: str = Field(examples=["76.00"])
    balance_after: str
    currency: str
    reference_type: str = Field(examples=["booking"])
    reference_id: UUID
    created_at: datetime

    @classmethod
    def of(cls, row: EntryRow) -> "TransactionView":
        """The view of one line."""
        return cls(
            id=row.id,
            kind=row.kind,
            account=row.account,
            amount=format_amount(row.amount_minor, row.currency),
            balance_after=format_amount(row.balance_after_minor, row.currency),
            currency=row.currency,
            reference_type=row.reference_type,
            reference_id=row.reference_id,
            created_at=row.posted_at,
        )


From = Annotated[Instant | None, Query(alias="from", description="At or after this instant")]
To = Annotated[Instant | None, Query(alias="to", description="Before this instant")]
Ordering = Annotated[str | None, Query(max_length=200)]


@router.get(
    "/earnings/",
    operation_id="earnings_list",
    response_model=Success[Listed[EarningView]],
    responses=problems(401, 403, 422),
)
async def list_earnings(
    request: Request,
    caller: Practitioner,
    page: Paging,
    *,
    status: EarningStatus | None = None,
    currency: CurrencyCode | None = None,
    booking_id: Id | None = None,
    since: From = None,
    until: To = None,
    ordering: Ordering = None,
) -> Response:
    """What each payment earned you, newest first."""
    order = tuple(ordering_of(ordering, queries.EARNING_ORDERINGS, "-created_at"))
    wanted = Wanted(status, None, currency, booking_id, since, until, order, page.size, page.offset)
    async with house_of(request).database.reading(caller.actor) as db:
        rows, count = await queries.earnings_of(db, _who(caller, since, until), wanted)
    return listing(request, [EarningView.of(row) for row in rows], count, page)


@router.get(
    "/earnings/summary/", operation_id="earnings_summary", response_model=Success[Summary], responses=problems(401, 403)
)
async def summarise(request: Request, caller: Practitioner) -> Response:
    """Your totals by currency: earned, pending, available, in transit, paid, and this month's (UTC)."""
    house = house_of(request)
    month_start = house.clock().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    async with house.database.reading(caller.actor) as db:
        rows = await queries.summary_of(db, _who(caller, None, None), month_start)
    return ok(Summary(totals=[SummaryView.of(row) for row in rows]))


@router.get(
    "/transactions/",
    operation_id="earnings_transactions",
    response_model=Success[Listed[TransactionView]],
    responses=problems(401, 403, 422),
)
async def list_transactions(
    request: Request,
    caller: Practitioner,
    page: Paging,
    *,
    kind: Annotated[str | None, Query(max_length=40, description=KINDS)] = None,
    account: Literal["pending", "available", "in_transit"] | None = None,
    currency: CurrencyCode | None = None,
    since: From = None,
    until: To = None,
    ordering: Ordering = None,
) -> Response:
    """Every line on your accounts, newest first, with the balance after it."""
    order = tuple(ordering_of(ordering, queries.ENTRY_ORDERINGS, "-created_at"))
    wanted = Wanted(account, kind, currency, None, since, until, order, page.size, page.offset)
    async with house_of(request).database.reading(caller.actor) as db:
        rows, count = await queries.entries_of(db, _who(caller, since, until), wanted)
    return listing(request, [TransactionView.of(row) for row in rows], count, page)


def _who(caller: Practitioner, since: datetime | None, until: datetime | None) -> UUID:
    """The practitioner who asks; refuses a range that ends before it begins."""
    if since is not None and until is not None and until <= since:
        raise InvalidRangeError(pointer="?to")
    assert caller.practitioner_id is not None  # noqa: S101 - who asks is a practitioner
    return caller.practitioner_id
