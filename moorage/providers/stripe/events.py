"""Stripe's events in the core's own words. What has no effect on our books is of the kind `other`: stored, no more.

One charge is told by several events; they say the same, and the core applies it once. A refund is told by its own
events: `charge.refunded` carries only a total, except in old versions of the API, where it lists the refunds.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from moorage.domains.payments.gateway_values import IntentStatus, ProviderEvent
from moorage.providers.stripe.amounts import from_stripe
from moorage.providers.stripe.checkout import to_session
from moorage.providers.stripe.client import failure_code
from moorage.providers.stripe.translate import (
    PAYMENT,
    REFUND,
    TRANSFER,
    USER,
    amount_of,
    dispute_status,
    id_of,
    ids_of,
    intent_status,
    invoice_intent,
    invoice_subscription,
    method_of,
    moment,
    refund_status,
    to_fee,
    uuid_of,
)

Body = Mapping[str, Any]
Told = dict[str, Any]


def to_event(body: Body) -> ProviderEvent:
    """An event. Raises KeyError, TypeError or ValueError for one that cannot be understood."""
    told: Told = {"kind": "other"}
    thing = (body.get("data") or {}).get("object")
    translate = _TYPES.get(body["type"])
    if translate is not None and isinstance(thing, Mapping):
        told = translate(thing)
    if body["type"] == "payout.failed" and body.get("account") is not None:
        told = _refused_by_bank(body["account"], thing or {})
    return ProviderEvent(**envelope(body), **told)


def envelope(body: Body) -> Told:
    """What every event says of itself. `account` is named for another account than the one whose keys we have."""
    return {
        "event_id": str(body["id"]),
        "event_type": str(body["type"]),
        "account": body.get("account"),
        "live": body.get("livemode"),
        "raw": body,
    }


def _intent(thing: Body) -> Told:
    return {
        "kind": "payment",
        "payment_id": uuid_of(thing.get("metadata"), PAYMENT),
        "reference": thing["id"],
        "intent_status": intent_status(thing),
        "amount_minor": from_stripe(amount_of(thing), thing["currency"]),
        "currency": thing["currency"].upper(),
        "payment_method": method_of(thing),
        "failure_code": failure_code(thing.get("last_payment_error")),
        "needs_capture": thing["status"] == "requires_capture",
        "ids": ids_of(thing),
    }


def _charge(thing: Body) -> Told:
    """A charge without a payment intent was not made by us; one that was refused is told by its intent."""
    intent = id_of(thing.get("payment_intent"))
    if intent is None or thing.get("status") != "succeeded":
        return {"kind": "other"}
    captured = thing.get("captured", True)
    status: IntentStatus = "succeeded" if captured else "processing"
    amount = thing.get("amount_captured") or thing["amount"] if captured else thing["amount"]
    return {
        "kind": "payment",
        "payment_id": uuid_of(thing.get("metadata"), PAYMENT),
        "reference": intent,
        "intent_status": status,
        "amount_minor": from_stripe(amount, thing["currency"]),
        "currency": thing["currency"].upper(),
        "payment_method": (thing.get("payment_method_details") or {}).get("type"),
        "needs_capture": not captured,
        "ids": _known(
            payment_intent=intent,
            charge=thing["id"],
            customer=id_of(thing.get("customer")),
            balance_transaction=id_of(thing.get("balance_transaction")) if captured else None,
        ),
    }


def _session(thing: Body) -> Told:
    """A session of ours pays once, or for the first period of a subscription; a set-up pays nothing, and what is
    somebody else's subscription is told by its invoice.
    """
    if thing.get("mode") == "subscription" and uuid_of(thing.get("metadata"), PAYMENT) is None:
        return {"kind": "other"}
    if thing.get("mode") not in {"payment", "subscription"}:
        return {"kind": "other"}
    present = to_session(thing)
    return {
        "kind": "payment",
        "payment_id": uuid_of(thing.get("metadata"), PAYMENT),
        "reference": thing["id"],
        "intent_status": present.status,
        "amount_minor": present.amount_minor,
        "currency": present.currency,
        "payment_method": present.payment_method,
        "needs_capture": present.needs_capture,
        "ids": present.ids,
        "tax_minor": present.tax_minor,
    }


def _failed_session(thing: Body) -> Told:
    """The page was finished, and days later the bank said no: the session still reads as unpaid."""
    told = _session(thing)
    return told if told["kind"] == "other" else {**told, "intent_status": "failed"}


def _refund(thing: Body) -> Told:
    intent, metadata = id_of(thing.get("payment_intent")), thing.get("metadata")
    ours = uuid_of(metadata, REFUND)
    return {
        "kind": "refund",
        "payment_id": uuid_of(metadata, PAYMENT),
        "reference": intent,
        "refund_reference": thing["id"],
        "refund_id": ours,
        # What is reserved and not captured, Stripe "refunds": without a booking, for no money had come.
        "may_be_release": ours is None and thing.get("balance_transaction", "") is None,
        "refund_status": refund_status(thing),
        "amount_minor": from_stripe(thing["amount"], thing["currency"]),
        "currency": thing["currency"].upper(),
        "failure_code": thing.get("failure_reason"),
        "ids": _known(payment_intent=intent, charge=id_of(thing.get("charge"))),
    }


def _refunded_charge(thing: Body) -> Told:
    """Old versions of the API list a charge's refunds in it, the newest first; new ones send `refund.created` too."""
    listed = (thing.get("refunds") or {}).get("data") or ()
    if not listed:
        return {"kind": "other"}
    refund = {"payment_intent": thing.get("payment_intent"), "charge": thing["id"], **listed[0]}
    told = _refund(refund)
    return {**told, "payment_id": told["payment_id"] or uuid_of(thing.get("metadata"), PAYMENT)}


