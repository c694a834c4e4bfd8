"""Square's objects in the core's own words.

What we call a payment is an order there: made first, with our id as its `reference_id`, and paid by payments on it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from moorage.domains.payments.gateway import AmountNotSupportedError, OutcomeUnknownError
from moorage.domains.payments.gateway_values import Intent, IntentStatus, Movement, ProviderRecord, ProviderRefund
from moorage.domains.payments.states import DisputeStatus, RefundStatus
from moorage.kernel.money import exponent
from moorage.providers.square.client import code_of

Body = Mapping[str, Any]
T = TypeVar("T")

# Where Square takes money; a location takes its country's currency alone. Its exponents are ISO 4217's.
CURRENCIES: Final = frozenset({"AUD", "CAD", "EUR", "GBP", "JPY", "USD"})
STATUSES: Final[dict[str, IntentStatus]] = {
    "APPROVED": "processing",
    "PENDING": "processing",
    "COMPLETED": "succeeded",
    "CANCELED": "canceled",
    # An attempt was refused; the order stays open for another.
    "FAILED": "failed",
}
REFUND_STATUSES: Final[dict[str, RefundStatus]] = {
    "PENDING": "pending",
    "COMPLETED": "succeeded",
    "REJECTED": "failed",
    "FAILED": "failed",
}
DISPUTE_STATUSES: Final[dict[str, DisputeStatus]] = {
    "INQUIRY_EVIDENCE_REQUIRED": "opened",
    "EVIDENCE_REQUIRED": "opened",
    "INQUIRY_PROCESSING": "under_review",
    "PROCESSING": "under_review",
    "INQUIRY_CLOSED": "won",
    "WON": "won",
    "LOST": "lost",
    "ACCEPTED": "lost",
}
# Of an order's payments the one that says most: money first, then what may become money, then the latest end.
_WEIGHT: Final = {"COMPLETED": 3, "APPROVED": 2, "PENDING": 1}


def read(translate: Callable[..., T], *parts: Any) -> T:
    """An answer that cannot be understood says nothing about what was done: OutcomeUnknownError."""
    try:
        return translate(*parts)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise OutcomeUnknownError from error


def check_amount(amount_minor: int, currency: str) -> None:
    """Raises AmountNotSupportedError, InvalidCurrencyError for a code that is none."""
    exponent(currency)
    if currency not in CURRENCIES or amount_minor < 1:
        raise AmountNotSupportedError(f"Square takes no {currency} payment of {amount_minor} minor units.")


def money(amount_minor: int, currency: str) -> dict[str, Any]:
    """An amount as Square writes it: {"amount": 500, "currency": "JPY"}."""
    check_amount(amount_minor, currency)
    return {"amount": amount_minor, "currency": currency}


def deciding(payments: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Of the payments made on one order the one that decides; None where there is none."""
    ranked = sorted(payments, key=lambda one: (_WEIGHT.get(one["status"], 0), one["created_at"]))
    return ranked[-1] if ranked else None


def to_intent(order: Body, payment: Body | None, link: Body | None = None) -> Intent:
    """An order with the payment that decides. Raises KeyError or ValueError for what is none."""
    total = payment["amount_money"] if payment else order["total_money"]
    status: IntentStatus = STATUSES[payment["status"]] if payment else "pending"
    if order["state"] == "CANCELED" and status in ("pending", "failed"):
        status = "canceled"
    return Intent(
        reference=order["id"],
        status=status,
        amount_minor=total["amount"],
        currency=total["currency"],
        checkout_url=None if link is None else link["url"],
        payment_method=method_of(payment) if payment else None,
        failure_code=failure_of(payment) if payment else None,
        refunded_minor=(payment or {}).get("refunded_money", {}).get("amount", 0),
        needs_capture=payment is not None and payment["status"] == "APPROVED",
        ids=ids_of(order["id"], payment, link),
        expires_at=moment(payment["delayed_until"]) if payment and payment.get("delayed_until") else None,
        raw={"order": order, "payment": payment} if link is None else {"order": order, "payment_link": link},
    )


def ids_of(order_id: str, payment: Body | None, link: Body | None = None) -> dict[str, str]:
    """Square's further ids of the same payment."""
    found = {
        "order": order_id,
        "payment": payment and payment["id"],
        "customer": payment and payment.get("customer_id"),
        "checkout_session": link and link["id"],
    }
    return {name: text for name, text in found.items() if text}


def to_refund(refund: Body) -> ProviderRefund:
    """A refund. Raises KeyError for what is none."""
    status = REFUND_STATUSES[refund["status"]]
    return ProviderRefund(
        reference=refund["id"],
        status=status,
        amount_minor=refund["amount_money"]["amount"],
        currency=refund["amount_money"]["currency"],
        failure_code="refund_declined" if status == "failed" else None,
        raw=refund,
    )


def to_record(kind: Movement, body: Body, payment: Body) -> ProviderRecord:
    """A payment, refund or dispute as a movement in Square's books; `payment` is what it belongs to."""
    of_refund = refund_ids(body.get("reason")) if kind == "refund" else (None, None)
    statuses: Mapping[str, Mapping[str, Any]] = {
        "charge": STATUSES,
        "refund": REFUND_STATUSES,
        "dispute": DISPUTE_STATUSES,
    }
    return ProviderRecord(
        kind=kind,
        reference=body["id"],
        payment_reference=payment["order_id"],
        payment_id=of_refund[0] or uuid_or_none(payment.get("reference_id")),
        refund_id=of_refund[1],
        amount_minor=body["amount_money"]["amount"],
        currency=body["amount_money"]["currency"],
        status=statuses[kind][body["state"] if kind == "dispute" else body["status"]],
        recorded_at=moment(_collected_at(body) or body["created_at"]),
    )


def _collected_at(body: Body) -> str | None:
    """When a card payment's money was collected, which may be days after it was reserved."""
    timeline = body.get("card_details", {}).get("card_payment_timeline", {})
    return timeline.get("captured_at")  # type: ignore[no-any-return]  # text, as Square writes times


def refund_reason(payment_id: str, refund_id: UUID) -> str:
    """What a refund of ours says as its reason, the only place for our ids: the payment's, then the refund's."""
    return f"{payment_id} {refund_id}"


def refund_ids(reason: str | None) -> tuple[UUID | None, UUID | None]:
    """Our ids (payment, refund) of a refund that we asked for; (None, None) of one that somebody made there."""
    payment_id, _, refund_id = (reason or "").partition(" ")
    found = uuid_or_none(payment_id), uuid_or_none(refund_id)
    return found if None not in found else (None, None)


def method_of(payment: Body) -> str:
    """How it was paid, such as card, bank_account or wallet."""
    return str(payment.get("source_type", "card")).lower()


def failure_of(payment: Body) -> str | None:
    """Why an attempt failed; None where none did."""
    if payment["status"] != "FAILED":
        return None
    errors = payment.get("card_details", {}).get("errors") or []
    return code_of(errors[0]) if errors else "card_declined"


def fee_of(payment: Body) -> int | None:
    """Square's own fee, once it tells one."""
    fees = payment.get("processing_fee")
    return sum(fee["amount_money"]["amount"] for fee in fees) if fees else None


def moment(text: str) -> datetime:
    """Square's RFC 3339."""
    return datetime.fromisoformat(text)


def uuid_or_none(text: str | None) -> UUID | None:
    """An id of ours, as it travels at Square; None for what is none."""
    try:
        return UUID(text) if text and len(text) == 36 else None
    except ValueError:
        return None
