"""Rows as the objects that the API and the events show. Amounts in minor units, times RFC 3339 in UTC."""

from datetime import datetime
from typing import Any

from moorage.providers.sandbox.call import Row, Terms
from moorage.providers.sandbox.signatures import client_secret, page_key


def intent_object(terms: Terms, intent: Row, charge: Row | None) -> dict[str, Any]:
    """An intent with the charge that collected it, if one did."""
    reference = page_reference(intent)
    return {
        "id": intent["id"],
        "object": "intent",
        "client_reference": _text(intent["client_reference"]),
        "status": intent["status"],
        "amount_minor": intent["amount_minor"],
        "captured_minor": intent["captured_minor"],
        "currency": intent["currency"],
        "capture_method": intent["capture_method"],
        # Of an intent that bills a period.
        "subscription": intent["subscription_id"],
        "period_starts_at": _instant(intent["period_starts_at"]),
        "period_ends_at": _instant(intent["period_ends_at"]),
        "payer_email": intent["payer_email"],
        "description": intent["description"],
        "lines": intent["lines"],
        "payment_method": method_label(intent),
        "failure_code": intent["failure_code"],
        "charge": None if charge is None else charge["id"],
        "refunded_minor": 0 if charge is None else charge["refunded_minor"],
        "client_secret": client_secret(terms.api_key, reference),
        "page_url": page_url(terms, reference),
        "return_url": intent["return_url"],
        "expires_at": _instant(intent["expires_at"]),
        "created_at": _instant(intent["created_at"]),
    }


def charge_object(intent: Row, charge: Row) -> dict[str, Any]:
    """An attempt to collect."""
    return {
        "id": charge["id"],
        "object": "charge",
        "intent": _parent(intent),
        "status": charge["status"],
        "amount_minor": charge["amount_minor"],
        "currency": charge["currency"],
        "payment_method": method_label(charge),
        "failure_code": charge["failure_code"],
        "fee_minor": charge["fee_minor"],
        "refunded_minor": charge["refunded_minor"],
        "refund_pending_minor": charge["refund_pending_minor"],
        "created_at": _instant(charge["created_at"]),
    }


def refund_object(intent: Row, refund: Row) -> dict[str, Any]:
    """Something given back."""
    return {
        "id": refund["id"],
        "object": "refund",
        "client_reference": _text(refund["client_reference"]),
        "intent": _parent(intent),
        "charge": refund["charge_id"],
        "status": refund["status"],
        "amount_minor": refund["amount_minor"],
        "currency": refund["currency"],
        "failure_code": refund["failure_code"],
        "created_at": _instant(refund["created_at"]),
    }


def dispute_object(intent: Row, dispute: Row) -> dict[str, Any]:
    """A payer's bank taking a charge back."""
    return {
        "id": dispute["id"],
        "object": "dispute",
        "intent": _parent(intent),
        "charge": dispute["charge_id"],
        "status": dispute["status"],
        "amount_minor": dispute["amount_minor"],
        "currency": dispute["currency"],
        "reason": dispute["reason"],
        "evidence": dispute["evidence"],
        "evidence_due_at": _instant(dispute["evidence_due_at"]),
        "created_at": _instant(dispute["created_at"]),
    }


def subscription_object(subscription: Row) -> dict[str, Any]:
    """What is paid by the period."""
    instants = ("started_at", "period_starts_at", "period_ends_at", "canceled_at", "ended_at", "created_at")
    return {
        "id": subscription["id"],
        "object": "subscription",
        "client_reference": _text(subscription["client_reference"]),
        "status": subscription["status"],
        "items": subscription["items"],
        "amount_minor": subscription["amount_minor"],
        "currency": subscription["currency"],
        "interval": subscription["interval_unit"],
        "cancel_at_period_end": subscription["cancel_at_period_end"],
        **{name: _instant(subscription[name]) for name in instants},
    }


def transfer_object(transfer: Row) -> dict[str, Any]:
    """Money moved to a connected account."""
    return {
        "id": transfer["id"],
        "object": "transfer",
        "client_reference": _text(transfer["client_reference"]),
        "account": transfer["account"],
        "amount_minor": transfer["amount_minor"],
        "reversed_minor": transfer["reversed_minor"],
        "currency": transfer["currency"],
        "description": transfer["description"],
        "created_at": _instant(transfer["created_at"]),
    }


def account_object(account: Row) -> dict[str, Any]:
    """A connected account. `missing` is what its holder has to say before it can be paid."""
    return {
        "id": account["id"],
        "object": "account",
        "client_reference": _text(account["client_reference"]),
        "email": account["email"],
        "country": account["country"],
        "can_be_paid": account["can_be_paid"],
        "missing": [] if account["can_be_paid"] else ["bank_account"],
        "created_at": _instant(account["created_at"]),
    }


def payout_object(payout: Row) -> dict[str, Any]:
    """Money moved to a bank."""
    return {
        "id": payout["id"],
        "object": "payout",
        "client_reference": _text(payout["client_reference"]),
        "account": payout["account"],
        "status": payout["status"],
        "amount_minor": payout["amount_minor"],
        "currency": payout["currency"],
        "failure_code": payout["failure_code"],
        "created_at": _instant(payout["created_at"]),
    }


def delivery_object(delivery: Row) -> dict[str, Any]:
    """One webhook on its way to one endpoint."""
    return {
        "object": "delivery",
        "event": delivery["event_id"],
        "endpoint": delivery["endpoint"],
        "status": delivery["status"],
        "attempts": delivery["attempts"],
        "answer_status": delivery["answer_status"],
        "error": delivery["error"],
        "next_at": _instant(delivery["next_at"]) if delivery["status"] == "due" else None,
        "delivered_at": _instant(delivery["delivered_at"]),
    }


def balance_object(balance: Row) -> dict[str, Any]:
    """What one account holds of one currency."""
    return {"object": "balance", **{name: balance[name] for name in ("account", "currency", "balance_minor")}}


def page_reference(intent: Row) -> str:
    """By which name the intent's page is reached: the merchant's own where it gave one."""
    return _text(intent["client_reference"]) or str(intent["id"])


def page_url(terms: Terms, reference: str) -> str:
    """The payment page's address, which exists before the intent does."""
    return f"{terms.public_url}/sandbox/pay/{reference}?key={page_key(terms.api_key, reference)}"


def method_label(row: Row) -> str | None:
    """What was paid with, fit for a receipt: "visa 4242", "wallet"."""
    if row["brand"] is None:
        return None
    return f"{row['brand']} {row['last4']}" if row["last4"] else str(row["brand"])


def _parent(intent: Row) -> dict[str, Any]:
    return {"id": intent["id"], "client_reference": _text(intent["client_reference"])}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
