"""The sandbox's objects and events in the core's own words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

from moorage.domains.payments.facets import PayeeAccount, ProviderTransfer
from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.domains.payments.gateway_values import Intent, IntentStatus, ProviderEvent, ProviderRecord, ProviderRefund

Body = Mapping[str, Any]
T = TypeVar("T")

_STATUSES: Final[dict[str, IntentStatus]] = {
    "open": "pending",
    "challenge": "requires_action",
    "processing": "processing",
    "authorized": "processing",
    "paid": "succeeded",
    # An attempt was refused. The payer may try again on the page: a success after this is possible.
    "declined": "failed",
    "canceled": "canceled",
    "expired": "canceled",
}
_ARRIVED: Final[dict[str, Literal["pending", "succeeded", "failed"]]] = {
    "pending": "pending",
    "paid": "succeeded",
    "failed": "failed",
}


def to_intent(body: Body) -> Intent:
    """An intent as the API shows it. Raises KeyError or ValueError for what is none."""
    return Intent(
        reference=body["id"],
        status=_STATUSES[body["status"]],
        amount_minor=_collected(body),
        currency=body["currency"],
        client_secret=body["client_secret"],
        checkout_url=body["page_url"],
        payment_method=body["payment_method"],
        failure_code=body["failure_code"],
        refunded_minor=body["refunded_minor"],
        needs_capture=body["status"] == "authorized",
        ids=_ids(body),
        expires_at=None if body["expires_at"] is None else datetime.fromisoformat(body["expires_at"]),
        raw=body,
    )


def to_refund(body: Body) -> ProviderRefund:
    """A refund as the API shows it. Raises KeyError for what is none."""
    return ProviderRefund(
        reference=body["id"],
        status=body["status"],
        amount_minor=body["amount_minor"],
        currency=body["currency"],
        failure_code=body["failure_code"],
        raw=body,
    )


def to_record(body: Body) -> ProviderRecord:
    """A charge, refund or dispute as a movement in the sandbox's books. Raises KeyError for what is none."""
    parent = body["intent"]
    return ProviderRecord(
        kind=body["object"],
        reference=body["id"],
        payment_reference=parent["id"],
        payment_id=_uuid(parent["client_reference"]),
        refund_id=_uuid(body.get("client_reference")),
        amount_minor=body["amount_minor"],
        currency=body["currency"],
        status=body["status"],
        recorded_at=datetime.fromisoformat(body["created_at"]),
    )


def to_payee(body: Body) -> PayeeAccount:
    """A connected account as the API shows it. Raises KeyError for what is none."""
    return PayeeAccount(
        reference=body["id"],
        can_be_paid=body["can_be_paid"],
        details_submitted=body["can_be_paid"],
        missing=tuple(body["missing"]),
        raw=body,
    )


def to_transfer(transfer: Body, payout: Body | None) -> ProviderTransfer:
    """A transfer with what became of it from the payee's account on. Raises KeyError for what is none."""
    return ProviderTransfer(
        reference=transfer["id"],
        status="failed" if payout is None else _ARRIVED[payout["status"]],
        amount_minor=transfer["amount_minor"],
        currency=transfer["currency"],
        reversed_minor=transfer["reversed_minor"],
        failure_code="not_sent" if payout is None else payout["failure_code"],
        payee=transfer["account"],
        ids={} if payout is None else {"payout": payout["id"]},
        raw=transfer,
    )


def to_transfer_record(body: Body) -> ProviderRecord:
    """A transfer as a movement in the sandbox's books. Raises KeyError for what is none."""
    return ProviderRecord(
        kind="transfer",
        reference=body["id"],
        payment_reference="",
        payment_id=None,
        refund_id=None,
        amount_minor=body["amount_minor"],
        currency=body["currency"],
        status="failed" if body["reversed_minor"] == body["amount_minor"] else "succeeded",
        recorded_at=datetime.fromisoformat(body["created_at"]),
        payout_id=_uuid(body["client_reference"]),
        reversed_minor=body["reversed_minor"],
    )


def to_event(body: Body) -> ProviderEvent:
    """An event. One that means nothing to us is of the kind `other`. Raises KeyError or ValueError for what is none."""
    family = str(body["type"]).partition(".")[0]
    told: dict[str, Any] = {"kind": "other"}
    if family == "intent":
        told = _payment(body["data"])
    elif body["type"] == "charge.succeeded":
        told = _charge(body["data"])
    elif family == "subscription":
        told = {"kind": "subscription", "reference": body["data"]["id"]}
    elif family == "refund":
        told = _refund(body["data"])
    elif family == "dispute":
        told = _dispute(body["data"])
    elif family in {"transfer", "payout"} and body["data"]["account"] is not None:
        told = _transfer(body["data"])
    elif family == "account":
        told = {"kind": "payee", "payee": body["data"]["id"]}
    return ProviderEvent(event_id=body["id"], event_type=body["type"], live=body["livemode"], raw=body, **told)


def _payment(data: Body) -> dict[str, Any]:
    return {
        "kind": "payment",
        "payment_id": _uuid(data["client_reference"]),
        "reference": data["id"],
        "intent_status": _STATUSES[data["status"]],
        "amount_minor": _collected(data),
        "currency": data["currency"],
        "needs_capture": data["status"] == "authorized",
        "ids": _ids(data),
        "payment_method": data["payment_method"],
        "failure_code": data["failure_code"],
    }


def _charge(data: Body) -> dict[str, Any]:
    return {
        **_about(data, "payment"),
        "intent_status": "succeeded",
        **_money(data),
        "ids": {"charge": data["id"]},
        "fee_minor": data["fee_minor"] or None,
        "payment_method": data["payment_method"],
    }


def _refund(data: Body) -> dict[str, Any]:
    return {
        **_about(data, "refund"),
        "refund_reference": data["id"],
        "refund_id": _uuid(data["client_reference"]),
        "refund_status": data["status"],
        **_money(data),
        "failure_code": data["failure_code"],
    }


def _dispute(data: Body) -> dict[str, Any]:
    return {
        **_about(data, "dispute"),
        "dispute_reference": data["id"],
        "dispute_status": data["status"],
        "dispute_reason": data["reason"],
        "evidence_due_at": datetime.fromisoformat(data["evidence_due_at"]),
        **_money(data),
    }


def _transfer(data: Body) -> dict[str, Any]:
    """Money on its way to a payee: moved to their account here, and paid on from there to their bank."""
    return {
        "kind": "transfer",
        "payout_id": _uuid(data["client_reference"]),
        "reference": data["id"] if data["object"] == "transfer" else None,
        "payee": data["account"],
        **_money(data),
    }


def _about(data: Body, kind: str) -> dict[str, Any]:
    parent = data["intent"]
    return {"kind": kind, "payment_id": _uuid(parent["client_reference"]), "reference": parent["id"]}


def _money(data: Body) -> dict[str, Any]:
    return {"amount_minor": data["amount_minor"], "currency": data["currency"]}


def _collected(intent: Body) -> int:
    """What an intent is worth: what was collected once it was, which may be a part; what is asked for until then."""
    collected: int | None = intent["captured_minor"]
    return intent["amount_minor"] if collected is None else collected


def _ids(intent: Body) -> dict[str, str]:
    return {} if intent["charge"] is None else {"charge": intent["charge"]}


def _uuid(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def read(translate: Callable[[Body], T], body: Body) -> T:
    """An answer that cannot be understood says nothing about what was done: OutcomeUnknownError."""
    try:
        return translate(body)
    except (KeyError, ValueError, TypeError) as error:
        raise OutcomeUnknownError from error
