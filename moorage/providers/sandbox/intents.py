"""Intents: what is to be collected once. Created, paid or refused, challenged, cancelled.

Every verb locks the intent's row first; whoever comes second sees what the first one did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from moorage.providers.sandbox.behaviour import seconds_of
from moorage.providers.sandbox.call import Answer, Call, Row
from moorage.providers.sandbox.cards import BY_NAME, REASONS, Method
from moorage.providers.sandbox.errors import SandboxError, StateError
from moorage.providers.sandbox.periods import period_declined, period_given_up, period_paid
from moorage.providers.sandbox.present import charge_object, intent_object
from moorage.providers.sandbox.return_urls import check_return_url

_PAYABLE = ("open", "declined", "challenge")


@dataclass(frozen=True, slots=True)
class NewIntent:
    """What to collect, for what, and where the payer goes afterwards."""

    amount_minor: int
    currency: str
    description: str
    return_url: str
    client_reference: UUID | None = None
    payer_email: str | None = None
    expires_at: datetime | None = None
    capture_method: Literal["automatic", "manual"] = "automatic"
    lines: Sequence[Mapping[str, Any]] = ()  # of `name`, `amount_minor`, `quantity`


async def create_intent(call: Call, new: NewIntent) -> Answer:
    """Make an intent; the same `client_reference` again answers the one that exists. Raises StateError when that
    one is for something else, SandboxError `return_url_not_allowed`.
    """
    check_return_url(new.return_url, call.terms.return_origins)
    row = await call.db.fetchrow(
        """
        INSERT INTO sandbox.intents (id, client_reference, amount_minor, currency, description, return_url, payer_email,
                                     expires_at, capture_method, lines)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (client_reference) DO NOTHING RETURNING *
        """,
        call.new_id("pi"),
        new.client_reference,
        new.amount_minor,
        new.currency,
        new.description,
        new.return_url,
        new.payer_email,
        new.expires_at,
        new.capture_method,
        list(new.lines),
    )
    if row is not None:
        return Answer(201, intent_object(call.terms, row, None))
    existing = await call.db.fetchval(
        "SELECT id FROM sandbox.intents WHERE client_reference = $1", new.client_reference
    )
    intent = await lock_intent(call, existing)
    if (intent["amount_minor"], intent["currency"]) != (new.amount_minor, new.currency):
        raise StateError("This reference belongs to another intent.", code="client_reference_used")
    return Answer(200, await shown(call, intent))


async def confirm_intent(call: Call, intent_id: str, method: Method) -> Answer:
    """Try to collect with `method`. 200 with the intent (paid, challenge or processing) or 402 with the refusal.
    Raises StateError when it can no longer be paid.
    """
    intent = await lock_intent(call, intent_id)
    _refuse_unless_payable(call, intent)
    if _misbehaves_now(call, intent, method):
        await call.db.execute("UPDATE sandbox.intents SET misbehaved = true WHERE id = $1", intent_id)
        if "error_before" in call.faults:
            return Answer(500, {}, keep=False)
    if "decline" in call.faults or method.outcome == "decline":
        return await _decline(call, intent, method, method.failure_code or "card_declined")
    if "challenge" in call.faults or method.outcome == "challenge":
        return await _await(call, intent, method, "challenge")
    if "slow" in call.faults or method.outcome == "slow":
        return await _await(call, intent, method, "processing")
    if "out_of_order" in call.faults:
        # Something must come before what is told last.
        await _await(call, intent, method, "processing")
    return Answer(200, await collect(call, intent, method))


async def answer_challenge(call: Call, intent_id: str, *, approved: bool) -> Answer:
    """The bank has checked the payer. 200 with the paid intent, or 402. Raises StateError when no check waits."""
    intent = await lock_intent(call, intent_id)
    _refuse_unless_payable(call, intent)
    if intent["status"] != "challenge":
        raise StateError("No check by the bank is waiting.", code="no_challenge")
    method = BY_NAME[intent["method"]]
    if not approved:
        return await _decline(call, intent, method, "challenge_failed")
    return Answer(200, await collect(call, intent, method))


async def capture_intent(call: Call, intent_id: str, amount_minor: int | None) -> Answer:
    """Collect what is reserved: all of it, or `amount_minor` while the rest is released. Raises StateError when nothing
    is reserved (any more), SandboxError `capture_exceeds_authorization`.
    """
    intent = await lock_intent(call, intent_id)
    if intent["status"] != "authorized":
        raise StateError(f"Nothing is reserved: it is {intent['status']}.", code=f"intent_{intent['status']}")
    if amount_minor is not None and amount_minor > intent["amount_minor"]:
        message = f"Only {intent['amount_minor']} is reserved."
        raise SandboxError(message, code="capture_exceeds_authorization", param="amount_minor")
    collected = amount_minor or intent["amount_minor"]
    return Answer(200, await _take(call, intent, BY_NAME[intent["method"]], collected))


async def cancel_intent(call: Call, intent_id: str) -> Answer:
    """Make sure that nothing is collected any more, releasing what is reserved; again is harmless. Raises StateError
    once money is on its way.
    """
    intent = await lock_intent(call, intent_id)
    if intent["status"] in ("paid", "processing"):
        raise StateError("It has been paid or is being processed.", code=f"intent_{intent['status']}")
    if intent["status"] != "canceled":
        intent = await _move(call, intent, "canceled")
        if intent["subscription_id"] is not None:
            await period_given_up(call, intent)
        call.tell("intent.canceled", intent_id, intent_object(call.terms, intent, None))
    return Answer(200, intent_object(call.terms, intent, None))


async def collect(call: Call, intent: Row, method: Method) -> dict[str, object]:
    """The payer's part is done: take the money, or reserve it where the merchant collects later. The caller has locked
    `intent`.
    """
    if intent["capture_method"] == "automatic":
        return await _take(call, intent, method, intent["amount_minor"])
    intent = await _move(call, intent, "authorized", method=method)
    body = intent_object(call.terms, intent, None)
    call.tell("intent.authorized", intent["id"], body)
    return body


async def _take(call: Call, intent: Row, method: Method, amount_minor: int) -> dict[str, object]:
    """The charge, the intent's move, two events as other gateways send them. The unique index on paid charges refuses a
    second one whatever the code believes.
    """
    disputed = "interval '0'" if method.then == "dispute" else "NULL"
    charge = await call.one(
        f"""
        INSERT INTO sandbox.charges (id, intent_id, amount_minor, currency, status, method, brand, last4, fee_minor,
                                     dispute_at)
        VALUES ($1, $2, $3, $4, 'succeeded', $5, $6, $7, $8, now() + {disputed}) RETURNING *
        """,  # noqa: S608 - one of two constants
        call.new_id("ch"),
        intent["id"],
        amount_minor,
        intent["currency"],
        method.name,
        method.brand,
        method.last4,
        call.terms.fee_of(amount_minor),
    )
    await call.db.execute("UPDATE sandbox.intents SET captured_minor = $2 WHERE id = $1", intent["id"], amount_minor)
    intent = await _move(call, intent, "paid", method=method)
    if intent["subscription_id"] is not None:
        await period_paid(call, intent, method)
    shown_intent = intent_object(call.terms, intent, charge)
    call.tell("charge.succeeded", intent["id"], charge_object(intent, charge))
    call.tell("intent.succeeded", intent["id"], shown_intent)
    return shown_intent


async def lock_intent(call: Call, intent_id: str) -> Row:
    """The intent, locked until the call ends. Raises MissingError."""
    return await call.one("SELECT * FROM sandbox.intents WHERE id = $1 FOR UPDATE", intent_id)


async def shown(call: Call, intent: Row) -> dict[str, object]:
    """The intent as the API shows it, expiry included."""
    charge: Row | None = await call.db.fetchrow(
        "SELECT * FROM sandbox.charges WHERE intent_id = $1 AND status = 'succeeded'", intent["id"]
    )
    body = intent_object(call.terms, intent, charge)
    return {**body, "status": "expired"} if is_expired(intent, call.now) else body


def is_expired(intent: Row, now: datetime) -> bool:
    """Whether its time to be paid is over; a bank's check that waits ends with it."""
    return intent["status"] in _PAYABLE and intent["expires_at"] is not None and intent["expires_at"] <= now


