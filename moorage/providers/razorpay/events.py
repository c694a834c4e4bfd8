"""Razorpay's events in the core's own words.

A body carries no id (a header does, which nobody signed), so an event is known by what is signed: its type, what it is
about, and when it was made.
"""

from collections.abc import Mapping
from typing import Any, Final

from moorage.domains.payments.gateway_values import ProviderEvent
from moorage.providers.razorpay.translate import (
    PAYMENT_NOTE,
    REFUND_NOTE,
    REFUND_STATUSES,
    dispute_status,
    failure_of,
    fee_of,
    ids_of,
    is_collected,
    moment,
    note,
    reference_of,
    status_of,
    uuid_or_none,
)

Body = Mapping[str, Any]
_PAYMENTS: Final = frozenset(
    {"payment.authorized", "payment.captured", "payment.failed", "order.paid", "payment_link.paid"}
)
_REFUNDS: Final = frozenset({"refund.created", "refund.processed", "refund.failed"})


def to_event(body: Body) -> ProviderEvent:
    """An event. One that means nothing to us is of the kind `other`. Raises KeyError or ValueError for what is none."""
    kind, payload = str(body["event"]), body["payload"]
    things = {name: part["entity"] for name, part in payload.items()}
    family = "dispute" if kind.startswith("payment.dispute.") else kind.partition(".")[0]
    told: dict[str, Any] = {"kind": "other"}
    if kind in _PAYMENTS:
        told = _payment(things)
    elif kind in _REFUNDS:
        told = _refund(things)
    elif family == "dispute":
        told = _dispute(things)
    about = things.get(family, {}).get("id") or ",".join(str(one.get("id")) for one in things.values())
    return ProviderEvent(
        event_id=f"{kind}:{about}:{body['created_at']}",
        event_type=kind,
        account=body.get("account_id"),
        raw=body,
        **told,
    )


def of_payment(kind: str, payment: Body, order: Body | None) -> dict[str, Any]:
    """The body of an event that Razorpay would have sent, from what it lists."""
    payload = {"payment": {"entity": payment}, **({"order": {"entity": order}} if order else {})}
    return _body(kind, payload, payment["created_at"])


def of_refund(kind: str, refund: Body, payment: Body) -> dict[str, Any]:
    """As above, for a refund."""
    return _body(kind, {"refund": {"entity": refund}, "payment": {"entity": payment}}, refund["created_at"])


def of_dispute(dispute: Body) -> dict[str, Any]:
    """As above, for a dispute as it stands."""
    kind = "created" if dispute["status"] == "open" else dispute["status"]
    return _body(f"payment.dispute.{kind}", {"dispute": {"entity": dispute}}, dispute["created_at"])


def _body(kind: str, payload: Body, created_at: int) -> dict[str, Any]:
    contains = list(payload)
    return {"entity": "event", "event": kind, "contains": contains, "payload": payload, "created_at": created_at}


def _payment(things: Mapping[str, Body]) -> dict[str, Any]:
    payment, order = things["payment"], things.get("order", {})
    reference = reference_of(payment) or order.get("id")
    if reference is None:
        return {"kind": "other"}  # taken without an order: none of ours
    return {
        "kind": "payment",
        "payment_id": uuid_or_none(order.get("receipt")) or note(payment, PAYMENT_NOTE),
        "reference": reference,
        "intent_status": status_of(payment),
        **_money(payment),
        "payment_method": payment.get("method"),
        "failure_code": failure_of(payment),
        "needs_capture": payment["status"] == "authorized",
        "ids": ids_of(reference, payment),
        "fee_minor": fee_of(payment) if is_collected(payment) else None,
    }


def _refund(things: Mapping[str, Body]) -> dict[str, Any]:
    refund, payment = things["refund"], things.get("payment")
    if payment is not None and not is_collected(payment):
        return {"kind": "other"}  # what nobody captured goes back by itself: it never was our money
    status = REFUND_STATUSES[refund["status"]]
    return {
        "kind": "refund",
        "payment_id": note(refund, PAYMENT_NOTE),
        "reference": reference_of(payment) if payment is not None else None,
        "refund_id": note(refund, REFUND_NOTE),
        "refund_reference": refund["id"],
        "refund_status": status,
        **_money(refund),
        "failure_code": "refund_failed" if status == "failed" else None,
        "ids": {"payment": refund["payment_id"]},
    }


def _dispute(things: Mapping[str, Body]) -> dict[str, Any]:
    dispute = things["dispute"]
    due = dispute.get("respond_by")
    return {
        "kind": "dispute",
        "reference": reference_of(things["payment"]) if "payment" in things else None,
        "dispute_reference": dispute["id"],
        "dispute_status": dispute_status(dispute),
        "dispute_reason": str(dispute.get("reason_code", "")).lower(),
        "evidence_due_at": moment(due) if due else None,
        **_money(dispute),
        "ids": {"payment": dispute["payment_id"]},
    }


def _money(body: Body) -> dict[str, Any]:
    return {"amount_minor": body["amount"], "currency": body["currency"]}
