"""Payouts: a practitioner's own, and those that an administrator sends by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from moorage.apis.marketplace.envelope import Listed, Success, created, listing, ok, ordering_of, problems
from moorage.apis.marketplace.payout_schemas import (
    ConnectIn,
    ConnectView,
    FailedIn,
    PaidIn,
    PayoutIn,
    PayoutView,
)
from moorage.domains.payouts import queries
from moorage.domains.payouts.queries import PayoutMethod, PayoutStatus, Wanted
from moorage.journeys import pay_out
from moorage.journeys.connect_payee import connect_payee
from moorage.kernel.money import InvalidAmountError, parse_amount
from moorage.web.actor import Admin, Practitioner, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, Id
from moorage.web.idempotency import subject_id
from moorage.web.paging import Paging
from moorage.web.return_urls import check_return_urls

router = APIRouter(tags=["payouts"], route_class=StrictRoute)

Ordering = Annotated[str | None, Query(max_length=200, description=", ".join(queries.ORDERINGS))]


@router.get(
    "/practitioner/payouts/",
    operation_id="payouts_own",
    response_model=Success[Listed[PayoutView]],
    responses=problems(401, 403, 422),
)
async def list_own(
    request: Request,
    caller: Practitioner,
    page: Paging,
    *,
    status: PayoutStatus | None = None,
    currency: CurrencyCode | None = None,
    ordering: Ordering = None,
) -> Response:
    """Your payouts, newest first."""
    order = tuple(ordering_of(ordering, queries.ORDERINGS, "-created_at"))
    wanted = Wanted(_own_id(caller), status, None, currency, order, page.size, page.offset)
    async with house_of(request).database.reading(caller.actor) as db:
        rows, count = await queries.list_payouts(db, wanted)
    return listing(request, [PayoutView.of(row) for row in rows], count, page)


@router.post(
    "/practitioner/payouts/request/",
    operation_id="payouts_request",
    status_code=201,
    response_model=Success[PayoutView],
    responses=problems(401, 403, 409, 422),
)
async def request_one(request: Request, caller: Practitioner, body: PayoutIn | None = None) -> Response:
    """Have what is available paid out: all of it, or an amount. It is taken from your available balance at once, and is
    there again should it not arrive. Without an account at the provider it is sent by hand.
    """
    house, asked = house_of(request), body or PayoutIn()
    currency, amount_minor = asked.currency, None
    if asked.amount is not None:
        if currency is None:
            async with house.database.reading(caller.actor) as db:
                currency = await queries.only_currency(db, _own_id(caller))
        amount_minor = parse_amount(asked.amount, currency)
        if amount_minor == 0:
            raise InvalidAmountError("An amount is more than nothing.", pointer="/amount")
    row = await pay_out.request_payout(house, caller.actor, subject_id(request), amount_minor, currency)
    return created(PayoutView.of(row))


@router.post(
    "/practitioner/connect/",
    operation_id="payouts_connect",
    response_model=Success[ConnectView],
    responses=problems(401, 403, 422),
)
async def connect(request: Request, caller: Practitioner, body: ConnectIn | None = None) -> Response:
    """Your account at the provider that pays out, opened if need be, and the page on which you tell it what it wants to
    know. From when `can_be_paid`, payouts go there.
    """
    asked = body or ConnectIn()
    check_return_urls(request, return_url=asked.return_url, refresh_url=asked.refresh_url)
    made = await connect_payee(
        house_of(request), caller.actor, _own_id(caller), asked.country, asked.return_url, asked.refresh_url
    )
    return ok(ConnectView.of(made))


@router.get(
    "/payouts/",
    operation_id="payouts_list",
    response_model=Success[Listed[PayoutView]],
    responses=problems(401, 403, 422),
)
async def list_all(
    request: Request,
    caller: Admin,
    page: Paging,
    *,
    status: PayoutStatus | None = None,
    method: PayoutMethod | None = None,
    currency: CurrencyCode | None = None,
    practitioner_id: Id | None = None,
    ordering: Ordering = None,
) -> Response:
    """Everybody's payouts, newest first. Those to be sent by hand: `?method=manual&status=requested`."""
    order = tuple(ordering_of(ordering, queries.ORDERINGS, "-created_at"))
    wanted = Wanted(practitioner_id, status, method, currency, order, page.size, page.offset)
    async with house_of(request).database.reading(caller.actor) as db:
        rows, count = await queries.list_payouts(db, wanted)
    return listing(request, [PayoutView.of(row) for row in rows], count, page)


@router.post(
    "/payouts/{payout_id}/mark-paid/",
    operation_id="payouts_mark_paid",
    response_model=Success[PayoutView],
    responses=problems(401, 403, 404, 409, 422),
)
async def mark_paid(request: Request, payout_id: Id, caller: Admin, body: PaidIn | None = None) -> Response:
    """A payout by hand has been sent. What a provider sends is the provider's to tell: 409 `payout_by_provider`."""
    note = None if body is None else body.note
    return ok(PayoutView.of(await pay_out.mark_paid(house_of(request), caller.actor, payout_id, note)))


@router.post(
    "/payouts/{payout_id}/mark-failed/",
    operation_id="payouts_mark_failed",
    response_model=Success[PayoutView],
    responses=problems(401, 403, 404, 409, 422),
)
async def mark_failed(request: Request, payout_id: Id, caller: Admin, body: FailedIn) -> Response:
    """A payout by hand did not arrive, or came back after it had been marked as paid: it is available again."""
    return ok(PayoutView.of(await pay_out.mark_failed(house_of(request), caller.actor, payout_id, body.reason)))


def _own_id(caller: Practitioner) -> UUID:
    assert caller.practitioner_id is not None  # noqa: S101 - who asks is a practitioner
    return caller.practitioner_id
