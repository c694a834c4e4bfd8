"""Collecting: a client asks how to pay for a booking, and pays with a method by name.

The amounts are the database's. The provider is called between transactions, and whoever asks is told what it said.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from moorage.domains.bookings.errors import UnknownProviderError
from moorage.domains.payments import queries
from moorage.domains.payments.errors import MethodNotSupportedError, PaymentBusyError
from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.queries import PaymentRow
from moorage.journeys.house import House
from moorage.journeys.provider_calls import carry_out
from moorage.kernel.crash import crash_point
from moorage.kernel.db import SYSTEM, Actor, with_retries
from moorage.kernel.errors import InvalidStateError, NotFoundError

# How long a request waits for the worker that is making the provider's object at this moment.
_PATIENCE_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.05
# A hold that has expired may still be paid, and is taken again if it can be: for so long.
PATIENCE: Final = timedelta(hours=1)
STALE_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of paying. `is_known` False: the provider has not answered, and is being asked."""

    payment: PaymentRow
    is_known: bool


async def create_intent(house: House, actor: Actor, booking_id: UUID, provider: str | None) -> PaymentRow:
    """The payment that collects what this booking owes now, ready to be paid at its provider. Raises NotFoundError
    (also for another's booking), InvalidStateError, HoldExpiredError, UnknownProviderError, ProviderDeclinedError (the
    provider would not make it: another provider may).
    """
    gateway = house.gateways.get(provider or house.terms.default_provider)
    if gateway is None or gateway.capabilities.recorded_by_hand:
        raise UnknownProviderError(pointer="/provider")
    payment_id, operation_id = house.ids(), house.ids()

    async def collect() -> UUID:
        async with house.database.transaction(actor) as db:
            collecting: UUID = await db.fetchval(
                "SELECT collect_for_booking($1, $2, $3, $4, $5)",
                payment_id,
                operation_id,
                booking_id,
                provider,
                house.terms.default_provider,
            )
            return collecting

    collecting = await with_retries(collect)
    crash_point("after_plan_before_call")
    await _make_object(house, collecting)
    payment = await _read(house, actor, collecting)
    if payment.status == "failed" and payment.provider_ref is None:
        raise ProviderDeclinedError("The provider does not take this payment.", failure_code=payment.failure_code)
    return payment


async def confirm_payment(house: House, actor: Actor, payment_id: UUID, method: str) -> Confirmed:
    """Charge a method by name and settle by the provider's answer at once. Raises NotFoundError (also for another's
    payment), ProviderDeclinedError (another method may be tried), InvalidStateError, HoldExpiredError,
    PaymentBusyError, MethodNotSupportedError.
    """
    before = await _read(house, actor, payment_id)
    gateway = house.gateways.get(before.provider)
    if gateway is None or not gateway.capabilities.confirm_with_method:
        raise MethodNotSupportedError(pointer="/payment_method")
    await _make_object(house, payment_id)
    planned_id = house.ids()

    async def plan() -> UUID:
        async with house.database.transaction(actor) as db:
            planned: UUID = await db.fetchval("SELECT confirm_for_payer($1, $2, $3)", planned_id, payment_id, method)
            return planned

    operation_id = await with_retries(plan)
    crash_point("after_plan_before_call")
    outcome = await _carry_out_patiently(house, operation_id)
    after = await _read(house, actor, payment_id)
    if outcome == "not_due" and operation_id == planned_id:
        raise PaymentBusyError
    if after.status == "failed" and outcome != "unknown":
        raise ProviderDeclinedError(
            "The payment was declined; try again with another method.", failure_code=after.failure_code
        )
    if after.status == "canceled":
        raise InvalidStateError("This payment was cancelled: it cannot be paid.")
    return Confirmed(after, is_known=outcome in ("answered", "declined"))


async def cancel_stale_payments(house: House) -> int:
    """Stop collecting for bookings that ended unpaid some time ago; answers how many payments. The worker calls it."""
    async with house.database.hot(SYSTEM) as db:
        stopped: int = await db.fetchval("SELECT cancel_stale_payments($1, $2)", PATIENCE, STALE_AT_ONCE)
    if stopped:
        house.bell.ring()
    return stopped


async def _make_object(house: House, payment_id: UUID) -> None:
    """Have the provider's object made now, unless it is made or somebody is at it."""
    async with house.database.hot(SYSTEM) as db:
        operation_id = await queries.operation_under_way(db, payment_id, "create")
    if operation_id is not None:
        await carry_out(house, operation_id)


async def _carry_out_patiently(house: House, operation_id: UUID) -> str:
    """As `carry_out`; when its turn has not come, because the object is being made, waits for that a little."""
    tries = int(_PATIENCE_S / _LOOK_EVERY_S)
    for _ in range(tries):
        outcome = await carry_out(house, operation_id)
        if outcome != "not_due":
            return outcome
        async with house.database.hot(SYSTEM) as db:
            status = await queries.operation_status(db, operation_id)
        if status in ("answered", "unknown"):
            return str(status)
        await asyncio.sleep(_LOOK_EVERY_S)
    return "not_due"


async def _read(house: House, actor: Actor, payment_id: UUID) -> PaymentRow:
    if actor.user_id is None:
        raise NotFoundError
    async with house.database.reading(actor) as db:
        payment = await queries.payment_of_payer(db, payment_id, actor.user_id)
    if payment is None:
        raise NotFoundError("There is no such payment.")
    gateway = house.gateways.get(payment.provider)
    if payment.provider_ref is None and gateway is not None:
        secret, url = gateway.ahead(payment.id)
        payment = replace(payment, client_secret=secret, checkout_url=url)
    return payment
