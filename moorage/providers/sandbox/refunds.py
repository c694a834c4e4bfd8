"""Refunds: giving back a part or all of a charge, never more than is left of it. The intent's row is locked first."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from moorage.providers.sandbox.behaviour import seconds_of
from moorage.providers.sandbox.call import Answer, Call, Row
from moorage.providers.sandbox.cards import BY_NAME
from moorage.providers.sandbox.errors import MissingError, SandboxError, StateError
from moorage.providers.sandbox.intents import lock_intent
from moorage.providers.sandbox.present import charge_object, refund_object


@dataclass(frozen=True, slots=True)
class NewRefund:
    """What to give back of which intent; `client_reference` is the merchant's own id of the refund."""

    intent: str
    amount_minor: int
    currency: str
    client_reference: UUID | None = None


async def create_refund(call: Call, new: NewRefund) -> Answer:
    """Give back. 201 with the refund (succeeded, or pending until it is decided); 200 when `client_reference` has
    made this refund before. Raises MissingError, StateError `not_refundable`, `charge_disputed`,
    `refund_exceeds_charge`, `client_reference_used`.
    """
    intent = await lock_intent(call, new.intent)
    if (repeated := await _repeated(call, intent, new)) is not None:
        return repeated
    charge = await paid_charge(call, intent)
    if new.currency != charge["currency"]:
        raise SandboxError("The charge is in another currency.", code="invalid_currency", param="currency")
    await _refuse_disputed(call, charge)
    left = charge["amount_minor"] - charge["refunded_minor"] - charge["refund_pending_minor"]
    if new.amount_minor > left:
        raise StateError(f"Only {left} is left to refund.", code="refund_exceeds_charge", param="amount_minor")
    status, ripens_to, ripe_in_s = _course(call, charge)
    row = await call.one(
        """
        INSERT INTO sandbox.refunds (id, charge_id, client_reference, amount_minor, currency, status, ripens_to,
                                     ripe_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 s') RETURNING *
        """,
        call.new_id("re"),
        charge["id"],
        new.client_reference,
        new.amount_minor,
        new.currency,
        status,
        ripens_to,
        ripe_in_s,
    )
    pending, refunded = (0, new.amount_minor) if status == "succeeded" else (new.amount_minor, 0)
    charge = await _count(call, charge, pending=pending, refunded=refunded)
    _tell(call, intent, charge, row)
    return Answer(201, refund_object(intent, row))


async def resolve_refund(
    call: Call, refund_id: str, status: Literal["succeeded", "failed"], failure_code: str | None = None
) -> Answer:
    """Decide a pending refund; deciding it the same way again is harmless. Raises MissingError, StateError."""
    intent_id = await call.db.fetchval(
        """
        SELECT c.intent_id FROM sandbox.refunds r JOIN sandbox.charges c ON c.id = r.charge_id WHERE r.id = $1
        """,
        refund_id,
    )
    if intent_id is None:
        raise MissingError("There is no such refund.")
    intent = await lock_intent(call, intent_id)
    refund = await call.one("SELECT * FROM sandbox.refunds WHERE id = $1", refund_id)
    if refund["status"] == status:
        return Answer(200, refund_object(intent, refund))
    if refund["status"] != "pending":
        raise StateError(f"The refund has {refund['status']}.", code=f"refund_{refund['status']}")
    row = await call.one(
        """
        UPDATE sandbox.refunds SET status = $2, failure_code = $3, ripe_at = NULL, updated_at = now()
         WHERE id = $1 RETURNING *
        """,
        refund_id,
        status,
        None if status == "succeeded" else failure_code or "refund_failed",
    )
    charge = await paid_charge(call, intent)
    amount = refund["amount_minor"]
    charge = await _count(call, charge, pending=-amount, refunded=amount if status == "succeeded" else 0)
    _tell(call, intent, charge, row)
    return Answer(200, refund_object(intent, row))


async def paid_charge(call: Call, intent: Row) -> Row:
    """The charge that collected. The caller has locked `intent`. Raises StateError `not_refundable`."""
    row = await call.db.fetchrow(
        "SELECT * FROM sandbox.charges WHERE intent_id = $1 AND status = 'succeeded'", intent["id"]
    )
    if row is None:
        raise StateError("Nothing has been collected.", code="not_refundable")
    return row


async def _repeated(call: Call, intent: Row, new: NewRefund) -> Answer | None:
    if new.client_reference is None:
        return None
    row = await call.db.fetchrow(
        """
        SELECT r.*, c.intent_id FROM sandbox.refunds r JOIN sandbox.charges c ON c.id = r.charge_id
         WHERE r.client_reference = $1
        """,
        new.client_reference,
    )
    if row is None:
        return None
    if (row["intent_id"], row["amount_minor"], row["currency"]) != (intent["id"], new.amount_minor, new.currency):
        raise StateError("This reference belongs to another refund.", code="client_reference_used")
    return Answer(200, refund_object(intent, row))


async def _refuse_disputed(call: Call, charge: Row) -> None:
    disputed = await call.db.fetchval(
        "SELECT true FROM sandbox.disputes WHERE charge_id = $1 AND status <> 'won'", charge["id"]
    )
    if disputed:
        raise StateError("The payer's bank has taken this charge back.", code="charge_disputed")


def _course(call: Call, charge: Row) -> tuple[str, str | None, int | None]:
    """(status at once, what it ripens to by itself, after how many seconds)."""
    if "refund_fails" in call.faults or BY_NAME[charge["method"]].then == "refund_fails":
        return "pending", "failed", seconds_of("refund_fails", call.faults)
    if "refund_pending" in call.faults:
        seconds = call.faults["refund_pending"]
        return "pending", None if seconds is None else "succeeded", seconds
    return "succeeded", None, None


async def _count(call: Call, charge: Row, *, pending: int, refunded: int) -> Row:
    return await call.one(
        """
        UPDATE sandbox.charges SET refund_pending_minor = refund_pending_minor + $2,
               refunded_minor = refunded_minor + $3 WHERE id = $1 RETURNING *
        """,
        charge["id"],
        pending,
        refunded,
    )


def _tell(call: Call, intent: Row, charge: Row, refund: Row) -> None:
    call.tell(f"refund.{refund['status']}", intent["id"], refund_object(intent, refund))
    if refund["status"] == "succeeded":
        call.tell("charge.refunded", intent["id"], charge_object(intent, charge))
