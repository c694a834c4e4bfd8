"""Keeping another service's records of payments: told, seen, described, moved on, cancelled.

A record is its payer's: somebody else's is refused as such (ForbiddenError) and not hidden, as that contract has it;
administrators see and change all.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from moorage.domains.payments import records
from moorage.domains.payments.errors import CheckoutSessionIdTakenError, PaymentIdTakenError
from moorage.domains.payments.records import NewRecord, RecordRow
from moorage.journeys.house import House
from moorage.kernel.db import Actor, Connection, with_retries
from moorage.kernel.errors import ForbiddenError, NotFoundError

CANCELLABLE: Final = ("pending", "requires_action", "processing")


async def record_payment(house: House, actor: Actor, new: NewRecord) -> RecordRow:
    """Record a payment of the actor's. Raises PaymentIdTakenError, CheckoutSessionIdTakenError."""

    async def write(db: Connection) -> int:
        return await records.record_payment(db, new)

    return await _written(house, actor, write)


async def see_record(
    house: House, actor: Actor, *, no: int | None = None, gateway_payment_id: str | None = None, is_admin: bool
) -> RecordRow:
    """A record by its number or the provider's id. Raises ForbiddenError, NotFoundError."""
    async with house.database.reading(actor) as db:
        if no is not None:
            row = await records.record_of_no(db, no)
        else:
            row = await records.record_of_gateway_id(db, gateway_payment_id or "")
        if row is not None and (is_admin or row.payer_id == actor.user_id):
            return row
        if await records.record_exists(db, no=no, gateway_payment_id=gateway_payment_id):
            raise ForbiddenError("This payment is somebody else's.")
        raise NotFoundError


async def describe_record(house: House, actor: Actor, no: int, changes: Mapping[str, Any]) -> RecordRow:
    """Change a record's descriptions. Raises ForbiddenError, NotFoundError, CheckoutSessionIdTakenError."""

    async def write(db: Connection) -> int:
        await records.describe_record(db, no, changes)
        return no

    return await _written(house, actor, write)


async def move_record(
    house: House, actor: Actor, no: int, status: str, *, only_from: Sequence[str] | None = None
) -> RecordRow:
    """Move a recorded payment by hand, as the state machine allows; audited and posted. Raises ForbiddenError,
    NotFoundError, InvalidTransitionError, PaymentDisputedError.
    """

    async def write(db: Connection) -> int:
        await records.restate_record(db, no, status, only_from=only_from)
        return no

    return await _written(house, actor, write)


async def _written(house: House, actor: Actor, write: Callable[[Connection], Awaitable[int]]) -> RecordRow:
    """Write in one transaction, told again after a conflict; the record as it is then."""

    async def unit() -> RecordRow | None:
        async with house.database.transaction(actor) as db:
            return await records.record_of_no(db, await write(db))

    try:
        row = await with_retries(unit)
    except PaymentIdTakenError as error:
        raise PaymentIdTakenError(pointer="/payment_id") from error
    except CheckoutSessionIdTakenError as error:
        raise CheckoutSessionIdTakenError(pointer="/checkout_session_id") from error
    if row is None:
        raise NotFoundError
    return row
