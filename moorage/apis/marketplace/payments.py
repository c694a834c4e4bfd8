"""Payments: how to pay for a booking, paying by a method's name, and what was paid."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from moorage.apis.marketplace.envelope import Listed, Success, listing, ok, ordering_of, problems
from moorage.apis.marketplace.payment_schemas import (
    ConfirmBody,
    CreateIntentBody,
    IntentView,
    PaymentView,
    ProviderName,
)
from moorage.domains.payments.listed import ORDERINGS, PaymentFilter, payments_listed
from moorage.domains.payments.states import PaymentStatus
from moorage.journeys.collect_payment import confirm_payment, create_intent
from moorage.web.actor import CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import Id
from moorage.web.paging import Paging

router = APIRouter(prefix="/payments", tags=["payments"], route_class=StrictRoute)


@router.post(
    "/create-intent/",
    operation_id="payments_create_intent",
    response_model=Success[IntentView],
    responses=problems(401, 404, 409, 422),
)
async def create(request: Request, caller: CurrentUser, body: CreateIntentBody) -> Response:
    """The payment that collects what a booking owes now: the open one, or a new attempt. Its client pays with
    `client_secret`, or on the page at `checkout_url`. `hold_expired` and `invalid_state` (409) when nothing is owed.
    """
    row = await create_intent(house_of(request), caller.actor, body.booking_id, body.provider)
    return ok(IntentView.of(row))


@router.post(
    "/confirm/",
    operation_id="payments_confirm",
    response_model=Success[PaymentView],
    responses={
        **problems(401, 404, 409, 422),
        202: {"model": Success[PaymentView], "description": "The provider has not answered; it is being asked."},
    },
)
async def confirm(request: Request, caller: CurrentUser, body: ConfirmBody) -> Response:
    """Pay with a method by name. 422 `provider_declined` with `failure_code` when it is refused: another method may be
    tried. `requires_action` asks for a challenge on the page at `checkout_url`. 202 when the outcome is not known yet.
    """
    confirmed = await confirm_payment(house_of(request), caller.actor, body.payment_id, body.payment_method)
    house_of(request).bell.ring()
    view = PaymentView.of(confirmed.payment)
    if confirmed.is_known:
        return ok(view)
    if view.status in ("pending", "failed"):
        view.status = "processing"
    return ok(view, "The provider has not answered yet. You are told as soon as it has.", 202)


@router.get(
    "/history/",
    operation_id="payments_history",
    response_model=Success[Listed[PaymentView]],
    responses=problems(401, 422),
)
async def history(
    request: Request,
    caller: CurrentUser,
    page: Paging,
    *,
    status: PaymentStatus | None = None,
    provider: ProviderName | None = None,
    booking_id: Id | None = None,
    ordering: Annotated[str | None, Query(max_length=200, description=", ".join(ORDERINGS))] = None,
) -> Response:
    """Your own payments, newest first."""
    wanted = PaymentFilter(
        payer_id=caller.user_id,
        purpose_id=booking_id,
        statuses=None if status is None else (status,),
        provider=provider,
    )
    order = ordering_of(ordering, list(ORDERINGS), "-created_at")
    async with house_of(request).database.reading(caller.actor) as db:
        rows, count = await payments_listed(db, wanted, order, limit=page.size, offset=page.offset)
    return listing(request, [PaymentView.of(row) for row in rows], count, page)