def _refuse_unless_payable(call: Call, intent: Row) -> None:
    status = "expired" if is_expired(intent, call.now) else intent["status"]
    if status not in _PAYABLE:
        raise StateError(f"It cannot be paid: it is {status}.", code=f"intent_{status}")


def _misbehaves_now(call: Call, intent: Row, method: Method) -> bool:
    """Whether the method's own misbehaviour strikes: calls misbehave once per intent, webhooks each time."""
    if method.misbehaves is None:
        return False
    if method.misbehaves in ("error_before", "error_after", "timeout_after") and intent["misbehaved"]:
        return False
    call.struck_by(method)
    return True


async def _decline(call: Call, intent: Row, method: Method, failure_code: str) -> Answer:
    """Keep the refused attempt; the payer may try again."""
    charge = await call.one(
        """
        INSERT INTO sandbox.charges (id, intent_id, amount_minor, currency, status, method, brand, last4, failure_code)
        VALUES ($1, $2, $3, $4, 'failed', $5, $6, $7, $8) RETURNING *
        """,
        call.new_id("ch"),
        intent["id"],
        intent["amount_minor"],
        intent["currency"],
        method.name,
        method.brand,
        method.last4,
        failure_code,
    )
    intent = await _move(call, intent, "declined", method=method, failure_code=failure_code)
    if intent["subscription_id"] is not None:
        await period_declined(call, intent)
    body = intent_object(call.terms, intent, None)
    call.tell("intent.declined", intent["id"], body)
    error = {
        "code": failure_code,
        "message": REASONS[failure_code],
        "param": None,
        "charge": charge["id"],
        "intent": body,
    }
    return Answer(402, {"error": error})


async def _await(call: Call, intent: Row, method: Method, status: str) -> Answer:
    """Wait for the bank's check, or for a slow method."""
    seconds = seconds_of("slow", call.faults) if status == "processing" else None
    intent = await _move(call, intent, status, method=method, ripe_in_s=seconds)
    body = intent_object(call.terms, intent, None)
    call.tell(f"intent.{status}", intent["id"], body)
    return Answer(200, body)


async def _move(
    call: Call,
    intent: Row,
    status: str,
    *,
    method: Method | None = None,
    failure_code: str | None = None,
    ripe_in_s: int | None = None,
) -> Row:
    return await call.one(
        """
        UPDATE sandbox.intents SET status = $2, method = coalesce($3, method), brand = coalesce($4, brand),
               last4 = CASE WHEN $3::text IS NULL THEN last4 ELSE $5 END, failure_code = $6,
               ripe_at = now() + $7 * interval '1 s', updated_at = now()
         WHERE id = $1 RETURNING *
        """,
        intent["id"],
        status,
        method.name if method else None,
        method.brand if method else None,
        method.last4 if method else None,
        failure_code,
        ripe_in_s,
    )
