"""Payments at PayPal, step by step: an order to approve, its capture, and the provider's own view of it.

Where PayPal is not set up, the default provider stands in for it.
"""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.practice.lists import answer
from moorage.apis.practice.payers import Links, for_links, payer_of
from moorage.apis.practice.payment_schemas import Metadata, Payment, PaymentStatus, word
from moorage.apis.practice.payments import own_payment
from moorage.apis.practice.payments_start import UNKNOWN_YET, Url, amount_of, begun, stand_in
from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.domains.payments.queries import PaymentRow
from moorage.journeys.capture_payment import capture_payment
from moorage.journeys.house import House
from moorage.journeys.start_payment import PaymentStart
from moorage.kernel.errors import NotFoundError
from moorage.kernel.money import format_amount
from moorage.web.actor import Caller, CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, Id, MoneyNumber, ShortText, StrictModel
from moorage.web.idempotency import subject_id
from moorage.web.return_urls import check_return_urls

router = APIRouter(prefix="/payments/paypal", tags=["Practice payments"], route_class=StrictRoute)
_PAYPAL = "paypal"


class OrderIn(Links):
    """What to collect, and where the payer comes back to."""

    amount: MoneyNumber
    currency: CurrencyCode = "USD"
    return_url: Url
    cancel_url: Url
    user_id: Id | None = None
    metadata: Metadata | None = None


class CaptureIn(StrictModel):
    """Who approved, as PayPal said when it sent the payer back; taken, and not needed."""

    payer_id: ShortText | None = None


class Order(BaseModel):
    """Where the payer approves."""

    payment_id: UUID
    order_id: str | None
    approval_url: str | None
    status: PaymentStatus
    amount: str = Field(examples=["20.00"])
    currency: str


class Captured(BaseModel):
    """What came of it."""

    payment_id: UUID
    order_id: str | None
    capture_id: str | None
    payer_id: str | None
    status: PaymentStatus
    amount: str = Field(examples=["20.00"])
    currency: str

    @classmethod
    def of(cls, row: PaymentRow) -> "Captured":
        """As the contract shows it."""
        return cls(
            payment_id=row.id,
            order_id=row.provider_ids.get("order") or row.provider_ref,
            capture_id=row.provider_ids.get("capture"),
            payer_id=row.provider_ids.get("payer"),
            status=word(row.status),
            amount=format_amount(row.amount_minor, row.currency),
            currency=row.currency,
        )


class ProviderView(BaseModel):
    """The provider's own word, and ours."""

    payment: Payment
    provider_status: str | None
    provider_reference: str | None
    provider_data: Mapping[str, Any] = Field(description="As the provider answers")


@router.post(
    "/create-order",
    operation_id="practice_paypal_create_order",
    status_code=201,
    response_model=Order,
    responses=UNKNOWN_YET,
)
async def create_order(request: Request, caller: CurrentUser, body: OrderIn) -> Response:
    """Make an order; the payer approves it at `approval_url`."""
    check_return_urls(request, return_url=body.return_url, cancel_url=body.cancel_url)
    house = house_of(request)
    start = PaymentStart(
        subject_id(request),
        house.ids(),
        amount_of(body.amount, body.currency),
        body.currency,
        payer_id=await payer_of(request, caller, body.user_id),
        provider=stand_in(house, _PAYPAL),
        return_url=body.return_url,
        cancel_url=body.cancel_url,
    )
    started, status = await begun(house, caller, await for_links(request, caller, start, body, body.metadata))
    row = started.payment
    order = Order(
        payment_id=row.id,
        order_id=row.provider_ids.get("order") or row.provider_ref,
        approval_url=started.checkout_url,
        status=word(row.status),
        amount=format_amount(row.amount_minor, row.currency),
        currency=row.currency,
    )
    return answer(order, status)


@router.post(
    "/capture-payment/{payment_id}",
    operation_id="practice_paypal_capture",
    response_model=Captured,
    responses=UNKNOWN_YET,
)
async def capture(
    request: Request,
    caller: CurrentUser,
    payment_id: Id,
    payer_id: Annotated[str | None, Query(max_length=200, description="As PayPal names who approved")] = None,
    body: CaptureIn | None = None,
) -> Response:
    """Collect an order that the payer has approved. Safe to repeat: what is collected is answered as it is."""
    del payer_id, body  # PayPal knows who approved
    house = house_of(request)
    before = await _own(house, caller, payment_id)
    if before.succeeded_at is not None:
        return answer(Captured.of(before))
    try:
        row = await capture_payment(house, caller.actor, payment_id)
    except OutcomeUnknownError:
        return answer(Captured.of(before), 202)
    return answer(Captured.of(row), 202 if row.succeeded_at is None else 200)


@router.get("/payment/{payment_id}", operation_id="practice_paypal_read", response_model=ProviderView)
async def read_at_provider(request: Request, caller: CurrentUser, payment_id: Id) -> Response:
    """The provider's own view of a payment, asked for now, next to ours."""
    house = house_of(request)
    row = await _own(house, caller, payment_id)
    told = None if row.provider_ref is None else await house.gateways[row.provider].fetch(row.provider_ref)
    view = ProviderView(
        payment=Payment.of(row),
        provider_status=None if told is None else told.status,
        provider_reference=row.provider_ref,
        provider_data={} if told is None else told.raw,
    )
    return answer(view)


async def _own(house: House, caller: Caller, payment_id: UUID) -> PaymentRow:
    """The caller's payment at PayPal. Raises ForbiddenError for another's, NotFoundError."""
    row = await own_payment(house, caller, payment_id)
    if row.provider != stand_in(house, _PAYPAL):
        raise NotFoundError("There is no such payment at PayPal.")
    return row
