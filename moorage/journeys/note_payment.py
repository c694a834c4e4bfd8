"""A payment is told of by a person: begun elsewhere at a provider, or come by hand; moved by hand, and written on.

What came by hand is moved by an administrator's word. What a provider holds is the provider's to say.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from moorage.domains.payments.errors import InvalidTransitionError, NotRefundableError
from moorage.domains.payments.queries import PaymentRow
from moorage.domains.payments.states import BY_HAND
from moorage.journeys.house import House
from moorage.journeys.read_payment import read_payment
from moorage.journeys.record_manual_payment import (
    METHODS,
    ManualPayment,
    Method,
    bounce_manual_payment,
    complete_manual_payment,
    record_manual_payment,
)
from moorage.journeys.refund_payment import refund_payment
from moorage.journeys.start_payment import PaymentStart
from moorage.kernel.db import Actor, with_retries
from moorage.kernel.errors import InvalidStateError

Standing = Literal["pending", "succeeded", "failed", "refunded"]
# From where to where money by hand may be moved.
_MOVES: Final[Mapping[str, tuple[str, ...]]] = {
    "pending": ("succeeded", "failed"),
    "succeeded": ("failed", "refunded"),
    "partially_refunded": ("refunded",),
}


async def note_payment(
    house: House, actor: Actor, start: PaymentStart, *, method: str, is_here: bool, reference: str | None
) -> PaymentRow:
    """Record what `start` says: by hand where `method` is one of METHODS, else begun elsewhere at the provider of that
    name, whose id of it is `reference` where it is known. `is_here`: the money has come. Raises InvalidTransitionError
    for a provider's money that is said to be here, PaymentIdTakenError, ForbiddenError, NotFoundError,
    AmountMismatchError, OverpaymentError, InvalidStateError, HoldExpiredError.
    """
    if method in METHODS:
        return await record_manual_payment(house, actor, _by_hand(start, method, is_here=is_here))
    if is_here:
        raise InvalidTransitionError("Whether a provider's payment is completed is for the provider to say.")

    async def note() -> None:
        async with house.database.transaction(actor) as db:
            await db.execute(
                "SELECT note_payment($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                start.payment_id,
                start.purpose,
                start.purpose_id,
                start.payer_id,
                start.amount_minor,
                start.currency,
                method,
                reference,
                {"payer_email": start.payer_email, "metadata": dict(start.metadata)},
            )

    await with_retries(note, repeatable=True)
    return await read_payment(house, start.payment_id)


async def move_by_hand(house: House, actor: Actor, payment_id: UUID, to: Standing) -> PaymentRow:
    """Move a payment that came by hand: it is here, it did not come after all, or all of it was given back. Where it
    stands already is no move. Raises InvalidTransitionError, also for a provider's payment; ForbiddenError,
    NotFoundError, OverpaymentError.
    """
    before = await read_payment(house, payment_id)
    if before.status == to:
        return before
    if before.provider != BY_HAND:
        raise InvalidTransitionError("A provider's payment is moved by what the provider says.")
    refused = InvalidTransitionError(f"A payment that is {before.status} does not become {to}.")
    if to not in _MOVES.get(before.status, ()):
        raise refused
    try:
        if to == "succeeded":
            return await complete_manual_payment(house, actor, payment_id)
        if to == "failed":
            return await bounce_manual_payment(house, actor, payment_id, "admin")
        await refund_payment(house, actor, payment_id, None, reason="other", refund_id=house.ids())
    except (InvalidStateError, NotRefundableError) as error:
        raise refused from error
    return await read_payment(house, payment_id)


async def annotate_payment(
    house: House, actor: Actor, payment_id: UUID, *, metadata: Mapping[str, Any] | None, ours: Mapping[str, Any]
) -> PaymentRow:
    """An administrator writes on a payment: `metadata` replaces what its client keeps there, `ours` are members with
    names of ours. Raises ForbiddenError, NotFoundError.
    """

    async def write() -> None:
        async with house.database.transaction(actor) as db:
            given = None if metadata is None else dict(metadata)
            await db.execute("SELECT annotate_payment($1, $2, $3)", payment_id, given, dict(ours))

    await with_retries(write)
    return await read_payment(house, payment_id)


def _by_hand(start: PaymentStart, method: str, *, is_here: bool) -> ManualPayment:
    known: Method = next(one for one in METHODS if one == method)
    return ManualPayment(
        start.payment_id,
        start.amount_minor,
        start.currency,
        known,
        status="completed" if is_here else "pending",
        purpose=start.purpose,
        purpose_id=start.purpose_id,
        payer_id=start.payer_id,
        payer_email=start.payer_email,
        metadata=start.metadata,
    )
