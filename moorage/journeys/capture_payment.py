"""Collecting what a payer's bank reserved, or a payer approved; and cancelling what was not collected.

Each is planned in a transaction that decides (one of the two wins), then called, then answered from the row.
"""

from uuid import UUID

from moorage.domains.payments import queries
from moorage.domains.payments.gateway import NotSupportedByProviderError, OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payments.queries import PaymentRow
from moorage.journeys.house import House
from moorage.journeys.planned_calls import carry_out_now
from moorage.journeys.provider_answers import learned
from moorage.journeys.read_payment import read_payment
from moorage.kernel.db import SYSTEM, Actor, with_retries
from moorage.kernel.errors import InvalidStateError


async def capture_payment(house: House, actor: Actor, payment_id: UUID, amount_minor: int | None = None) -> PaymentRow:
    """Collect all or a part, once; the rest is released. A payer may complete what they approved, which is safe to
    repeat; what is reserved is collected by an administrator. Raises NotFoundError, ForbiddenError, InvalidStateError
    (nothing waits, cancelled, collected before), CaptureExceedsAuthorizationError, InvalidAmountError,
    NotSupportedByProviderError, ProviderDeclinedError (`failure_code`), OutcomeUnknownError.
    """
    await _check_can_capture(house, payment_id)
    planned = house.ids()

    async def plan() -> UUID | None:
        async with house.database.transaction(actor) as db:
            statement = (
                "SELECT plan_capture($1, $2, $3)" if actor.is_system else "SELECT capture_for_asking($1, $2, $3)"
            )
            operation: UUID | None = await db.fetchval(statement, planned, payment_id, amount_minor)
            return operation

    try:
        operation = await with_retries(plan)
    except InvalidStateError:
        if not await _reserved_meanwhile(house, payment_id):
            raise
        operation = await with_retries(plan)
    if operation is not None:
        await carry_out_now(house, [operation])
        house.bell.ring()
    after = await read_payment(house, payment_id)
    if operation is not None and after.succeeded_at is None:
        await _tell_why_not(house, operation, after)
    return after


async def cancel_payment(house: House, actor: Actor, payment_id: UUID, reason: str = "canceled") -> PaymentRow:
    """Let nothing be collected any more; again is harmless. Its payer's or an administrator's to do. Raises
    NotFoundError, InvalidStateError (collected, over, or being collected), OutcomeUnknownError.
    """
    planned = house.ids()

    async def plan() -> UUID | None:
        async with house.database.transaction(actor) as db:
            verb = "cancel_open_payment" if actor.is_system else "cancel_for_asking"
            operation: UUID | None = await db.fetchval(
                f"SELECT {verb}($1, $2, $3, $4)",
                planned,
                payment_id,
                reason,
                actor.user_id,
            )
            return operation

    operation = await with_retries(plan)
    if operation is not None:
        await carry_out_now(house, [operation])
        house.bell.ring()
    after = await read_payment(house, payment_id)
    if after.succeeded_at is not None:
        raise InvalidStateError("The money arrived before it could be cancelled.")
    if after.status != "canceled":
        raise OutcomeUnknownError(payment_id=str(payment_id))
    return after


async def _check_can_capture(house: House, payment_id: UUID) -> None:
    payment = await read_payment(house, payment_id)
    gateway = house.gateways.get(payment.provider)
    if gateway is None:
        raise NotSupportedByProviderError("This provider is not set up here any more.")
    can = gateway.capabilities
    if not (can.separate_capture or can.capture_after_approval):
        raise NotSupportedByProviderError("This provider collects at once.")


async def _reserved_meanwhile(house: House, payment_id: UUID) -> bool:
    """Whether the provider holds reserved money that no event has told us of yet; then it is noted."""
    payment = await read_payment(house, payment_id)
    is_open = payment.status in {"pending", "requires_action", "failed"} and payment.provider_ref is not None
    if payment.capture_method != "manual" or not is_open:
        return False
    present = await house.gateways[payment.provider].fetch(str(payment.provider_ref))
    if not present.needs_capture:
        return False
    async with house.database.transaction(SYSTEM) as db:
        outcome = await db.fetchval(
            "SELECT settle_payment($1, $2, $3, $4, $5, $6, NULL, $7, $8, $9)",
            payment_id,
            present.status,
            present.amount_minor,
            present.currency,
            present.reference,
            present.payment_method,
            f"{payment.provider}_asked",
            learned(present),
            house.clock(),
        )
    return outcome in {"moved", "repeated"}


async def _tell_why_not(house: House, operation: UUID, after: PaymentRow) -> None:
    """It was asked to collect and nothing is collected: declined, decided otherwise, or not known yet."""
    async with house.database.reading(SYSTEM) as db:
        call = await queries.operation(db, operation)
    if call is not None and call.status == "answered" and call.error is not None:
        raise ProviderDeclinedError(failure_code=call.error, payment_id=str(after.id))
    if after.status in ("canceled", "failed"):
        raise InvalidStateError(f"This payment is {after.status}: nothing of it can be collected.")
    if call is None or call.status != "answered":
        raise OutcomeUnknownError(payment_id=str(after.id))
