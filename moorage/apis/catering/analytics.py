"""Figures for administrators: `/api/stripe/analytics/`. Amounts are cents, of one currency at a time."""

from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.catering.answers import instant_of, problems, said
from moorage.domains.analytics import (
    CustomerFigures,
    Figures,
    Interval,
    PaymentReport,
    days_of,
    edges_of,
    payment_report,
)
from moorage.domains.availability.zones import pinned_zone
from moorage.kernel.money import half_up
from moorage.web.actor import Admin, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, DateOrInstant

router = APIRouter(prefix="/stripe/analytics", tags=["Catering reports"], route_class=StrictRoute)
DEFAULT_DAYS: Final = 30
# What is reported of where no payment says a currency.
OTHERWISE: Final = "USD"


class Totals(BaseModel):
    """Payments of the period. `succeeded` and `failed` are how the attempts ended, `failed` also those that were given
    up after a card was declined; the others are open, or canceled without one.
    `revenue` is what was collected, `net` what of it is still here.
    """

    payments: int
    succeeded: int
    failed: int
    canceled: int
    revenue: int
    refunded: int
    lost_to_disputes: int
    net: int


class RevenuePoint(BaseModel):
    """One interval of the series; the first and the last may be parts of one."""

    date: str = Field(examples=["2026-12-01"])
    start: datetime
    end: datetime
    payments: int
    succeeded: int
    revenue: int
    refunded: int
    net: int


class Share(BaseModel):
    """What falls to one method, or to one payment type."""

    name: str = Field(examples=["card"])
    payments: int
    succeeded: int
    failed: int
    revenue: int
    refunded: int
    net: int


class TopCustomer(BaseModel):
    """What a customer has spent of all time, less what went back."""

    customer_id: UUID
    email: str | None
    name: str
    total_spent: int
    payments: int
    first_payment_at: datetime
    last_payment_at: datetime

    @classmethod
    def of(cls, figures: CustomerFigures) -> "TopCustomer":
        """The view of one row."""
        return cls(
            customer_id=figures.payer_id,
            email=figures.email,
            name=figures.name,
            total_spent=figures.spent_minor,
            payments=figures.payments,
            first_payment_at=figures.first_at,
            last_payment_at=figures.last_at,
        )


class LifetimeValue(BaseModel):
    """How many customers there are, what one has spent on average, and who spent most; of all time."""

    customers: int
    average: int | None
    top: list[TopCustomer]


class RefundReason(BaseModel):
    """Refunds for one reason."""

    reason: str = Field(examples=["customer_request"])
    refunds: int
    amount: int


class RefundReport(BaseModel):
    """Refunds made in the period. `rate`: of the period's payments that succeeded, the share that went back at
    least in part; `amount_rate`: of their money.
    """

    count: int
    amount: int
    rate: float | None
    amount_rate: float | None
    reasons: list[RefundReason]


class DisputeReport(BaseModel):
    """Disputes opened in the period. `rate`: how many payments were disputed to one that succeeded."""

    count: int
    amount: int
    rate: float | None
    by_status: dict[str, int]


class PaymentAnalytics(BaseModel):
    """The report of one currency. A payment counts where it was made, and what went back of it counts with it."""

    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    interval: Interval
    timezone: str
    currency: str
    currencies: list[str] = Field(description="Those of the period's payments, the most frequent first")
    totals: Totals
    success_rate: float | None = Field(description="Of the attempts that ended, the share that succeeded")
    failure_rate: float | None
    average_order: int | None = Field(description="Revenue by order; a balance or an add-on belongs to one")
    revenue: list[RevenuePoint]
    by_method: list[Share]
    by_payment_type: list[Share]
    customer_lifetime_value: LifetimeValue
    refunds: RefundReport
    disputes: DisputeReport


