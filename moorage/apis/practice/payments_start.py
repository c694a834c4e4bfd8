"""Payments of the practice are started: at any provider by one call, or at Stripe in cents."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from moorage.apis.practice.lists import answer
from moorage.apis.practice.payers import Links, check_guest, for_links, payer_of
from moorage.apis.practice.payment_schemas import Metadata, PaymentStatus, Provider, word
from moorage.domains.bookings.errors import UnknownProviderError
from moorage.domains.payments import queries
from moorage.domains.payments.errors import AmountMismatchError
from moorage.domains.payments.gateway import Capabilities, OutcomeUnknownError
from moorage.journeys.house import House
from moorage.journeys.start_payment import PaymentStart, StartedPayment, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidError
from moorage.kernel.money import InvalidAmountError, format_amount, parse_amount
from moorage.web.actor import Caller, OptionalUser, actor_of, house_of
from moorage.web.body import StrictRoute
from moorage.web.fields import CurrencyCode, Email, Id, MinorUnits, MoneyNumber
from moorage.web.idempotency import subject_id
from moorage.web.return_urls import check_return_urls

router = APIRouter(prefix="/payments", tags=["Practice payments"], route_class=StrictRoute)

Url = Annotated[str, Field(max_length=2_000, json_schema_extra={"format": "uri"})]
UNKNOWN_YET: Final[dict[int | str, dict[str, Any]]] = {
    202: {"description": "The provider has not answered yet; it is being asked. The payment exists and is pending."}
}


class ReturnUrlRequiredError(InvalidError):
    """This provider sends the payer to its own page: say where they come back to."""

    code = "return_url_required"


class PaymentIn(Links):
    """What to collect, and by whom. `return_url` and `cancel_url` are needed where the payer is sent to the provider's
    page, and passed over where a page of your own asks them (Stripe, but for `checkout`). `capture_method` `manual`
    reserves the amount first; `mode` `checkout` asks for a page of the provider's, and without it so does a provider
    that could not be paid otherwise by this contract.
    """

    amount: MoneyNumber
    currency: CurrencyCode = "USD"
    payment_provider: Provider
    user_id: Id | None = None
    return_url: Url | None = None
    cancel_url: Url | None = None
    customer_email: Email | None = None
    metadata: Metadata | None = None
    capture_method: Literal["automatic", "manual"] = "automatic"
    mode: Literal["intent", "checkout"] | None = None


class IntentIn(Links):
    """What to collect, in cents (minor units of the currency)."""

    amount: MinorUnits
    currency: CurrencyCode = "USD"
    user_id: Id | None = None
    customer_email: Email | None = None
    metadata: Metadata | None = None


class Started(BaseModel):
    """How to pay: with `client_secret` (and `publishable_key`) on a page of one's own, or at `approval_url`."""

    payment_id: UUID
    provider: str
    status: PaymentStatus
    amount: str = Field(examples=["20.00"])
    currency: str
    client_secret: str | None = None
    publishable_key: str | None = None
    approval_url: str | None = None
    order_id: str | None = None


class Intent(BaseModel):
    """How to pay, and what the provider calls it. `amount` in cents."""

    payment_id: UUID
    payment_intent_id: str | None
    client_secret: str | None
    amount: int
    currency: str
    status: PaymentStatus


@router.post(
    "/create-payment",
    operation_id="practice_payments_start",
    status_code=201,
    response_model=Started,
    responses=UNKNOWN_YET,
)
async def create_payment(request: Request, caller: OptionalUser, body: PaymentIn) -> Response:
    """Start a payment at any provider. What is named with a price is paid at that price, else the amount is free."""
    check_guest(request, caller, body.customer_email)
    house = house_of(request)
    gateway = house.gateways.get(body.payment_provider)
    if gateway is None:
        raise UnknownProviderError(pointer="/payment_provider")
    can = gateway.capabilities
    mode = body.mode or _mode_by_itself(can, body.capture_method)
    back = _way_back(request, body, can, mode)
    start = PaymentStart(
        subject_id(request),
        house.ids(),
        amount_of(body.amount, body.currency),
        body.currency,
        payer_id=await payer_of(request, caller, body.user_id),
        payer_email=body.customer_email,
        provider=body.payment_provider,
        capture=body.capture_method,
        mode=mode,
        return_url=back.get("return_url"),
        cancel_url=back.get("cancel_url"),
    )
    start = await for_links(request, caller, start, body, body.metadata)
    started, status = await begun(house, caller, start)
    return answer(how_to_pay(house, started), status)