def _dispute(thing: Body) -> Told:
    intent, charge = id_of(thing.get("payment_intent")), id_of(thing.get("charge"))
    return {
        "kind": "dispute",
        "payment_id": uuid_of(thing.get("metadata"), PAYMENT),
        "reference": intent,
        "dispute_reference": thing["id"],
        "dispute_status": dispute_status(thing),
        "dispute_reason": thing.get("reason") or "",
        "fees": tuple(to_fee(booked) for booked in thing.get("balance_transactions") or ()),
        "evidence_due_at": moment((thing.get("evidence_details") or {}).get("due_by")),
        "amount_minor": from_stripe(thing["amount"], thing["currency"]),
        "currency": thing["currency"].upper(),
        "ids": _known(payment_intent=intent, charge=charge),
    }


def _invoice(thing: Body) -> Told:
    """An invoice that we made for a payment of ours settles it; a subscription's is one of its periods."""
    if invoice_subscription(thing) is not None:
        return _period(thing)
    payment_id = uuid_of(thing.get("metadata"), PAYMENT)
    if payment_id is None or thing.get("status") != "paid":
        return {"kind": "other"}
    intent = invoice_intent(thing)
    return {
        "kind": "payment",
        "payment_id": payment_id,
        "reference": intent or thing["id"],
        "intent_status": "succeeded",
        "amount_minor": from_stripe(thing["amount_paid"], thing["currency"]),
        "currency": thing["currency"].upper(),
        "ids": _known(invoice=thing["id"], payment_intent=intent, customer=id_of(thing.get("customer"))),
    }


def _period(thing: Body) -> Told:
    reference = invoice_subscription(thing)
    return {"kind": "other"} if reference is None else {"kind": "period", "reference": thing["id"]}


def _subscription(thing: Body) -> Told:
    return {"kind": "subscription", "reference": thing["id"]}


def _customer(thing: Body) -> Told:
    """A customer that we made; others are none of our accounts."""
    user_id = uuid_of(thing.get("metadata"), USER)
    return {"kind": "other"} if user_id is None else {"kind": "customer", "reference": thing["id"], "user_id": user_id}


def _transfer(thing: Body) -> Told:
    return {
        "kind": "transfer",
        "payout_id": uuid_of(thing.get("metadata"), TRANSFER),
        "reference": thing["id"],
        "payee": id_of(thing.get("destination")),
        "amount_minor": from_stripe(thing["amount"], thing["currency"]),
        "currency": thing["currency"].upper(),
    }


def _payee(thing: Body) -> Told:
    return {"kind": "payee", "payee": thing["id"]}


def _refused_by_bank(account: str, payout: Body) -> Told:
    """Stripe pays its accounts out to their banks by itself. What a bank refuses is with the payee's account still: it
    is the payee's, who is told.
    """
    return {"kind": "payee", "payee": account, "failure_code": payout.get("failure_code") or "refused"}


def _known(**ids: str | None) -> dict[str, str]:
    return {name: one for name, one in ids.items() if one is not None}


_TYPES: Final[Mapping[str, Callable[[Body], Told]]] = {
    "payment_intent.amount_capturable_updated": _intent,
    "payment_intent.requires_action": _intent,
    "payment_intent.processing": _intent,
    "payment_intent.succeeded": _intent,
    "payment_intent.payment_failed": _intent,
    "payment_intent.canceled": _intent,
    "charge.succeeded": _charge,
    "charge.captured": _charge,
    "charge.updated": _charge,  # Where the fee is known only later.
    "charge.refunded": _refunded_charge,
    "charge.refund.updated": _refund,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "transfer.created": _transfer,
    "transfer.updated": _transfer,
    "transfer.reversed": _transfer,
    "account.updated": _payee,
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _failed_session,
    "checkout.session.expired": _session,
    "invoice.payment_succeeded": _invoice,
    "invoice.paid": _invoice,
    "invoice.payment_failed": _period,
    "invoice.payment_action_required": _period,
    "invoice.voided": _period,
    "invoice.marked_uncollectible": _period,
    "customer.created": _customer,
    "customer.subscription.created": _subscription,
    "customer.subscription.updated": _subscription,
    "customer.subscription.deleted": _subscription,
    "customer.subscription.paused": _subscription,
    "customer.subscription.resumed": _subscription,
}
