"""Writing what became of a call to a provider: settled and closed in one transaction, and as often as it takes."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from moorage.domains.payments.gateway_values import Intent, ProviderEvent, ProviderRefund
from moorage.domains.payments.operations import ClaimedOperation, close_operation, note_refund_reference
from moorage.domains.payouts.operations import ClaimedCall
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, with_retries
from moorage.kernel.errors import MoorageError
from moorage.kernel.money import format_amount

_LONGEST_WAIT_S: Final = 300

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NotCollected:
    """The provider would not collect, with its code why, and the payment is no longer as it was."""

    present: Intent
    failure: str


async def record_intent(house: House, operation: ClaimedOperation, intent: Intent, reason: str | None = None) -> None:
    """Settle by the answer, in one round trip, and close the operation with it."""
    data = {
        "operation": str(operation.id),
        "status": intent.status,
        "client_secret": intent.client_secret,
        "checkout_url": intent.checkout_url,
        **learned(intent),
    }

    async def settle() -> str:
        async with house.database.hot(SYSTEM) as db:
            outcome: str = await db.fetchval(
                "SELECT settle_answer($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                operation.id,
                operation.payment_id,
                intent.status,
                intent.amount_minor,
                intent.currency,
                intent.reference or None,
                intent.payment_method,
                intent.failure_code,
                reason or operation.request.get("reason") or f"{operation.provider}_answer",
                data,
                house.clock(),
            )
            return outcome

    if await with_retries(settle, repeatable=True) == "parked":
        await _alert(house, operation, intent)


def learned(told: Intent | ProviderEvent) -> dict[str, Any]:
    """What a provider told besides a payment's state, as the SQL functions of payments read it."""
    data: dict[str, Any] = {}
    if told.ids:
        data["ids"] = dict(told.ids)
    if told.needs_capture:
        data["needs_capture"] = True
    if told.needs_authorization:
        data["needs_authorization"] = True
    if told.tax_minor is not None:
        data["tax_minor"] = told.tax_minor
    if isinstance(told, ProviderEvent):
        if told.fee_minor is not None:
            data["fee_minor"] = told.fee_minor
    elif told.expires_at is not None:
        data["expires_at"] = told.expires_at.isoformat()
    return data


async def _alert(house: House, operation: ClaimedOperation, intent: Intent) -> None:
    """The provider answered about another amount, currency or object than ours: nothing is paid, a person looks."""
    log.error("a provider's answer does not fit our payment", extra={"payment_id": str(operation.payment_id)})
    async with house.database.transaction(SYSTEM) as db:
        await db.execute(
            "SELECT alert_administrators($1, $2, $3)",
            f"An answer of {operation.provider} does not fit",
            f"Payment {operation.payment_id} is {operation.amount_minor} {operation.currency}, the provider says"
            f" {intent.amount_minor} {intent.currency} {intent.status} ({intent.reference}). Nothing was settled.",
            f"answer_parked:{operation.id}",
        )


async def record_refund(house: House, operation: ClaimedOperation, refund: ProviderRefund) -> None:
    """Settle a refund by the answer; one that is pending at the provider waits for its event."""

    async def settle() -> None:
        async with house.database.transaction(SYSTEM) as db:
            assert operation.refund_id is not None  # noqa: S101 - as planned
            if refund.status == "pending":
                await note_refund_reference(db, operation.refund_id, refund.reference)
            else:
                await db.execute(
                    "SELECT settle_refund($1, $2, $3, $4, $5)",
                    operation.refund_id,
                    refund.status == "succeeded",
                    refund.reference or None,
                    refund.failure_code,
                    {"operation": str(operation.id), "status": refund.status},
                )
            answer = {"reference": refund.reference, "status": refund.status}
            await close_operation(db, operation.id, "answered", answer=answer, error=refund.failure_code)

    await with_retries(settle, repeatable=True)
    gateway = house.gateways.get(operation.provider)
    if refund.status == "pending" and gateway is not None and gateway.capabilities.recorded_by_hand:
        await _ask_to_hand_over(house, operation, refund)


async def _ask_to_hand_over(house: House, operation: ClaimedOperation, refund: ProviderRefund) -> None:
    """Money by hand goes back by hand: unless it has already, a person is told."""
    async with house.database.transaction(SYSTEM) as db:
        await db.execute(
            "SELECT alert_administrators($1, $2, $3) FROM refunds WHERE id = $4 AND status = 'pending'",
            "Money is to be handed back",
            f"{format_amount(refund.amount_minor, refund.currency)} {refund.currency} of payment"
            f" {operation.payment_id} is to be given back by hand (refund {operation.refund_id}).",
            f"refund_by_hand:{operation.refund_id}",
            operation.refund_id,
        )


async def record_declined(house: House, operation: ClaimedOperation, error: MoorageError) -> str:
    """The provider has said no: a refund or a payment failed. One that cannot be cancelled is asked about again."""
    failure = str(error.facts.get("failure_code") or error.code)
    if operation.kind == "cancel":
        return await record_unknown(house, operation, failure)
    if operation.kind in {
        "authorize",
        "capture",
    }:  # The payment stays as it is: nothing was collected, and nothing is over.
        async with house.database.hot(SYSTEM) as db:
            await close_operation(db, operation.id, "answered", error=failure)
        return "declined"
    if operation.kind == "refund":
        assert operation.refund_minor is not None  # noqa: S101 - as planned
        refused = ProviderRefund("", "failed", operation.refund_minor, operation.currency, failure)
        await record_refund(house, operation, refused)
    else:
        refused_intent = Intent(
            operation.provider_ref or "", "failed", operation.amount_minor, operation.currency, failure_code=failure
        )
        await record_intent(house, operation, refused_intent)
    return "declined"


async def record_not_collected(house: House, operation: ClaimedOperation, answer: NotCollected) -> None:
    """Settle what the payment has come to instead, and close the call by why: its payer may pay it another way."""
    present = answer.present

    async def settle() -> None:
        async with house.database.transaction(SYSTEM) as db:
            await db.execute(
                "SELECT settle_payment($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                operation.payment_id,
                present.status,
                present.amount_minor,
                present.currency,
                present.reference or None,
                present.payment_method,
                answer.failure,
                f"{operation.provider}_declined",
                {"operation": str(operation.id), "checkout_url": present.checkout_url, **learned(present)},
                house.clock(),
            )
            await close_operation(db, operation.id, "answered", error=answer.failure)

    await with_retries(settle, repeatable=True)


async def record_unknown(house: House, operation: ClaimedOperation | ClaimedCall, error: str) -> str:
    """Nobody knows whether the provider acted: it is asked again, with growing waits. Answers 'unknown'."""
    wait = timedelta(seconds=min(2 ** min(operation.attempts - 1, 16), _LONGEST_WAIT_S))

    async def write() -> None:
        async with house.database.hot(SYSTEM) as db:
            await close_operation(db, operation.id, "unknown", error=error, wait=wait)

    await with_retries(write, repeatable=True)
    return "unknown"
