"""Calls to providers about payouts: sending one, and taking one back that did not reach its payee.

The same machinery as for payments: the call was planned and committed; whatever happens between it and its answer is
found out by asking. `provider_calls.carry_out` hands on to here what is no payment's.
"""

import logging
from datetime import timedelta
from typing import Final, cast
from uuid import UUID

from moorage.domains.payments.facets import ProviderTransfer, TransferGateway, TransferRequest
from moorage.domains.payments.gateway import (
    AmountNotSupportedError,
    NotSupportedByProviderError,
    OutcomeUnknownError,
    PaymentGateway,
    ProviderDeclinedError,
)
from moorage.domains.payments.operations import close_operation
from moorage.domains.payouts import operations
from moorage.domains.payouts.operations import ClaimedCall
from moorage.journeys.house import House
from moorage.journeys.provider_answers import record_unknown
from moorage.kernel.crash import crash_point
from moorage.kernel.db import SYSTEM, with_retries
from moorage.kernel.ids import made_at
from moorage.kernel.money import format_amount

# What administrators are told of a refusal: payout, amount, account, provider, why.
_REFUSED: Final = {
    "transfer": (
        "A payout was refused",
        "Payout {0} of {1} to {2} was refused by {3} ({4}). The practitioner has it available again.",
    ),
    "reverse": (
        "A payout that failed could not be taken back",
        "Payout {0} of {1} did not reach the bank of {2}, and {3} does not give it back ({4}); here it is available.",
    ),
}

log = logging.getLogger(__name__)


async def carry_out_transfer(house: House, operation_id: UUID, lease: timedelta) -> str:
    """Make the planned call and write its answer: 'answered', 'declined', 'unknown', or 'not_due'. May be told any
    number of times; the provider acts once.
    """

    async def claim() -> ClaimedCall | None:
        async with house.database.hot(SYSTEM) as db:
            return await operations.claim_call(db, operation_id, lease)

    call = await with_retries(claim)
    if call is None:
        return "not_due"
    crash_point("after_claim_before_call")
    try:
        told = await _call(house, call)
    except OutcomeUnknownError as error:
        return await record_unknown(house, call, error.code)
    except (ProviderDeclinedError, AmountNotSupportedError, NotSupportedByProviderError) as error:
        crash_point("after_call_before_record")
        return await _record_declined(house, call, str(error.facts.get("failure_code") or error.code))
    except Exception as error:  # Whatever went wrong, the provider may have acted: it has to be asked.
        log.exception("a call to a provider broke", extra={"operation_id": str(call.id)})
        return await record_unknown(house, call, type(error).__name__)
    crash_point("after_call_before_record")
    await _record(house, call, told)
    crash_point("after_record_before_answer")
    return "answered"


async def _call(house: House, call: ClaimedCall) -> ProviderTransfer:
    found = house.gateways.get(call.provider)
    if found is None or not found.capabilities.transfers:
        raise OutcomeUnknownError("This provider is not set up here any more.")
    gateway = cast("TransferGateway", found)
    if call.kind == "reverse":
        return await _reverse(gateway, call)
    if call.was != "planned":
        try:
            made = await gateway.find_transfer(call.payout_id)
        except ProviderDeclinedError as error:  # to be refused that says nothing about the call
            raise OutcomeUnknownError from error
        if made is not None:
            return made
        _check_key(house, found, call)
    request = TransferRequest(
        call.payout_id, call.payee, call.amount_minor, call.currency, f"Payout by {house.business_name}"
    )
    return await gateway.transfer(request, key=str(call.id))


async def _reverse(gateway: TransferGateway, call: ClaimedCall) -> ProviderTransfer:
    """Take back what is left of it with the payee."""
    present = await gateway.find_transfer(call.payout_id)
    if present is not None and present.reversed_minor == call.amount_minor:
        return present
    reference = call.provider_ref if present is None else present.reference
    if reference is None:
        raise OutcomeUnknownError("The provider's id of the transfer is not known.")
    back = call.amount_minor - (0 if present is None else present.reversed_minor)
    return await gateway.reverse_transfer(reference, amount_minor=back, currency=call.currency, key=str(call.id))


def _check_key(house: House, gateway: PaymentGateway, call: ClaimedCall) -> None:
    """Providers forget keys: what was asked about in vain until then never arrived, and is never sent over. Raises
    ProviderDeclinedError `never_arrived`.
    """
    planned_at = made_at(call.id)
    if planned_at is not None and house.clock() - planned_at >= gateway.capabilities.keys_live:
        raise ProviderDeclinedError("The provider never heard of it.", failure_code="never_arrived")


async def _record(house: House, call: ClaimedCall, told: ProviderTransfer) -> None:
    """Write what a call came to, and close it, in one transaction. What does not fit our payout is for a person."""

    async def write() -> None:
        async with house.database.transaction(SYSTEM) as db:
            outcome = "repeated"
            if call.kind == "transfer":
                outcome = await operations.record(db, call.payout_id, told)
            answer = {"reference": told.reference, "status": told.status, "reversed_minor": told.reversed_minor}
            fits = outcome in {"moved", "repeated"}
            await close_operation(db, call.id, "answered", answer=answer, error=None if fits else outcome)
            if not fits:
                await db.execute(
                    "SELECT alert_administrators($1, $2, $3)",
                    f"An answer of {call.provider} about a payout does not fit",
                    f"Payout {call.payout_id} is {call.amount_minor} {call.currency} to {call.payee}; the provider says"
                    f" {told.amount_minor} {told.currency} {told.status} ({told.reference}). Nothing was done by it.",
                    f"payout_answer:{call.id}",
                )

    await with_retries(write, repeatable=True)


async def _record_declined(house: House, call: ClaimedCall, failure: str) -> str:
    """Refused: what was not sent is available again. What cannot be taken back lies with the payee: for a person."""

    async def write() -> None:
        async with house.database.transaction(SYSTEM) as db:
            await close_operation(db, call.id, "answered", error=failure)
            if call.kind == "transfer":
                refused = ProviderTransfer("", "failed", call.amount_minor, call.currency, failure_code=failure)
                await operations.record(db, call.payout_id, refused)
            subject, body = _REFUSED[call.kind]
            amount = f"{format_amount(call.amount_minor, call.currency)} {call.currency}"
            told = body.format(call.payout_id, amount, call.payee, call.provider, failure)
            await db.execute("SELECT alert_administrators($1, $2, $3)", subject, told, f"payout_refused:{call.id}")

    await with_retries(write, repeatable=True)
    return "declined"