@router.post(
    "/create-payment-intent",
    operation_id="practice_payments_start_intent",
    status_code=201,
    response_model=Intent,
    responses=UNKNOWN_YET,
)
async def create_intent(request: Request, caller: OptionalUser, body: IntentIn) -> Response:
    """Start a payment at Stripe, in cents. Where Stripe is not set up, the default provider stands in for it."""
    check_guest(request, caller, body.customer_email)
    house = house_of(request)
    start = PaymentStart(
        subject_id(request),
        house.ids(),
        body.amount,
        body.currency,
        payer_id=await payer_of(request, caller, body.user_id),
        payer_email=body.customer_email,
        provider=stand_in(house, "stripe"),
    )
    start = await for_links(request, caller, start, body, body.metadata)
    started, status = await begun(house, caller, start)
    row = started.payment
    intent = Intent(
        payment_id=row.id,
        payment_intent_id=row.provider_ids.get("payment_intent") or row.provider_ref,
        client_secret=started.client_secret,
        amount=row.amount_minor,
        currency=row.currency,
        status=word(row.status),
    )
    return answer(intent, status)


def _mode_by_itself(can: Capabilities, capture: str) -> Literal["intent", "checkout"]:
    """A method that is named to us by a call which this contract lacks leaves the provider's own page."""
    named_later = can.confirm_with_method and can.redirect and not can.client_secret
    return "checkout" if named_later and can.hosted_checkout and capture == "automatic" else "intent"


def _way_back(request: Request, body: PaymentIn, can: Capabilities, mode: str) -> dict[str, str | None]:
    """Where a payer who is sent to the provider's page comes back to; nothing where a page of the client's own asks
    them. Raises ReturnUrlRequiredError, ReturnUrlNotAllowedError.
    """
    if can.client_secret and not can.known_ahead and mode == "intent":
        return {}
    urls = {"return_url": body.return_url, "cancel_url": body.cancel_url}
    if can.redirect and not can.client_secret:
        check_there(**urls)
    check_return_urls(request, **urls)
    return urls


async def begun(house: House, caller: Caller | None, start: PaymentStart) -> tuple[StartedPayment, int]:
    """Start it, and 201; or 202 when the provider has not answered."""
    try:
        return await start_payment(house, actor_of(caller), start), 201
    except AmountMismatchError as error:
        raise AmountMismatchError(error.detail, pointer="/amount") from error
    except OutcomeUnknownError:
        async with house.database.reading(SYSTEM) as db:
            row = await queries.payment(db, start.payment_id)
        if row is None:
            raise
        return StartedPayment(row, None, None, row.expires_at), 202


def how_to_pay(house: House, started: StartedPayment) -> Started:
    """As the contract shows it."""
    row, can = started.payment, house.gateways[started.payment.provider].capabilities
    has_order = can.capture_after_approval or started.checkout_url is not None
    return Started(
        payment_id=row.id,
        provider=row.provider,
        status=word(row.status),
        amount=format_amount(row.amount_minor, row.currency),
        currency=row.currency,
        client_secret=started.client_secret,
        publishable_key=can.publishable_key,
        approval_url=started.checkout_url,
        order_id=row.provider_ids.get("order") or (row.provider_ref if has_order else None),
    )


def stand_in(house: House, provider: str) -> str:
    """The provider that a call is named after, or the default one where that is not set up."""
    return provider if provider in house.gateways else house.terms.default_provider


def amount_of(text: str, currency: str) -> int:
    """Whole units to minor units, more than nothing. Raises InvalidAmountError."""
    try:
        amount_minor = parse_amount(text, currency)
    except InvalidError as error:
        raise type(error)(pointer="/amount") from error
    if amount_minor == 0:
        raise InvalidAmountError("An amount is more than nothing.", pointer="/amount")
    return amount_minor


def check_there(**urls: str | None) -> None:
    """Raise ReturnUrlRequiredError for the first that is missing."""
    for name, url in urls.items():
        if url is None:
            raise ReturnUrlRequiredError(pointer=f"/{name}")
