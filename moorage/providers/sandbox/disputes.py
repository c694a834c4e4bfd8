"""Disputes: a payer's bank takes a charge back; the merchant answers with evidence; the bank decides."""

from datetime import timedelta
from typing import Literal

from moorage.providers.sandbox.call import Answer, Call, Row
from moorage.providers.sandbox.errors import MissingError, StateError
from moorage.providers.sandbox.intents import lock_intent
from moorage.providers.sandbox.present import dispute_object
from moorage.providers.sandbox.refunds import paid_charge

_EVIDENCE_DAYS = 7


async def open_dispute(call: Call, intent_id: str, reason: str) -> Answer:
    """Dispute what is left of an intent's charge. 201 with the dispute. Raises MissingError, StateError."""
    intent = await lock_intent(call, intent_id)
    charge = await paid_charge(call, intent)
    left = charge["amount_minor"] - charge["refunded_minor"] - charge["refund_pending_minor"]
    if left == 0:
        raise StateError("Everything has been refunded.", code="nothing_to_dispute")
    row = await call.db.fetchrow(
        """
        INSERT INTO sandbox.disputes (id, charge_id, amount_minor, currency, reason, evidence_due_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (charge_id) WHERE (status <> 'won') DO NOTHING RETURNING *
        """,
        call.new_id("dp"),
        charge["id"],
        left,
        charge["currency"],
        reason,
        call.now + timedelta(days=_EVIDENCE_DAYS),
    )
    if row is None:
        raise StateError("It is disputed already.", code="charge_disputed")
    return _told(call, intent, row, 201)


async def submit_evidence(call: Call, dispute_id: str, evidence: str) -> Answer:
    """Answer a dispute; the bank then reviews it. Raises MissingError, StateError `evidence_too_late`
    or `dispute_closed`.
    """
    intent, dispute = await _locked(call, dispute_id)
    if dispute["status"] in ("won", "lost"):
        raise StateError(f"The dispute is {dispute['status']}.", code="dispute_closed")
    if dispute["evidence_due_at"] <= call.now:
        raise StateError("The time for evidence is over.", code="evidence_too_late")
    return _told(call, intent, await _move(call, dispute_id, "under_review", evidence))


async def resolve_dispute(call: Call, dispute_id: str, outcome: Literal["won", "lost"]) -> Answer:
    """Decide as the payer's bank; deciding the same way again is harmless. Raises MissingError, StateError."""
    intent, dispute = await _locked(call, dispute_id)
    if dispute["status"] == outcome:
        return Answer(200, dispute_object(intent, dispute))
    if dispute["status"] in ("won", "lost"):
        raise StateError(f"The dispute is {dispute['status']}.", code="dispute_closed")
    return _told(call, intent, await _move(call, dispute_id, outcome))


async def _locked(call: Call, dispute_id: str) -> tuple[Row, Row]:
    intent_id = await call.db.fetchval(
        "SELECT c.intent_id FROM sandbox.disputes d JOIN sandbox.charges c ON c.id = d.charge_id WHERE d.id = $1",
        dispute_id,
    )
    if intent_id is None:
        raise MissingError("There is no such dispute.")
    intent = await lock_intent(call, intent_id)
    dispute = await call.one("SELECT * FROM sandbox.disputes WHERE id = $1", dispute_id)
    return intent, dispute


async def _move(call: Call, dispute_id: str, status: str, evidence: str | None = None) -> Row:
    return await call.one(
        """
        UPDATE sandbox.disputes SET status = $2, evidence = coalesce($3, evidence), updated_at = now()
         WHERE id = $1 RETURNING *
        """,
        dispute_id,
        status,
        evidence,
    )


def _told(call: Call, intent: Row, dispute: Row, status: int = 200) -> Answer:
    body = dispute_object(intent, dispute)
    call.tell(f"dispute.{dispute['status']}", intent["id"], body)
    return Answer(status, body)
