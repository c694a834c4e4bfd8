"""Payments that a person records: money by hand, or begun elsewhere at a provider; moved and written on by hand."""

from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.apis.practice.lists import answer
from moorage.apis.practice.payers import Links, for_links, payer_of
from moorage.apis.practice.payment_schemas import NOTES, PAID_AT, Metadata, Payment, PaymentStatus, word
from moorage.apis.practice.payments import own_payment
from moorage.apis.practice.payments_start import amount_of
from moorage.domains.payments.errors import InvalidTransitionError
from moorage.domains.payments.queries import PaymentRow
from moorage.domains.payments.states import BY_HAND
from moorage.journeys.house import House
from moorage.journeys.note_payment import Standing, annotate_payment, move_by_hand, note_payment
from moorage.journeys.start_payment import PaymentStart
from moorage.kernel.errors import ForbiddenError
from moorage.web.actor import Admin, Caller, CurrentUser, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, Email, Id, Instant, LongText, MoneyNumber, ShortText, StrictModel
from moorage.web.idempotency import subject_id

router = APIRouter(prefix="/payments", tags=["Practice payments"], route_class=StrictRoute)

_STANDINGS: Final[dict[PaymentStatus, Standing]] = {
    "pending": "pending",
    "completed": "succeeded",
    "failed": "failed",
    "refunded": "refunded",
}


class RecordIn(Links):
    """A payment as somebody tells of it. `completed` is an administrator's or owner's word, for money by hand alone. A
    provider's payment that was started elsewhere is followed by the provider's id.
    """

    user_id: Id | None = None
    amount: MoneyNumber
    currency: CurrencyCode = "USD"
    payment_method: Literal["stripe", "paypal", "cash", "check", "bank_transfer", "zelle", "venmo"]
    status: Literal["pending", "completed"] = "pending"
    customer_email: Email | None = None
    stripe_payment_intent_id: ShortText | None = None
    paypal_order_id: ShortText | None = None
    payment_date: Instant | None = None
    notes: LongText | None = None
    metadata: Metadata | None = None


class PaymentChange(StrictModel):
    """What changes of a payment; what is not sent stays. `metadata` is replaced as a whole."""

    status: PaymentStatus | None = None
    payment_date: Instant | None = None
    metadata: Metadata | None = None
    notes: LongText | None = None


@router.post("/", operation_id="practice_payments_record", status_code=201, response_model=Payment)
async def record_payment(request: Request, caller: CurrentUser, body: RecordIn) -> Response:
    """Record a payment: of one's own while it is to come, as an administrator or owner anyone's, and what has come."""
    if body.status == "completed" and not caller.is_admin:
        raise ForbiddenError("Only administrators and owners say that money has come.", pointer="/status")
    house = house_of(request)
    start = PaymentStart(
        subject_id(request),
        house.ids(),
        amount_of(body.amount, body.currency),
        body.currency,
        payer_id=await payer_of(request, caller, body.user_id),
        payer_email=body.customer_email,
    )
    start = await for_links(request, caller, start, body, {**(body.metadata or {}), **_written(body)})
    row = await note_payment(
        house,
        caller.actor,
        start,
        method=body.payment_method,
        is_here=body.status == "completed",
        reference=body.stripe_payment_intent_id or body.paypal_order_id or None,
    )
    return answer(Payment.of(row), 201)


@router.put("/{payment_id}", operation_id="practice_payments_update", response_model=Payment)
async def change_payment(request: Request, caller: Admin, payment_id: Id, body: PaymentChange) -> Response:
    """Move money by hand to where it stands, and write on any payment. A provider's payment is not moved by hand."""
    house = house_of(request)
    before = await own_payment(house, caller, payment_id)
    if body.status not in (None, word(before.status)):
        await _move(house, caller, before, body.status)
    row = await annotate_payment(house, caller.actor, payment_id, metadata=body.metadata, ours=_written(body))
    return answer(Payment.of(row))


async def _move(house: House, caller: Caller, before: PaymentRow, to: PaymentStatus) -> None:
    try:
        await move_by_hand(house, caller.actor, before.id, _STANDINGS[to])
    except InvalidTransitionError as error:
        was = word(before.status)
        detail = f"A payment that is {was} does not become {to}." if before.provider == BY_HAND else error.detail
        raise InvalidTransitionError(detail, pointer="/status") from error


def _written(body: RecordIn | PaymentChange) -> dict[str, Any]:
    """What is noted of the payment, under our own names."""
    ours: dict[str, Any] = {}
    if body.notes is not None:
        ours[NOTES] = body.notes
    if body.payment_date is not None:
        ours[PAID_AT] = body.payment_date.isoformat()
    return ours
