"""Money by hand: somebody brought cash or a check, or a transfer came. An administrator's word settles it as a
provider's event would: bookings are confirmed, earnings recorded, refunds possible, and a check may bounce.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

from moorage.domains.payments.queries import PaymentRow
from moorage.journeys.house import House
from moorage.journeys.read_payment import read_payment
from moorage.kernel.db import Actor, with_retries
from moorage.kernel.money import InvalidAmountError, exponent

Method = Literal["cash", "check", "bank_transfer", "zelle", "venmo"]
METHODS: Final[tuple[Method, ...]] = ("cash", "check", "bank_transfer", "zelle", "venmo")


@dataclass(frozen=True, slots=True)
class ManualPayment:
    """What came, or is to come (`pending`), in minor units. `payment_id` is the caller's: the same again is the same
    payment. `excess`: what is more than is owed is refused, or kept as the payer's credit, as a payment of its own.
    """

    payment_id: UUID
    amount_minor: int
    currency: str
    method: Method
    status: Literal["pending", "completed"] = "completed"
    purpose: str = "free_amount"
    purpose_id: UUID | None = None
    payer_id: UUID | None = None
    payer_email: str | None = None
    description: str | None = None
    excess: Literal["refuse", "credit"] = "refuse"
    metadata: Mapping[str, Any] = field(default_factory=dict)


async def record_manual_payment(house: House, actor: Actor, manual: ManualPayment) -> PaymentRow:
    """Record it; where it is `completed`, what it pays for is told at once. People may note pending money of their own.
    Raises OverpaymentError, AmountMismatchError (another currency), InvalidAmountError, InvalidStateError,
    HoldExpiredError, NotFoundError, ForbiddenError.
    """
    exponent(manual.currency)
    if manual.amount_minor <= 0:
        raise InvalidAmountError
    terms = {
        "description": manual.description,
        "payer_email": manual.payer_email,
        "metadata": dict(manual.metadata),
    }
    await _say(
        house,
        actor,
        "record_by_hand",
        manual.payment_id,
        manual.purpose,
        manual.purpose_id,
        manual.payer_id,
        manual.amount_minor,
        manual.currency,
        manual.method,
        manual.status,
        manual.excess,
        terms,
        actor.user_id,
        house.clock(),
    )
    return await _after(house, manual.payment_id)


async def complete_manual_payment(house: House, actor: Actor, payment_id: UUID) -> PaymentRow:
    """What was to come has come; again is harmless. Raises NotByHandError, InvalidStateError, OverpaymentError,
    HoldExpiredError, NotFoundError, ForbiddenError.
    """
    await _say(house, actor, "complete_by_hand", payment_id, actor.user_id, house.clock())
    return await _after(house, payment_id)


async def bounce_manual_payment(house: House, actor: Actor, payment_id: UUID, reason: str = "") -> PaymentRow:
    """It did not come after all: reversed, owed again, the receipt void. Again is harmless. Raises NotByHandError,
    InvalidStateError, NotFoundError, ForbiddenError.
    """
    await _say(house, actor, "bounce_by_hand", payment_id, reason, actor.user_id)
    return await _after(house, payment_id)


async def _say(house: House, actor: Actor, verb: str, *arguments: Any) -> None:
    name = verb if actor.is_system else f"{verb}_for_asking"
    places = ", ".join(f"${number}" for number in range(1, len(arguments) + 1))

    async def say() -> None:
        async with house.database.transaction(actor) as db:
            await db.execute(f"SELECT {name}({places})", *arguments)

    await with_retries(say, repeatable=True)


async def _after(house: House, payment_id: UUID) -> PaymentRow:
    """The payment as it stands. What it left to be called (an attempt to stop, a refund) is called without waiting."""
    house.bell.ring()
    return await read_payment(house, payment_id)
