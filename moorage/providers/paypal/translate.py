"""PayPal's orders, captures and refunds in the core's own words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from moorage.domains.payments.gateway_values import Intent, IntentStatus, ProviderRefund
from moorage.domains.payments.states import RefundStatus
from moorage.providers.paypal.amounts import minor_of

Body = Mapping[str, Any]

COLLECTED: Final = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
REFUND_STATUSES: Final[dict[str, RefundStatus]] = {
    "COMPLETED": "succeeded",
    "PENDING": "pending",
    "FAILED": "failed",
    "CANCELLED": "failed",
}
_UNPAID: Final[dict[str, IntentStatus]] = {
    "CREATED": "pending",
    "SAVED": "pending",
    "PAYER_ACTION_REQUIRED": "requires_action",
    "APPROVED": "processing",
    "COMPLETED": "processing",
    "VOIDED": "canceled",
}
_RESERVED: Final[dict[str, IntentStatus]] = {
    "CREATED": "processing",
    "PENDING": "processing",
    "CAPTURED": "processing",
    "PARTIALLY_CAPTURED": "processing",
    "DENIED": "failed",
    "VOIDED": "canceled",
}


def to_intent(order: Body) -> Intent:
    """An order as `GET /v2/checkout/orders/{id}` shows it: what was captured decides, else what was authorised, else
    the order itself. An order may be COMPLETED while its capture is PENDING: that is `processing`. Raises KeyError or
    ValueError for what is none.
    """
    unit = order["purchase_units"][0]
    payments = unit.get("payments") or {}
    captures, reserved = payments.get("captures") or [], payments.get("authorizations") or []
    intent = Intent(
        reference=order["id"],
        status=_UNPAID[order["status"]],
        amount_minor=minor_of(unit["amount"]),
        currency=unit["amount"]["currency_code"],
        checkout_url=_link(order, "payer-action") or _link(order, "approve"),
        payment_method=next(iter(order.get("payment_source") or {}), None),
        refunded_minor=_given_back(payments.get("refunds") or []),
        needs_capture=order["status"] == "APPROVED" and order["intent"] == "CAPTURE",
        needs_authorization=order["status"] == "APPROVED" and order["intent"] == "AUTHORIZE",
        ids=_ids(order, captures, reserved),
        raw=order,
    )
    if captures:
        return _captured(intent, captures)
    return _authorised(intent, reserved[-1]) if reserved else intent


def with_capture(present: Intent) -> Callable[[Body], Intent]:
    """Reads the capture that was just made of a reserved order, as which the order then stands: asking for it again
    would tell nothing new.
    """

    def read(capture: Body) -> Intent:
        return _captured(
            replace(
                present, ids={**present.ids, "capture": str(capture["id"])}, raw={**present.raw, "capture": capture}
            ),
            [capture],
        )

    return read


def to_refund(body: Body) -> ProviderRefund:
    """A refund as PayPal shows it. Raises KeyError or ValueError for what is none."""
    return ProviderRefund(
        reference=body["id"],
        status=REFUND_STATUSES[body["status"]],
        amount_minor=minor_of(body["amount"]),
        currency=body["amount"]["currency_code"],
        failure_code=reason_of(body) if body["status"] in {"FAILED", "CANCELLED"} else None,
        raw=body,
    )


def refund_mark(payment_id: str, refund_id: UUID) -> str:
    """What a refund's `custom_id` carries: our payment and our refund, so that its event says both."""
    return f"{payment_id}.{refund_id}"


def our_ids(custom_id: object) -> tuple[UUID | None, UUID | None]:
    """(our payment, our refund) as `custom_id` carries them; None for what was made without us."""
    payment, _, refund = custom_id.partition(".") if isinstance(custom_id, str) else ("", "", "")
    return _uuid(payment), _uuid(refund)


def made_from(body: Body, kind: str) -> str | None:
    """The id of the `kind` ("orders", "captures") that this was made from, which PayPal tells as a link; None where it
    was not.
    """
    hrefs = [str(link["href"]) for link in body.get("links") or [] if link["rel"] == "up"]
    steps = hrefs[0].split("/") if hrefs else []
    return steps[-1] if len(steps) > 1 and steps[-2] == kind else None


def reason_of(body: Body) -> str | None:
    """Why a capture or refund is not complete, in PayPal's word in small letters."""
    reason = (body.get("status_details") or {}).get("reason")
    return None if reason is None else str(reason).lower()


def _captured(intent: Intent, captures: Sequence[Body]) -> Intent:
    """The order's captures: we make one, with which the rest of an authorisation is released."""
    collected = [capture for capture in captures if capture["status"] in COLLECTED]
    if collected:
        amount = sum(minor_of(capture["amount"]) for capture in collected)
        return replace(intent, status="succeeded", amount_minor=amount, needs_capture=False, needs_authorization=False)
    pending = [capture for capture in captures if capture["status"] == "PENDING"]
    if pending:
        return replace(
            intent,
            status="processing",
            amount_minor=minor_of(pending[0]["amount"]),
            needs_capture=False,
            needs_authorization=False,
        )
    failure = reason_of(captures[-1]) or "capture_declined"
    return replace(intent, status="failed", failure_code=failure, needs_capture=False, needs_authorization=False)


def _authorised(intent: Intent, authorization: Body) -> Intent:
    status = authorization["status"]
    expires = authorization.get("expiration_time")
    return replace(
        intent,
        status=_RESERVED[status],
        amount_minor=minor_of(authorization["amount"]),
        needs_capture=status == "CREATED",
        needs_authorization=False,
        failure_code="authorization_denied" if status == "DENIED" else None,
        expires_at=None if expires is None else datetime.fromisoformat(expires),
    )


def _given_back(refunds: Sequence[Body]) -> int:
    return sum(minor_of(refund["amount"]) for refund in refunds if REFUND_STATUSES[refund["status"]] != "failed")


def _ids(order: Body, captures: Sequence[Body], reserved: Sequence[Body]) -> dict[str, str]:
    wallet = (order.get("payment_source") or {}).get("paypal") or {}
    known = {
        "order": order["id"],
        "payer": wallet.get("account_id") or (order.get("payer") or {}).get("payer_id"),
        "authorization": reserved[-1]["id"] if reserved else None,
        "capture": captures[-1]["id"] if captures else None,
    }
    return {name: str(value) for name, value in known.items() if value}


def _link(body: Body, rel: str) -> str | None:
    return next((str(link["href"]) for link in body.get("links") or [] if link["rel"] == rel), None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
