"""Razorpay's objects in the core's own words.

What we call a payment is an order there, and payments are made on it. On Razorpay's own page it is a payment link,
which has an order of its own as soon as somebody opens it; `link_as_order` lets both be read alike.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from moorage.domains.payments.gateway_values import Intent, IntentStatus, Movement, ProviderRecord, ProviderRefund
from moorage.domains.payments.states import DisputeStatus, RefundStatus

Body = Mapping[str, Any]

# Our ids travel in notes, which are an object, or an empty list where there are none.
PAYMENT_NOTE: Final = "moorage_payment"
REFUND_NOTE: Final = "moorage_refund"
CAPTURE_NOTE: Final = "moorage_capture"
REFUND_STATUSES: Final[dict[str, RefundStatus]] = {"pending": "pending", "processed": "succeeded", "failed": "failed"}
DISPUTE_STATUSES: Final[dict[str, DisputeStatus]] = {
    "open": "opened",
    "action_required": "opened",
    "under_review": "under_review",
    "won": "won",
    "lost": "lost",
}


# How a payment names the link that it was made by: `#` and the end of the link's id.
_LINKED: Final = re.compile(r"#([A-Za-z0-9]{14})", re.ASCII)


def is_collected(payment: Body) -> bool:
    """Whether its money is ours: captured, given back since or not. What was never captured is `refunded` too when
    Razorpay has sent it back by itself.
    """
    return payment["status"] == "captured" or (payment["status"] == "refunded" and bool(payment.get("captured")))


def deciding(payments: Sequence[Body]) -> Body | None:
    """Of the payments made on one order the one that decides; None where nobody has tried. A failed one may still turn
    out to be authorised, so that it decides nothing against one that is.
    """
    weight = {"authorized": 3, "created": 2, "failed": 1}
    ranked = sorted(
        payments, key=lambda one: (4 if is_collected(one) else weight.get(one["status"], 0), one["created_at"])
    )
    return ranked[-1] if ranked else None


def status_of(payment: Body | None) -> IntentStatus:
    """A payment's state in our words. A failed one is not final: the payer may try again, and the bank may say late
    that it was good. One that went back uncaptured is over.
    """
    if payment is None or payment["status"] in ("created", "failed"):
        return "pending"
    if is_collected(payment):
        return "succeeded"
    return "processing" if payment["status"] == "authorized" else "canceled"


def to_intent(order: Body, payments: Sequence[Body]) -> Intent:
    """An order with the payments on it. Raises KeyError or ValueError for what is none."""
    payment = deciding(payments)
    told, page = payment or order, order.get("short_url")
    status = status_of(payment)
    if status == "pending" and order["status"] in ("cancelled", "expired"):
        status = "canceled"
    return Intent(
        reference=order["id"],
        status=status,
        amount_minor=told["amount"],
        currency=told["currency"],
        # What Checkout on our page opens with, beside the key that is public.
        client_secret=None if page else order["id"],
        checkout_url=page,
        payment_method=payment.get("method") if payment else None,
        failure_code=failure_of(payment) if payment else None,
        refunded_minor=payment.get("amount_refunded") or 0 if payment and is_collected(payment) else 0,
        needs_capture=payment is not None and payment["status"] == "authorized",
        ids=ids_of(order["id"], payment, order.get("order_id")),
        raw={"order": order, "payments": list(payments)},
    )


def link_as_order(link: Body) -> dict[str, Any]:
    """A payment link, which carries our id as its reference, in the form of an order."""
    return {**link, "receipt": link.get("reference_id")}


def reference_of(payment: Body) -> str | None:
    """What we know a payment by: the link that it was made by, else its order; None for one that has neither."""
    linked = _LINKED.fullmatch(payment.get("description") or "")
    return f"plink_{linked[1]}" if linked else payment.get("order_id")


def ids_of(reference: str, payment: Body | None, order_id: str | None = None) -> dict[str, str]:
    """Razorpay's further ids of the same payment."""
    is_link = reference.startswith("plink_")
    found = {
        "checkout_session": reference if is_link else None,
        "order": order_id or (payment.get("order_id") if payment else None) or (None if is_link else reference),
        "payment": payment["id"] if payment else None,
        "customer": payment.get("customer_id") if payment else None,
    }
    return {name: text for name, text in found.items() if text}


def to_refund(refund: Body) -> ProviderRefund:
    """A refund. Raises KeyError for what is none."""
    status = REFUND_STATUSES[refund["status"]]
    return ProviderRefund(
        reference=refund["id"],
        status=status,
        amount_minor=refund["amount"],
        currency=refund["currency"],
        failure_code="refund_failed" if status == "failed" else None,
        raw=refund,
    )


def to_record(kind: Movement, body: Body, payment: Body, payment_id: UUID | None) -> ProviderRecord:
    """A payment, refund or dispute as a movement in Razorpay's books; `payment` is what it belongs to."""
    status: RefundStatus | DisputeStatus = "succeeded"
    if kind != "charge":
        status = REFUND_STATUSES[body["status"]] if kind == "refund" else dispute_status(body)
    return ProviderRecord(
        kind=kind,
        reference=body["id"],
        payment_reference=reference_of(payment) or payment["id"],
        payment_id=payment_id,
        refund_id=note(body, REFUND_NOTE) if kind == "refund" else None,
        amount_minor=body["amount"],
        currency=body["currency"],
        status=status,
        recorded_at=moment(body["created_at"]),
    )


def dispute_status(dispute: Body) -> DisputeStatus:
    """A dispute's state in our words; one that is closed went against us where money was taken."""
    if dispute["status"] == "closed":
        return "lost" if dispute.get("amount_deducted") else "won"
    return DISPUTE_STATUSES[dispute["status"]]


def failure_of(payment: Body) -> str | None:
    """Why an attempt failed; None where none did."""
    if payment["status"] != "failed":
        return None
    return str(payment.get("error_reason") or payment.get("error_code") or "payment_failed").lower()


def fee_of(payment: Body) -> int | None:
    """Razorpay's own fee with its tax, which it tells in rupees."""
    return payment.get("fee") if is_collected(payment) and payment["currency"] == "INR" else None


def text_note(body: Body, name: str) -> str | None:
    """A note by its name."""
    notes = body.get("notes")
    return notes.get(name) if isinstance(notes, Mapping) else None


def note(body: Body, name: str) -> UUID | None:
    """An id of ours, as it travels in notes."""
    return uuid_or_none(text_note(body, name))


def uuid_or_none(text: str | None) -> UUID | None:
    """An id of ours; None for what is none."""
    try:
        return UUID(text) if text and len(text) == 36 else None
    except ValueError:
        return None


def moment(unix_s: int) -> datetime:
    """Razorpay's times: whole seconds."""
    return datetime.fromtimestamp(unix_s, UTC)
