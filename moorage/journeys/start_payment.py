"""Starting a payment for what is owed, or for a free amount: checked, opened, and made at its provider.

The story: the amount is checked against what the provider takes and what the purpose owes; the payment and the call
that makes the provider's object are written in one transaction; the call is made at once, and whoever asked is told
where to pay. What is paid is settled as any payment is: by the provider's event or answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from moorage.domains.bookings.errors import UnknownProviderError
from moorage.domains.payments import queries
from moorage.domains.payments.errors import AmountMismatchError
from moorage.domains.payments.gateway import (
    NotSupportedByProviderError,
    OutcomeUnknownError,
    PaymentGateway,
    ProviderDeclinedError,
)
from moorage.domains.payments.gateway_values import Line
from moorage.domains.payments.queries import PaymentRow
from moorage.domains.payments.states import PaymentMode
from moorage.journeys.house import House
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import SYSTEM, Actor, with_retries
from moorage.kernel.money import MAX_AMOUNT_MINOR, InvalidAmountError

_OPEN_FOR_ASKING: Final = "SELECT open_for_asking($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_OPEN_FOR_US: Final = "SELECT open_for_purpose($1, $2, $3, $4, $5, $6, $7, $8, $9)"


@dataclass(frozen=True, slots=True)
class PaymentStart:
    """What to collect, in minor units of `currency`. Both ids are the caller's: the same again is the same payment.
    `purpose_id` is the booking's, invoice's or subscription's; a `free_amount` has none. `provider` None is the default
    one. `customer` is the provider's id of the payer, where it is not the one kept for them.
    """

    payment_id: UUID
    operation_id: UUID
    amount_minor: int
    currency: str
    purpose: str = "free_amount"
    purpose_id: UUID | None = None
    payer_id: UUID | None = None
    payer_email: str | None = None
    provider: str | None = None
    capture: Literal["automatic", "manual"] = "automatic"
    mode: PaymentMode = "intent"
    lines: tuple[Line, ...] = ()
    description: str = ""
    return_url: str | None = None
    cancel_url: str | None = None
    customer: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StartedPayment:
    """The payment, and how to pay it: by `client_secret`, or on the page at `checkout_url`."""

    payment: PaymentRow
    client_secret: str | None
    checkout_url: str | None
    expires_at: datetime | None


async def start_payment(house: House, actor: Actor, start: PaymentStart) -> StartedPayment:
    """Open the payment and have the provider's object made. Raises UnknownProviderError, AmountNotSupportedError,
    InvalidCurrencyError, InvalidAmountError, NotSupportedByProviderError, AmountMismatchError (more than is owed, other
    than the price, or lines that do not add up), InvalidStateError, HoldExpiredError, NotFoundError, ForbiddenError;
    ProviderDeclinedError with `failure_code`; OutcomeUnknownError when the provider does not answer: the payment
    exists, and the worker finds out.
    """
    provider = start.provider or house.terms.default_provider
    gateway = house.gateways.get(provider)
    if gateway is None:
        raise UnknownProviderError(pointer="/provider")
    _check(gateway, start)

    async def open_it() -> None:
        async with house.database.transaction(actor) as db:
            await db.execute(
                _OPEN_FOR_US if actor.is_system else _OPEN_FOR_ASKING,
                start.payment_id,
                start.operation_id,
                start.purpose,
                start.purpose_id,
                start.payer_id,
                start.amount_minor,
                start.currency,
                provider,
                _terms(house, start),
            )

    await with_retries(open_it, repeatable=True)
    await carry_out_now(house, [start.operation_id])
    house.bell.ring()
    return await _started(house, gateway, start)


def _check(gateway: PaymentGateway, start: PaymentStart) -> None:
    can = gateway.capabilities
    if can.recorded_by_hand:
        raise NotSupportedByProviderError("Money by hand is recorded when it comes, not asked for.")
    if start.capture == "manual" and not can.separate_capture:
        raise NotSupportedByProviderError("This provider collects at once.", pointer="/capture")
    if start.mode == "checkout" and not can.hosted_checkout:
        raise NotSupportedByProviderError("This provider has no page of its own to pay on.", pointer="/mode")
    if start.mode == "subscription" and not can.subscriptions:
        raise NotSupportedByProviderError("This provider does not collect by the period.", pointer="/mode")
    if not 0 < start.amount_minor <= MAX_AMOUNT_MINOR:
        raise InvalidAmountError("That is more than can be paid at once.", pointer="/amount")
    gateway.check_amount(start.amount_minor, start.currency)
    if start.lines and sum(line.amount_minor * line.quantity for line in start.lines) != start.amount_minor:
        raise AmountMismatchError("The lines do not add up to the amount.", pointer="/lines")


def _terms(house: House, start: PaymentStart) -> dict[str, Any]:
    """How it is to be asked for, as describe_payment keeps it."""
    lines = [
        {
            "name": line.name,
            "amount_minor": line.amount_minor,
            "quantity": line.quantity,
            "description": line.description,
            **({} if line.price is None else {"price": line.price}),
        }
        for line in start.lines
    ]
    return {
        "capture": start.capture,
        "mode": start.mode,
        "lines": lines or None,
        "description": start.description or None,
        "return_url": start.return_url,
        "cancel_url": start.cancel_url,
        "payer_email": start.payer_email,
        "customer": start.customer,
        "expires_after_s": house.terms.payment_hours * 3600 if _expires(start) else None,
        "metadata": dict(start.metadata),
    }


def _expires(start: PaymentStart) -> bool:
    """A page is left at some time, and a free amount is for nothing that could end; what else is asked for may be paid
    for as long as it is owed.
    """
    return start.mode == "checkout" or start.purpose == "free_amount"


async def _started(house: House, gateway: PaymentGateway, start: PaymentStart) -> StartedPayment:
    """What came of it, told from the row: the call may have been made by somebody else meanwhile."""
    async with house.database.reading(SYSTEM) as db:
        payment = await queries.payment(db, start.payment_id)
    assert payment is not None  # noqa: S101 - it was opened above, and payments are never deleted
    if payment.status == "failed":
        raise ProviderDeclinedError(
            failure_code=payment.failure_code or "provider_declined", payment_id=str(payment.id)
        )
    secret, url = payment.client_secret, payment.checkout_url
    if payment.provider_ref is None:
        secret, url = gateway.ahead(payment.id)
        if secret is None and url is None:
            raise OutcomeUnknownError(payment_id=str(payment.id))
    return StartedPayment(payment, secret, url, payment.expires_at)
