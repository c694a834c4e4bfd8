"""What administrators and owners do with payments: collect what is reserved, let go of it, try the providers."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.practice.lists import answer
from moorage.apis.practice.payment_schemas import Payment, PaymentStatus
from moorage.apis.practice.payments import own_payment
from moorage.apis.practice.payments_start import UNKNOWN_YET, amount_of, begun, how_to_pay
from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.journeys.capture_payment import cancel_payment, capture_payment
from moorage.journeys.house import House
from moorage.journeys.start_payment import PaymentStart
from moorage.kernel.errors import ForbiddenError, MoorageError
from moorage.web.actor import Admin, Caller, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, Id, MoneyNumber, StrictModel

router = APIRouter(prefix="/payments", tags=["Practice payments"], route_class=StrictRoute)
SMALL: Final = "1.00"


class AmountIn(StrictModel):
    """How much of what is reserved; all of it without an amount."""

    amount: MoneyNumber | None = None


class TrialIn(StrictModel):
    """The small payment to try with."""

    amount: MoneyNumber = SMALL
    currency: CurrencyCode = "USD"


class Trial(BaseModel):
    """How a provider took it; `error` is the code of its refusal."""

    provider: str
    success: bool
    payment_id: UUID | None = None
    status: PaymentStatus | None = None
    client_secret: str | None = None
    approval_url: str | None = None
    error: str | None = Field(default=None, examples=["provider_declined"])
    message: str | None = None


@router.post("/test", operation_id="practice_payments_test", response_model=list[Trial])
async def try_providers(request: Request, caller: Admin, body: TrialIn | None = None) -> Response:
    """Start one small payment with each provider that is set up, and report how each took it. Not in production."""
    if request.app.state.settings.environment == "production":
        raise ForbiddenError("Trial payments are not made in production.")
    house, wanted = house_of(request), body or TrialIn()
    amount_minor = amount_of(wanted.amount, wanted.currency)
    able = [name for name, gateway in house.gateways.items() if not gateway.capabilities.recorded_by_hand]
    return answer([await _try(house, caller, name, amount_minor, wanted.currency) for name in able])


@router.post(
    "/{payment_id}/capture",
    operation_id="practice_payments_capture",
    response_model=Payment,
    responses=UNKNOWN_YET,
)
async def capture(request: Request, caller: Admin, payment_id: Id, body: AmountIn | None = None) -> Response:
    """Collect what `capture_method` `manual` has reserved, whole or in part; the rest is released. Once."""
    house = house_of(request)
    row = await own_payment(house, caller, payment_id)
    amount = None if body is None or body.amount is None else amount_of(body.amount, row.currency)
    try:
        return answer(Payment.of(await capture_payment(house, caller.actor, payment_id, amount)))
    except OutcomeUnknownError:
        return answer(Payment.of(row), 202)


@router.post("/{payment_id}/cancel", operation_id="practice_payments_cancel", response_model=Payment)
async def cancel(request: Request, caller: Admin, payment_id: Id) -> Response:
    """Let nothing of a payment be collected any more; what is reserved is released. Again is harmless."""
    return answer(Payment.of(await cancel_payment(house_of(request), caller.actor, payment_id, "admin")))


async def _try(house: House, caller: Caller, provider: str, amount_minor: int, currency: str) -> Trial:
    back = f"{house.public_url}/"
    start = PaymentStart(
        house.ids(),
        house.ids(),
        amount_minor,
        currency,
        payer_id=caller.user_id,
        provider=provider,
        description="A trial payment",
        return_url=back,
        cancel_url=back,
        metadata={"trial": True},
    )
    try:
        started, _ = await begun(house, caller, start)
    except MoorageError as error:
        return Trial(provider=provider, success=False, error=error.code, message=error.detail)
    how, is_made = how_to_pay(house, started), started.payment.provider_ref is not None
    return Trial(
        provider=provider,
        success=is_made,
        payment_id=how.payment_id,
        status=how.status,
        client_secret=how.client_secret,
        approval_url=how.approval_url,
        error=None if is_made else OutcomeUnknownError.code,
    )
