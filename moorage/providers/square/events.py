"""Square's events in the core's own words."""

from collections.abc import Mapping
from typing import Any, Final

from moorage.domains.payments.gateway_values import ProviderEvent, ProviderFee
from moorage.providers.square.translate import (
    DISPUTE_STATUSES,
    REFUND_STATUSES,
    STATUSES,
    failure_of,
    fee_of,
    ids_of,
    method_of,
    moment,
    refund_ids,
    uuid_or_none,
)

Body = Mapping[str, Any]

TYPES: Final = (
    "payment.created",
    "payment.updated",
    "refund.created",
    "refund.updated",
    "dispute.created",
    "dispute.state.updated",
)
# A seller's till and invoices take money by the same account: none of ours.
_ELSEWHERE: Final = frozenset(
    {"APPOINTMENTS", "INVOICES", "RESTAURANTS", "RETAIL", "SQUARE_POS", "TERMINAL_API", "VIRTUAL_TERMINAL"}
)


def to_event(body: Body) -> ProviderEvent:
    """An event. One that means nothing to us is of the kind `other`. Raises KeyError or ValueError for what is none."""
    told: dict[str, Any] = {"kind": "other"}
    if body["type"] in TYPES:
        family = str(body["type"]).partition(".")[0]
        thing = body["data"]["object"]
        # Disputes are published under either name.
        about = thing[family] if family in thing else thing["object"]
        told = {"payment": _payment, "refund": _refund, "dispute": _dispute}[family](about)
    return ProviderEvent(
        event_id=body["event_id"], event_type=body["type"], account=body.get("merchant_id"), raw=body, **told
    )


def _payment(payment: Body) -> dict[str, Any]:
    order_id = payment.get("order_id")
    product = payment.get("application_details", {}).get("square_product")
    if order_id is None or product in _ELSEWHERE:
        return {"kind": "other"}
    return {
        "kind": "payment",
        "payment_id": uuid_or_none(payment.get("reference_id")),
        "reference": order_id,
        "intent_status": STATUSES[payment["status"]],
        **_money(payment),
        "payment_method": method_of(payment),
        "failure_code": failure_of(payment),
        "needs_capture": payment["status"] == "APPROVED",
        "ids": ids_of(order_id, payment),
        "fee_minor": fee_of(payment),
    }


def _refund(refund: Body) -> dict[str, Any]:
    payment_id, refund_id = refund_ids(refund.get("reason"))
    status = REFUND_STATUSES[refund["status"]]
    # `order_id` is the refund's own order there, so it says nothing about ours.
    return {
        "kind": "refund",
        "payment_id": payment_id,
        "refund_id": refund_id,
        "refund_reference": refund["id"],
        "refund_status": status,
        **_money(refund),
        "failure_code": "refund_declined" if status == "failed" else None,
        "fees": _fees(refund),
        "ids": {"payment": refund["payment_id"]} if refund.get("payment_id") else {},
    }


def _fees(refund: Body) -> tuple[ProviderFee, ...]:
    """What Square books of its fee with a refund: below zero where it gives back."""
    return tuple(
        ProviderFee(f"{refund['id']}:{position}", fee["amount_money"]["amount"], fee["amount_money"]["currency"])
        for position, fee in enumerate(refund.get("processing_fee") or ())
    )


def _dispute(dispute: Body) -> dict[str, Any]:
    due = dispute.get("due_at")
    return {
        "kind": "dispute",
        "dispute_reference": dispute["id"],
        "dispute_status": DISPUTE_STATUSES[dispute["state"]],
        "dispute_reason": str(dispute.get("reason", "")).lower(),
        "evidence_due_at": moment(due) if due else None,
        **_money(dispute),
        "ids": {"payment": dispute["disputed_payment"]["payment_id"]},
    }


def _money(body: Body) -> dict[str, Any]:
    return {"amount_minor": body["amount_money"]["amount"], "currency": body["amount_money"]["currency"]}
