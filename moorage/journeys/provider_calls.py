"""Calling a provider: the intent to call is committed, then the call is made, then its answer is written.

A crash or a timeout between any two of these leaves a row that says what to ask about: `recover_operations` asks. A
call that was made without an answer is unknown, never failed.
"""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

from moorage.domains.bookings.queries import describe
from moorage.domains.payments.gateway import (
    MISSING,
    AmountNotSupportedError,
    AuthorizesAfterApproval,
    NotSupportedByProviderError,
    OutcomeUnknownError,
    PaymentGateway,
    ProviderDeclinedError,
)
from moorage.domains.payments.gateway_values import Intent, IntentRequest, Line, ProviderRefund
from moorage.domains.payments.operations import ClaimedOperation, claim_operation, due_operations
from moorage.journeys.host_invoice import create_hosted
from moorage.journeys.house import House
from moorage.journeys.provider_answers import (
    NotCollected,
    record_declined,
    record_intent,
    record_not_collected,
    record_refund,
    record_unknown,
)
from moorage.journeys.transfer_calls import carry_out_transfer
from moorage.kernel.crash import crash_point
from moorage.kernel.db import SYSTEM, with_retries
from moorage.kernel.ids import made_at
from moorage.kernel.money import format_amount

T = TypeVar("T")

# Longer than any provider's timeout: whoever still waits for an answer is not asked over.
LEASE: Final = timedelta(seconds=20)
# A planned call is its job's to make; only one that waited this long has lost its job.
PLANNED_AFTER: Final = timedelta(seconds=5)
RECOVER_AT_ONCE: Final = 8
# After so many unknown answers (about a minute) nobody waits to be charged any more: what was not collected stays so.
CHARGE_TRIES: Final = 6

# What every provider takes of a line for the payer, or shortens by itself.
DESCRIPTION_CHARS: Final = 200

log = logging.getLogger(__name__)


async def carry_out(house: House, operation_id: UUID) -> str:
    """Make the planned call and write its answer: 'answered', 'declined', 'unknown', or 'not_due' when somebody else
    has it, or its turn has not come. May be told any number of times; the provider acts once.
    """

    async def claim() -> ClaimedOperation | None:
        async with house.database.hot(SYSTEM) as db:
            return await claim_operation(db, operation_id, LEASE)

    operation = await with_retries(claim)
    if operation is None:
        return await carry_out_transfer(house, operation_id, LEASE)
    crash_point("after_claim_before_call")
    try:
        answer = await _call(house, operation)
    except OutcomeUnknownError as error:
        return await record_unknown(house, operation, error.code)
    except (ProviderDeclinedError, AmountNotSupportedError, NotSupportedByProviderError) as error:
        crash_point("after_call_before_record")
        return await record_declined(house, operation, error)
    except Exception as error:  # Whatever went wrong, the provider may have acted: it has to be asked.
        log.exception("a call to a provider broke", extra={"operation_id": str(operation.id)})
        return await record_unknown(house, operation, type(error).__name__)
    crash_point("after_call_before_record")
    if isinstance(answer, NotCollected):
        await record_not_collected(house, operation, answer)
        return "declined"
    if isinstance(answer, ProviderRefund):
        await record_refund(house, operation, answer)
    else:
        await record_intent(house, operation, answer)
    crash_point("after_record_before_answer")
    return "answered"


async def recover_operations(house: House, *, limit: int = 100) -> int:
    """Ask about every call that is due and that nobody is busy with. Answers how many were taken up."""
    async with house.database.hot(SYSTEM) as db:
        due = await due_operations(db, limit, PLANNED_AFTER)
    turns = asyncio.Semaphore(RECOVER_AT_ONCE)

    async def one(operation_id: UUID) -> None:
        async with turns:
            await carry_out(house, operation_id)

    await asyncio.gather(*(one(operation_id) for operation_id in due))
    return len(due)


async def _call(house: House, operation: ClaimedOperation) -> Intent | ProviderRefund | NotCollected:
    gateway = house.gateways.get(operation.provider)
    if gateway is None:
        raise OutcomeUnknownError("This provider is not set up here any more.")
    # The operation's id is the idempotency key: the same call again is the same call.
    if operation.kind == "create":
        return await _create(house, gateway, operation)
    if operation.kind == "refund":
        return await _refund(house, gateway, operation)
    reference = operation.provider_ref
    if reference is None:
        made = await _asked(gateway.find(operation.payment_id))
        if made is None:  # Nothing was ever made, so nothing can be collected.
            return Intent("", "canceled", operation.amount_minor, operation.currency)
        reference = made.reference
    if operation.kind == "cancel":
        return await _cancel(gateway, operation, reference)
    charge = {"authorize": _authorize, "capture": _capture}.get(operation.kind, _confirm)
    return await charge(house, gateway, operation, reference)


async def _asked(question: Awaitable[T]) -> T:
    """What a provider tells of an earlier call. To be refused that says nothing about the call: OutcomeUnknownError."""
    try:
        return await question
    except ProviderDeclinedError as error:
        raise OutcomeUnknownError from error


def _check_key(house: House, gateway: PaymentGateway, operation: ClaimedOperation) -> None:
    """Providers forget keys. What was called, and then asked about in vain until the key may be forgotten, never
    arrived: it is refused here, never made over. Raises ProviderDeclinedError `never_arrived`.
    """
    planned_at = made_at(operation.id)
    if planned_at is not None and house.clock() - planned_at >= gateway.capabilities.keys_live:
        raise ProviderDeclinedError("The provider never heard of it.", failure_code="never_arrived")


