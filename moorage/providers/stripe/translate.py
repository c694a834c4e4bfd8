"""Stripe's objects in the core's own words. All raise KeyError, TypeError or ValueError for what is none of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

from moorage.domains.payments.gateway_values import (
    Intent,
    IntentStatus,
    Movement,
    ProviderFee,
    ProviderRecord,
    ProviderRefund,
)
from moorage.domains.payments.states import DisputeStatus, RefundStatus
from moorage.providers.stripe.amounts import from_stripe
from moorage.providers.stripe.client import failure_code

Body = Mapping[str, Any]

PAYMENT: Final = "moorage_payment"
REFUND: Final = "moorage_refund"
TRANSFER: Final = "moorage_transfer"
USER: Final = "moorage_user"
INVOICE: Final = "moorage_invoice"
SUBSCRIPTION: Final = "moorage_subscription"

_STATUSES: Final[Mapping[str, IntentStatus]] = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "requires_action": "requires_action",
    "processing": "processing",
    "requires_capture": "processing",
    "succeeded": "succeeded",
    "canceled": "canceled",
}
_REFUNDS: Final[Mapping[str | None, RefundStatus]] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
    None: "succeeded",  # Old versions of the API say nothing of a refund that went through at once.
}
_DISPUTES: Final[Mapping[str, DisputeStatus]] = {
    "warning_needs_response": "opened",
    "needs_response": "opened",
    "warning_under_review": "under_review",
    "under_review": "under_review",
    "warning_closed": "won",
    "prevented": "won",
    "won": "won",
    "lost": "lost",
}


def to_intent(body: Body) -> Intent:
    """A payment intent, its latest charge expanded or not."""
    return Intent(
        reference=body["id"],
        status=intent_status(body),
        amount_minor=from_stripe(amount_of(body), body["currency"]),
        currency=body["currency"].upper(),
        client_secret=body.get("client_secret"),
        payment_method=method_of(body),
        failure_code=failure_code(body.get("last_payment_error")),
        refunded_minor=from_stripe(_refunded(charge_of(body)), body["currency"]),
        needs_capture=body["status"] == "requires_capture",
        ids=ids_of(body),
        raw=body,
    )


def intent_status(body: Body) -> IntentStatus:
    """An intent whose last attempt was refused waits for another method: failed so far, as with any provider."""
    if body["status"] == "requires_payment_method" and body.get("last_payment_error"):
        return "failed"
    return _STATUSES[body["status"]]


def amount_of(body: Body) -> int:
    """What an intent collected, may collect, or is to collect, in that order, in Stripe's units."""
    if body["status"] == "succeeded":
        return int(body.get("amount_received") or body["amount"])
    if body["status"] == "requires_capture":
        return int(body.get("amount_capturable") or body["amount"])
    return int(body["amount"])


def ids_of(body: Body) -> dict[str, str]:
    """The further ids of an intent's payment."""
    found = {
        "payment_intent": body["id"],
        "charge": charge_of(body).get("id") or body.get("latest_charge"),
        "customer": id_of(body.get("customer")),
    }
    return {name: one for name, one in found.items() if isinstance(one, str)}


def charge_of(body: Body) -> Body:
    """An intent's latest charge where it is written out; empty otherwise. Old versions of the API list all of them."""
    latest = body.get("latest_charge")
    if isinstance(latest, Mapping):
        return latest
    charges: Sequence[Body] = (body.get("charges") or {}).get("data") or ()
    return charges[0] if charges else {}


def _refunded(charge: Body) -> int:
    """What was given back of what was collected: Stripe counts what was only released as refunded too."""
    if not charge.get("captured"):
        return 0
    released = int(charge["amount"]) - int(charge["amount_captured"])
    return max(0, int(charge["amount_refunded"]) - released)


def method_of(body: Body) -> str | None:
    """What was paid with (`card`, `sepa_debit`, …), as far as an intent tells."""
    details = charge_of(body).get("payment_method_details") or {}
    if details.get("type"):
        return str(details["type"])
    kinds: Sequence[str] = body.get("payment_method_types") or ()
    return kinds[0] if len(kinds) == 1 else None


