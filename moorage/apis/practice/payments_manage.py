"""What administrators and owners do with payments: collect what is reserved, let go of it, try the providers."""

from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.practice.lists import answer
from moorage.apis.practice.payment_schemas import Payment
from moorage.apis.practice.payments import own_payment
from moorage.apis.practice.payments_start import UNKNOWN_YET, amount_of
from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.journeys.capture_payment import cancel_payment, capture_payment
from moorage.journeys.try_providers import try_payments
from moorage.kernel.errors import ForbiddenError
from moorage.web.actor import Admin, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, Id, MoneyNumber, StrictModel

router = APIRouter(prefix="/payments", tags=["Practice payments"], route_class=StrictRoute)


class AmountIn(StrictModel):
    """How much of what is reserved; all of it without an amount."""

    amount: MoneyNumber | None = None


class TrialIn(StrictModel):
    """In which currency to try."""

    currency: CurrencyCode = "USD"


class Trial(BaseModel):
    """How a provider took it. The payment is cancelled again; `reference` is the provider's id of it, `account` that of
    our account there, `error` the code of its refusal.
    """

    provider: str
    success: bool
    account: str | None
    payment_id: UUID | None
    reference: str | None
    error: str | None = Field(examples=["provider_declined"])
    message: str | None


@router.post("/test", operation_id="practice_payments_test", response_model=list[Trial])
async def try_providers(request: Request, caller: Admin, body: TrialIn | None = None) -> Response:
    """Make one small payment with each provider that is set up, and report how each took it. Not in production."""
    if request.app.state.settings.environment == "production":
        raise ForbiddenError("Trial payments are not made in production.")
    results = await try_payments(house_of(request), caller.actor, currency=(body or TrialIn()).currency)
    return answer(
        [
            Trial(
                provider=one.provider,
                success=one.ok,
                account=one.account,
                payment_id=one.payment_id,
                reference=one.reference,
                error=one.error,
                message=one.detail,
            )
            for one in results
        ]
    )


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
