"""An invoice, or what a booking owes, is paid by whoever has seen to who they are: by its link, or signed in.

A booking's invoice is paid by paying the booking, so that its own policy covers the money; what is paid then counts for
the invoice too. The caller has checked that who asks may pay it: anybody may pay somebody's bill, and nobody is told
more than the link told them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from moorage.domains.bookings.errors import UnknownProviderError
from moorage.domains.bookings.queries import describe
from moorage.domains.invoicing.errors import NothingOwedError
from moorage.domains.payments.gateway import AmountNotSupportedError, PaymentGateway
from moorage.journeys.house import House
from moorage.journeys.issue_invoice import read_invoice
from moorage.journeys.start_payment import PaymentStart, StartedPayment, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError

_OWED: Final = """
SELECT b.status, b.currency, b.client_id, u.email, b.paid_minor - b.refunded_minor AS kept_minor, b.due_now_minor,
       b.total_minor
  FROM bookings b JOIN users u ON u.id = b.client_id WHERE b.id = $1 AND b.parent_id IS NULL
"""


@dataclass(frozen=True, slots=True)
class PayerChoice:
    """How somebody pays: `provider` None is the default one. Both ids are the caller's: the same again is the same
    payment. Afterwards they are at `return_url`, or at `cancel_url` when they turn back.
    """

    payment_id: UUID
    operation_id: UUID
    return_url: str
    cancel_url: str
    provider: str | None = None


async def pay_invoice(house: House, invoice_id: UUID, choice: PayerChoice) -> StartedPayment:
    """Start the payment of all that is open of an invoice. Raises NotFoundError, NothingOwedError, InvalidStateError (a
    payment is being processed), and what start_payment raises of providers.
    """
    invoice = await read_invoice(house, invoice_id)
    if invoice.booking_id is not None:
        return await _pay_booking(house, invoice.booking_id, choice, f"Invoice {invoice.number}", invoice.owed_minor)
    if invoice.owed_minor == 0:
        raise NothingOwedError
    return await _start(
        house,
        choice,
        purpose="invoice",
        purpose_id=invoice.id,
        amount_minor=invoice.owed_minor,
        currency=invoice.currency,
        payer_id=invoice.customer_id,
        payer_email=invoice.customer_email,
        description=f"Invoice {invoice.number}",
    )


async def pay_booking(house: House, booking_id: UUID, choice: PayerChoice) -> StartedPayment:
    """Start the payment of what a booking owes now: all that is due while it waits to be confirmed, else its balance.
    Raises as pay_invoice does, and HoldExpiredError.
    """
    return await _pay_booking(house, booking_id, choice, None, None)


def payable_by(house: House, amount_minor: int, currency: str) -> Sequence[PaymentGateway]:
    """The providers by which this amount can be asked for, the default one first."""
    able = []
    for name, gateway in sorted(house.gateways.items(), key=lambda one: one[0] != house.terms.default_provider):
        if gateway.capabilities.recorded_by_hand or not (
            gateway.capabilities.redirect or gateway.capabilities.page_script
        ):
            continue
        try:
            gateway.check_amount(amount_minor, currency)
        except AmountNotSupportedError:
            continue
        able.append(house.gateways[name])
    return able


async def _pay_booking(
    house: House, booking_id: UUID, choice: PayerChoice, name: str | None, at_most_minor: int | None
) -> StartedPayment:
    async with house.database.reading(SYSTEM) as db:
        booking = await db.fetchrow(_OWED, booking_id)
        said = name or await describe(db, booking_id)
    if booking is None:
        raise NotFoundError("There is no such booking.")
    is_held = booking["status"] == "pending"
    owed = (booking["due_now_minor"] if is_held else booking["total_minor"]) - booking["kept_minor"]
    if at_most_minor is not None and not is_held:
        owed = min(owed, at_most_minor)
    if owed <= 0:
        raise NothingOwedError
    return await _start(
        house,
        choice,
        purpose=_purpose(booking),
        purpose_id=booking_id,
        amount_minor=owed,
        currency=booking["currency"],
        payer_id=booking["client_id"],
        payer_email=booking["email"],
        description=said or "Booking",
    )


def _purpose(booking: asyncpg.Record) -> str:
    if booking["status"] != "pending":
        return "booking_balance"
    return "booking_full" if booking["due_now_minor"] == booking["total_minor"] else "booking_deposit"


async def _start(
    house: House,
    choice: PayerChoice,
    *,
    purpose: str,
    purpose_id: UUID,
    amount_minor: int,
    currency: str,
    payer_id: UUID | None,
    payer_email: str | None,
    description: str,
) -> StartedPayment:
    gateway = house.gateways.get(choice.provider or house.terms.default_provider)
    if gateway is None or gateway.capabilities.recorded_by_hand:
        raise UnknownProviderError(pointer="/provider")
    start = PaymentStart(
        payment_id=choice.payment_id,
        operation_id=choice.operation_id,
        amount_minor=amount_minor,
        currency=currency,
        purpose=purpose,
        purpose_id=purpose_id,
        payer_id=payer_id,
        payer_email=payer_email,
        provider=gateway.name,
        mode="checkout" if gateway.capabilities.hosted_checkout else "intent",
        description=description,
        return_url=choice.return_url,
        cancel_url=choice.cancel_url,
    )
    return await start_payment(house, SYSTEM, start)