def to_refund(body: Body) -> ProviderRefund:
    """A refund."""
    return ProviderRefund(
        reference=body["id"],
        status=refund_status(body),
        amount_minor=from_stripe(body["amount"], body["currency"]),
        currency=body["currency"].upper(),
        failure_code=body.get("failure_reason"),
        raw=body,
    )


def refund_status(body: Body) -> RefundStatus:
    """A refund's state."""
    return _REFUNDS[body.get("status")]


def dispute_status(body: Body) -> DisputeStatus:
    """A dispute's state. An inquiry that was closed cost nothing: won."""
    return _DISPUTES[body["status"]]


def to_fee(body: Body) -> ProviderFee:
    """What Stripe keeps by one balance transaction."""
    return ProviderFee(body["id"], from_stripe(body["fee"], body["currency"]), body["currency"].upper())


def to_record(body: Body) -> ProviderRecord:
    """A charge that collected, a refund, or a dispute (`payment_intent` expanded for the last two)."""
    kind: Movement = body["object"]
    intent = body.get("payment_intent")
    parent = intent if isinstance(intent, Mapping) else {}
    metadata = {**(parent.get("metadata") or {}), **(body.get("metadata") or {})}
    amount = body.get("amount_captured", body["amount"]) if kind == "charge" else body["amount"]
    return ProviderRecord(
        kind=kind,
        reference=body["id"],
        payment_reference=id_of(intent) or id_of(body.get("charge")) or body["id"],
        payment_id=uuid_of(metadata, PAYMENT),
        refund_id=uuid_of(metadata, REFUND) if kind == "refund" else None,
        amount_minor=from_stripe(amount, body["currency"]),
        currency=body["currency"].upper(),
        status=_record_status(body),
        recorded_at=datetime.fromtimestamp(body["created"], UTC),
    )


def to_transfer_record(body: Body) -> ProviderRecord:
    """A transfer to a payee as a movement in Stripe's books; one that is all back has failed."""
    return ProviderRecord(
        kind="transfer",
        reference=body["id"],
        payment_reference="",
        payment_id=None,
        refund_id=None,
        amount_minor=from_stripe(body["amount"], body["currency"]),
        currency=body["currency"].upper(),
        status="failed" if body.get("reversed") else "succeeded",
        recorded_at=datetime.fromtimestamp(body["created"], UTC),
        payout_id=uuid_of(body.get("metadata"), TRANSFER),
        reversed_minor=from_stripe(body.get("amount_reversed") or 0, body["currency"]),
    )


def _record_status(body: Body) -> Literal["succeeded", "pending", "failed", "opened", "under_review", "won", "lost"]:
    if body["object"] == "refund":
        return refund_status(body)
    return dispute_status(body) if body["object"] == "dispute" else "succeeded"


def invoice_subscription(invoice: Body) -> str | None:
    """The subscription that an invoice bills a period of; None where it bills something else."""
    parent = (invoice.get("parent") or {}).get("subscription_details") or {}
    return id_of(parent.get("subscription") or invoice.get("subscription"))


def invoice_intent(invoice: Body) -> str | None:
    """The payment intent that pays an invoice, where the invoice tells; the newest API lists an invoice's payments, of
    which the one that paid counts, else the first.
    """
    payments = (invoice.get("payments") or {}).get("data") or ()
    for paid in sorted(payments, key=lambda one: one.get("status") != "paid"):
        found = id_of((paid.get("payment") or {}).get("payment_intent"))
        if found is not None:
            return found
    return id_of(invoice.get("payment_intent"))


def id_of(part: Any) -> str | None:
    """The id of what may be written out, named, or absent."""
    if isinstance(part, Mapping):
        return str(part["id"])
    return None if part is None else str(part)


def uuid_of(metadata: Body | None, name: str) -> UUID | None:
    """One of our ids in a metadata; None where there is none, or somebody else's word in its place."""
    try:
        return UUID((metadata or {})[name])
    except (KeyError, ValueError, TypeError, AttributeError):
        return None


def moment(seconds: int | None) -> datetime | None:
    """Unix seconds as a time."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
