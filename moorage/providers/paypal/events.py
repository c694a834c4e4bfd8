"""PayPal's webhook events in the core's own words. One that means nothing to us is of the kind `other`.

https://developer.paypal.com/api/rest/webhooks/event-names/
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from moorage.domains.payments.gateway_values import IntentStatus, ProviderEvent, ProviderFee
from moorage.providers.paypal.amounts import minor_of, to_minor
from moorage.providers.paypal.translate import (
    REFUND_STATUSES,
    Body,
    made_from,
    our_ids,
    reason_of,
    to_intent,
)

Told = dict[str, Any]
# Outcomes after which the disputed money is the buyer's; every other one leaves or brings it back to us.
_LOST: Final = frozenset({"RESOLVED_BUYER_FAVOUR", "ACCEPTED"})
_SALES: Final[dict[str, IntentStatus]] = {"completed": "succeeded", "pending": "processing", "denied": "failed"}


def to_event(body: Body) -> ProviderEvent:
    """An event. Raises KeyError, ValueError or TypeError for what is none."""
    read = _READERS.get(body["event_type"])
    told: Told = {"kind": "other"} if read is None else read(body["resource"], body)
    return ProviderEvent(event_id=body["id"], event_type=body["event_type"], raw=body, **told)


def _order(resource: Body, _: Body) -> Told:
    """The payer approved: nothing is collected before we capture."""
    intent = to_intent(resource)
    return {
        "kind": "payment",
        "payment_id": our_ids(resource["purchase_units"][0].get("custom_id"))[0],
        "reference": intent.reference,
        "intent_status": intent.status,
        "amount_minor": intent.amount_minor,
        "currency": intent.currency,
        "payment_method": intent.payment_method,
        "needs_capture": intent.needs_capture,
        "needs_authorization": intent.needs_authorization,
        "ids": intent.ids,
    }


def _approval_reversed(resource: Body, _: Body) -> Told:
    units = resource.get("purchase_units") or [{}]
    return {
        "kind": "payment",
        "payment_id": our_ids(units[0].get("custom_id"))[0],
        "reference": resource.get("order_id") or resource["id"],
        "intent_status": "canceled",
        **(_money(units[0]["amount"]) if "amount" in units[0] else {}),
    }


def _authorization(status: IntentStatus) -> Callable[[Body, Body], Told]:
    def read(resource: Body, _: Body) -> Told:
        return {
            **_of_order(resource),
            "intent_status": status,
            "needs_capture": resource.get("status") == "CREATED",
            "ids": {"authorization": resource["id"]},
        }

    return read


def _capture(status: IntentStatus) -> Callable[[Body, Body], Told]:
    def read(resource: Body, _: Body) -> Told:
        fee = (resource.get("seller_receivable_breakdown") or {}).get("paypal_fee")
        return {
            **_of_order(resource),
            "intent_status": status,
            "failure_code": (reason_of(resource) or "capture_declined") if status == "failed" else None,
            "ids": {"capture": resource["id"]},
            "fee_minor": None if fee is None else minor_of(fee),
        }

    return read


def _refund(resource: Body, _: Body) -> Told:
    payment_id, refund_id = our_ids(resource.get("custom_id"))
    status = REFUND_STATUSES[resource.get("status", "COMPLETED")]
    return {
        "kind": "refund",
        "payment_id": payment_id or our_ids(resource.get("invoice_id"))[0],
        "reference": _order_id(resource),
        "refund_reference": resource["id"],
        "refund_id": refund_id,
        "refund_status": status,
        **_money(resource["amount"]),
        "failure_code": reason_of(resource) if status == "failed" else None,
        "fees": _given_back(resource),
        "ids": _present(capture=made_from(resource, "captures")),
    }


def _given_back(refund: Body) -> tuple[ProviderFee, ...]:
    """What PayPal gives back of its fee with a refund, where it does."""
    fee = (refund.get("seller_payable_breakdown") or {}).get("paypal_fee")
    return () if fee is None else (ProviderFee(refund["id"], -minor_of(fee), fee["currency_code"]),)


def _sale(resource: Body, _: Body) -> Told:
    """A payment of the first API: it has no order, so only our own id tells whose it is."""
    payment_id = our_ids(resource.get("custom"))[0] or our_ids(resource.get("invoice_number"))[0]
    fee = resource.get("transaction_fee")
    return {
        "kind": "payment",
        "payment_id": payment_id,
        "reference": None if payment_id else resource.get("parent_payment"),
        "intent_status": _SALES[resource["state"]],
        **_total(resource["amount"]),
        "failure_code": "sale_denied" if resource["state"] == "denied" else None,
        "ids": {"sale": resource["id"]},
        "fee_minor": None if fee is None else to_minor(fee["value"], fee["currency"]),
    }


def _sale_refund(resource: Body, _: Body) -> Told:
    payment_id, refund_id = our_ids(resource.get("custom"))
    return {
        "kind": "refund",
        "payment_id": payment_id,
        "reference": resource.get("parent_payment"),
        "refund_reference": resource["id"],
        "refund_id": refund_id,
        "refund_status": "pending" if resource.get("state") == "pending" else "succeeded",
        **_total(resource["amount"]),
        "ids": _present(sale=resource.get("sale_id")),
    }


def _dispute(resource: Body, body: Body) -> Told:
    transaction = resource["disputed_transactions"][0]
    due = resource.get("seller_response_due_date")
    invoice = transaction.get("invoice_number")
    return {
        "kind": "dispute",
        "payment_id": our_ids(transaction.get("custom"))[0] or our_ids(invoice)[0],
        "dispute_reference": resource["dispute_id"],
        "dispute_status": dispute_status(resource, opened=body["event_type"].endswith(".CREATED")),
        "dispute_reason": str(resource.get("reason", "")).lower(),
        "evidence_due_at": None if due is None else datetime.fromisoformat(due),
        **_money(resource["dispute_amount"]),
        "ids": {"capture": transaction["seller_transaction_id"]},
    }


def dispute_status(resource: Body, *, opened: bool = False) -> str:
    """opened, under_review, won or lost."""
    if resource["status"] == "RESOLVED":
        outcome = (resource.get("dispute_outcome") or {}).get("outcome_code")
        return "lost" if outcome in _LOST else "won"
    return "under_review" if resource["status"] == "UNDER_REVIEW" and not opened else "opened"


def _of_order(resource: Body) -> Told:
    payment_id = our_ids(resource.get("custom_id"))[0] or our_ids(resource.get("invoice_id"))[0]
    return {
        "kind": "payment",
        "payment_id": payment_id,
        "reference": _order_id(resource),
        **_money(resource["amount"]),
        "payment_method": "paypal",
    }


def _order_id(resource: Body) -> str | None:
    """The order that something was made from; older objects tell it by a link alone."""
    related: Mapping[str, str] = (resource.get("supplementary_data") or {}).get("related_ids") or {}
    return related.get("order_id") or made_from(resource, "orders")


def _money(amount: Body) -> Told:
    return {"amount_minor": minor_of(amount), "currency": amount["currency_code"]}


def _total(amount: Body) -> Told:
    return {"amount_minor": to_minor(amount["total"], amount["currency"]), "currency": amount["currency"]}


def _present(**ids: str | None) -> dict[str, str]:
    return {name: value for name, value in ids.items() if value}


_READERS: Final[Mapping[str, Callable[[Body, Body], Told]]] = {
    "CHECKOUT.ORDER.APPROVED": _order,
    "CHECKOUT.ORDER.COMPLETED": _order,
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": _approval_reversed,
    "PAYMENT.AUTHORIZATION.CREATED": _authorization("processing"),
    "PAYMENT.AUTHORIZATION.VOIDED": _authorization("canceled"),
    "PAYMENT.CAPTURE.COMPLETED": _capture("succeeded"),
    "PAYMENT.CAPTURE.PENDING": _capture("processing"),
    "PAYMENT.CAPTURE.DENIED": _capture("failed"),
    "PAYMENT.CAPTURE.DECLINED": _capture("failed"),
    "PAYMENT.CAPTURE.REFUNDED": _refund,
    "PAYMENT.CAPTURE.REVERSED": _refund,
    "PAYMENT.REFUND.PENDING": _refund,
    "PAYMENT.REFUND.FAILED": _refund,
    "PAYMENT.SALE.COMPLETED": _sale,
    "PAYMENT.SALE.PENDING": _sale,
    "PAYMENT.SALE.DENIED": _sale,
    "PAYMENT.SALE.REFUNDED": _sale_refund,
    "PAYMENT.SALE.REVERSED": _sale_refund,
    "CUSTOMER.DISPUTE.CREATED": _dispute,
    "CUSTOMER.DISPUTE.UPDATED": _dispute,
    "CUSTOMER.DISPUTE.RESOLVED": _dispute,
}
