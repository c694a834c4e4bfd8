"""Giving back a payment, or a part of it, because an administrator says so: reserved and posted, then asked for at the
provider. What it paid for is not cancelled by that.
"""

from uuid import UUID

from moorage.domains.payments import queries
from moorage.domains.payments.queries import RefundRow
from moorage.journeys.house import House
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import SYSTEM, Actor, with_retries
from moorage.kernel.errors import NotFoundError


async def refund_payment(
    house: House,
    actor: Actor,
    payment_id: UUID,
    amount_minor: int | None,
    *,
    reason: str,
    notes: str | None = None,
    refund_id: UUID,
) -> RefundRow:
    """Give back `amount_minor` (None: all that is left). `refund_id` is the caller's: the same again is the same
    refund, answered as it stands. One whose outcome is not known is `pending`. Raises NotFoundError, ForbiddenError,
    RefundExceedsPaymentError, NotRefundableError, PaymentDisputedError, InvalidAmountError.
    """
    planned = house.ids()

    async def plan() -> None:
        async with house.database.transaction(actor) as db:
            verb = "refund_for_purpose" if actor.is_system else "refund_for_asking"
            await db.execute(
                f"SELECT {verb}($1, $2, $3, $4, $5, $6, $7)",
                refund_id,
                planned,
                payment_id,
                amount_minor,
                reason,
                notes,
                actor.user_id,
            )

    await with_retries(plan, repeatable=True)
    await _handed_over(house, payment_id, refund_id)
    await carry_out_now(house, [planned])
    house.bell.ring()
    async with house.database.reading(SYSTEM) as db:
        refund = await queries.refund(db, refund_id)
    assert refund is not None  # noqa: S101 - it was planned above, and refunds are never deleted
    return refund


async def complete_manual_refund(house: House, actor: Actor, refund_id: UUID) -> RefundRow:
    """Money that was to be handed back by hand (a cancelled booking's) has been: an administrator says so. Again is
    harmless. Raises NotFoundError, ForbiddenError, NotByHandError.
    """
    async with house.database.transaction(actor) as db:
        await db.execute(f"SELECT {'hand_over' if actor.is_system else 'hand_over_for_asking'}($1)", refund_id)
    async with house.database.reading(SYSTEM) as db:
        refund = await queries.refund(db, refund_id)
    if refund is None:
        raise NotFoundError("There is no such refund.")
    return refund


async def _handed_over(house: House, payment_id: UUID, refund_id: UUID) -> None:
    """Who refunds money by hand has it in hand: done with the word."""
    async with house.database.reading(SYSTEM) as db:
        payment = await queries.payment(db, payment_id)
    gateway = None if payment is None else house.gateways.get(payment.provider)
    if gateway is not None and gateway.capabilities.recorded_by_hand:
        async with house.database.transaction(SYSTEM) as db:
            await db.execute("SELECT hand_over($1)", refund_id)