async def _create(house: House, gateway: PaymentGateway, operation: ClaimedOperation) -> Intent:
    if operation.was != "planned":
        made = await _asked(gateway.find(operation.payment_id))
        if made is not None:
            return made
        _check_key(house, gateway, operation)
    if operation.mode == "invoice":
        return await create_hosted(house, gateway, operation)
    tax = _tax_told(gateway, operation)
    said = operation.description or await _what_for(house, operation)
    request = IntentRequest(
        payment_id=operation.payment_id,
        amount_minor=operation.amount_minor,
        currency=operation.currency,
        description=said[: DESCRIPTION_CHARS - len(tax)] + tax,
        return_url=_followed(house, operation.return_url) or f"{house.public_url}/?payment={operation.payment_id}",
        payer_email=operation.payer_email,
        capture=operation.capture_method,
        mode=operation.mode,
        subscription_id=operation.purpose_id if operation.purpose == "subscription" else None,
        cancel_url=_followed(house, operation.cancel_url),
        lines=_lines(operation, tax),
        customer=operation.customer,
        expires_at=operation.expires_at,
    )
    return await gateway.create(request, key=str(operation.id))


def _followed(house: House, kept: str | None) -> str | None:
    return None if kept is None else house.links.revealed(kept, house.public_url)


def _lines(operation: ClaimedOperation, tax: str) -> tuple[Line, ...]:
    """What is paid for, line by line; the last one tells the tax in all of them."""
    lines = [Line(**line) for line in operation.lines or ()]
    if lines and tax:
        lines[-1] = replace(lines[-1], description=f"{lines[-1].description}{tax}".strip())
    return tuple(lines)


def _tax_told(gateway: PaymentGateway, operation: ClaimedOperation) -> str:
    """The tax in what is paid, for the payer; empty where there is none, or where the provider tells it itself."""
    if operation.tax_minor == 0 or gateway.capabilities.tax:
        return ""
    return f" (with {format_amount(operation.tax_minor, operation.currency)} {operation.currency} of tax)"


async def _what_for(house: House, operation: ClaimedOperation) -> str:
    """A line for the payer, who reads it on the provider's page and on a statement."""
    said = None
    if operation.purpose.startswith("booking_") and operation.purpose_id is not None:
        async with house.database.hot(SYSTEM) as db:
            said = await describe(db, operation.purpose_id)
    return said or operation.purpose.replace("_", " ").capitalize()


async def _confirm(house: House, gateway: PaymentGateway, operation: ClaimedOperation, reference: str) -> Intent:
    del house  # the tries end long before the key
    if operation.was != "planned":
        present = await _asked(gateway.fetch(reference))
        over = operation.is_stopping or operation.attempts > CHARGE_TRIES
        if over or present.status not in {"pending", "failed"}:
            return present
        # Not collected: either this call never arrived, or it was declined. The same key tells which.
    return await gateway.confirm(reference, payment_method=operation.request["payment_method"], key=str(operation.id))


async def _cancel(gateway: PaymentGateway, operation: ClaimedOperation, reference: str) -> Intent:
    """What the provider has no more, as some forget what nobody paid for hours, collects nothing any more."""
    try:
        return await gateway.cancel(reference, key=str(operation.id))
    except ProviderDeclinedError as error:
        if error.facts["failure_code"] not in MISSING:
            raise
    return Intent(reference, "canceled", operation.amount_minor, operation.currency)


async def _authorize(
    house: House, gateway: PaymentGateway, operation: ClaimedOperation, reference: str
) -> Intent | NotCollected:
    del house
    present = await gateway.fetch(reference)
    if operation.is_stopping or not present.needs_authorization:
        return present
    if not isinstance(gateway, AuthorizesAfterApproval):
        raise NotSupportedByProviderError
    try:
        return await gateway.authorize(reference, key=str(operation.id))
    except ProviderDeclinedError as declined:
        return await _instead(gateway, reference, declined)


async def _capture(
    house: House, gateway: PaymentGateway, operation: ClaimedOperation, reference: str
) -> Intent | NotCollected:
    if operation.was != "planned":
        present = await _asked(gateway.fetch(reference))
        if operation.is_stopping or present.status not in {"pending", "requires_action", "processing"}:
            return present
        # Not collected: either this call never arrived, or it was refused. Collecting again is harmless: once it is.
        _check_key(house, gateway, operation)
    try:
        return await gateway.capture(
            reference,
            amount_minor=operation.request["amount_minor"],
            currency=operation.currency,
            key=str(operation.id),
        )
    except ProviderDeclinedError as declined:
        return await _instead(gateway, reference, declined)


async def _instead(gateway: PaymentGateway, reference: str, declined: ProviderDeclinedError) -> Intent | NotCollected:
    """What a payment has come to that could not be collected: it had been before, it is over, or the payer has to
    approve it by another method. Raises `declined` where it waits to be collected as it did.
    """
    present = await gateway.fetch(reference)
    if present.status in {"succeeded", "canceled", "failed"}:
        return present
    if present.status == "processing":
        raise declined
    return NotCollected(present, str(declined.facts.get("failure_code") or declined.code))


async def _refund(house: House, gateway: PaymentGateway, operation: ClaimedOperation) -> ProviderRefund:
    assert operation.refund_id is not None and operation.refund_minor is not None  # noqa: S101, PT018 - as planned
    reference = operation.provider_ref
    if reference is None:
        raise OutcomeUnknownError("The provider's id of this payment is not known.")
    if operation.was != "planned":
        made = await _asked(gateway.find_refund(reference, operation.refund_id))
        if made is not None:
            return made
        _check_key(house, gateway, operation)
    return await gateway.refund(
        reference,
        refund_id=operation.refund_id,
        amount_minor=operation.refund_minor,
        currency=operation.currency,
        key=str(operation.id),
    )