@router.get(
    "/payments",
    operation_id="catering_analytics_payments",
    response_model=PaymentAnalytics,
    responses=problems(401, 403, 422),
)
async def report_payments(
    request: Request,
    caller: Admin,
    *,
    begins: Annotated[
        DateOrInstant | None, Query(alias="from", description="A date of the business's calendar, or an instant")
    ] = None,
    ends: Annotated[
        DateOrInstant | None, Query(alias="to", description="The last date, or an instant; the default is today")
    ] = None,
    interval: Interval = "day",
    currency: Annotated[CurrencyCode | None, Query(description="Default: the most frequent of the period")] = None,
) -> Response:
    """Payments of a period: totals, rates, revenue by interval of the business's calendar, by method and type, average
    order, customers by what they spent, refunds and disputes. Without `from`: the last 30 days.
    """
    house = house_of(request)
    zone = pinned_zone(house.terms.business_timezone)
    until = instant_of(ends or house.clock().astimezone(zone).date(), zone, is_end=True)
    since = until - timedelta(days=DEFAULT_DAYS) if begins is None else instant_of(begins, zone, is_end=False)
    edges = edges_of(since, until, interval, zone)
    async with house.database.reading(caller.actor) as db:
        report = await payment_report(db, edges, days_of(since, until, zone), currency, otherwise=OTHERWISE)
    return said(_analytics(report, edges, interval, house.terms.business_timezone, zone))


def _analytics(
    report: PaymentReport, edges: list[datetime], interval: Interval, zone_name: str, zone: tzinfo
) -> dict[str, Any]:
    total = report.total
    attempts = total.collected + total.failed
    return PaymentAnalytics.model_validate(
        {
            "from": edges[0].astimezone(zone),
            "to": edges[-1].astimezone(zone),
            "interval": interval,
            "timezone": zone_name,
            "currency": report.currency,
            "currencies": report.currencies,
            "totals": {
                **_money(total),
                "canceled": total.canceled,
                "lost_to_disputes": total.lost_minor,
            },
            "success_rate": _rate(total.collected, attempts),
            "failure_rate": _rate(total.failed, attempts),
            "average_order": half_up(total.gross_minor, total.orders) if total.orders else None,
            "revenue": [
                {
                    **_money(each),
                    "date": start.astimezone(zone).date().isoformat(),
                    "start": start.astimezone(zone),
                    "end": end.astimezone(zone),
                }
                for each, start, end in zip(report.intervals, edges, edges[1:], strict=False)
            ],
            "by_method": [{**_money(each), "name": each.key} for each in report.by_method],
            "by_payment_type": [{**_money(each), "name": each.key} for each in report.by_type],
            "customer_lifetime_value": {
                "customers": report.customers,
                "average": half_up(report.all_spent_minor, report.customers) if report.customers else None,
                "top": [TopCustomer.of(each) for each in report.top_customers],
            },
            "refunds": _refunds(report),
            "disputes": _disputes(report),
        }
    ).model_dump(by_alias=True, mode="json")


def _money(figures: Figures) -> dict[str, int]:
    return {
        "payments": figures.payments,
        "succeeded": figures.collected,
        "failed": figures.failed,
        "revenue": figures.gross_minor,
        "refunded": figures.refunded_minor,
        "net": figures.net_minor,
    }


def _refunds(report: PaymentReport) -> dict[str, Any]:
    total = report.total
    return {
        "count": sum(each.refunds for each in report.refunds),
        "amount": sum(each.amount_minor for each in report.refunds),
        "rate": _rate(total.given_back, total.collected),
        "amount_rate": _rate(total.refunded_minor, total.gross_minor),
        "reasons": [
            {"reason": each.reason, "refunds": each.refunds, "amount": each.amount_minor} for each in report.refunds
        ],
    }


def _disputes(report: PaymentReport) -> dict[str, Any]:
    [whole] = [each for each in report.disputes if each.status is None]
    return {
        "count": whole.disputes,
        "amount": whole.amount_minor,
        "rate": _rate(whole.payments, report.total.collected),
        "by_status": {each.status: each.disputes for each in report.disputes if each.status is not None},
    }


def _rate(part: int, whole: int) -> float | None:
    """A share, to four decimals; None of nothing."""
    return half_up(part * 10_000, whole) / 10_000 if whole else None
