"""Square's objects as they are when they are new."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.fakes.square.errors import bad

Body = dict[str, Any]
OUTCOMES = {
    "cnon:card-nonce-ok": None,
    "ccof:customer-card-id-ok": None,
    "cnon:card-nonce-declined": "GENERIC_DECLINE",
    "ccof:customer-card-id-declined": "GENERIC_DECLINE",
    "cnon:card-nonce-rejected-cvv": "CVV_FAILURE",
    "cnon:card-nonce-rejected-postalcode": "ADDRESS_VERIFICATION_FAILURE",
    "cnon:card-nonce-rejected-expiration": "INVALID_EXPIRATION",
}
"""The sources of Square's own sandbox, and what is refused of them."""


def new_order(wanted: Body, state: str, now: str) -> Body:
    """An order, not priced yet."""
    told = {"id": new_id("o", 30), "state": state, "version": 1, "created_at": now, "updated_at": now}
    return {**wanted, **told, "source": {"name": "Moorage"}}


def price(order: Body, currency: str) -> None:
    """Add up what an order costs at a merchant who sells in `currency`."""
    lines = order.get("line_items", [])
    if any(line["base_price_money"]["currency"] != currency for line in lines):
        raise bad("CURRENCY_MISMATCH", f"This merchant sells in {currency}")
    gross = sum(line["base_price_money"]["amount"] * int(line["quantity"]) for line in lines)
    off = sum(one["amount_money"]["amount"] for one in order.get("discounts", ()))
    order["total_money"] = {"amount": gross - off, "currency": currency}
    order["net_amount_due_money"] = order["total_money"]


def new_payment(asked: Body, order: Body, now: str) -> Body:
    """A payment on `order` that the card's bank has approved."""
    kept = {name: asked[name] for name in ("reference_id", "note", "buyer_email_address") if name in asked}
    delayed = {} if asked.get("autocomplete", True) else {"delay_action": asked.get("delay_action", "CANCEL")}
    return {
        **kept,
        **delayed,
        "id": new_id("p", 24),
        "created_at": now,
        "updated_at": now,
        "amount_money": asked["amount_money"],
        "total_money": asked["amount_money"],
        "status": "APPROVED",
        "delay_duration": "PT168H",
        "delayed_until": as_text(datetime.now(UTC) + timedelta(days=7)),
        "source_type": "CARD",
        "card_details": {
            "status": "AUTHORIZED",
            "card": {"card_brand": "VISA", "last_4": "1111", "exp_month": 11, "exp_year": 2031},
            "entry_method": "KEYED",
            "cvv_status": "CVV_ACCEPTED",
            "card_payment_timeline": {"authorized_at": now},
        },
        "location_id": order["location_id"],
        "order_id": order["id"],
        "capabilities": ["EDIT_AMOUNT_UP", "EDIT_AMOUNT_DOWN", "EDIT_TIP_AMOUNT_UP", "EDIT_TIP_AMOUNT_DOWN"],
        "application_details": {"square_product": "ECOMMERCE_API"},
        "version_token": new_id("v", 40),
    }


def tender_of(payment: Body) -> Body:
    """How an order shows the payment that pays it."""
    return {
        "id": payment["id"],
        "location_id": payment["location_id"],
        "transaction_id": payment["order_id"],
        "created_at": payment["created_at"],
        "amount_money": payment["amount_money"],
        "type": "CARD",
        "card_details": {"status": payment["card_details"]["status"], "entry_method": "KEYED"},
        "payment_id": payment["id"],
    }


def new_refund(asked: Body, payment: Body, now: str) -> Body:
    """A refund that waits. Its order is its own: Square makes one for every refund."""
    return {
        **({"reason": asked["reason"]} if asked.get("reason") else {}),
        "id": f"{payment['id']}_{new_id('r', 20)}",
        "status": "PENDING",
        "location_id": payment["location_id"],
        "destination_type": "CARD",
        "amount_money": asked["amount_money"],
        "payment_id": payment["id"],
        "order_id": new_id("o", 30),
        "created_at": now,
        "updated_at": now,
    }


def new_dispute(payment: Body, amount_minor: int | None, now: str) -> Body:
    """A dispute of `payment`, whole or in part, that waits for evidence."""
    dispute_id = new_id("d", 20)
    return {
        "id": dispute_id,
        "dispute_id": dispute_id,
        "amount_money": {**payment["amount_money"], "amount": amount_minor or payment["amount_money"]["amount"]},
        "reason": "NO_KNOWLEDGE",
        "state": "EVIDENCE_REQUIRED",
        "due_at": as_text(datetime.now(UTC) + timedelta(days=14)),
        "disputed_payment": {"payment_id": payment["id"]},
        "card_brand": "VISA",
        "created_at": now,
        "updated_at": now,
        "version": 1,
        "location_id": payment["location_id"],
    }


def new_link(asked: Body, order: Body, base_url: str, now: str) -> Body:
    """A link to a page where `order` is paid."""
    link_id = new_id("L", 15)
    kept = {name: asked[name] for name in ("pre_populated_data", "payment_note", "description") if name in asked}
    return {
        **kept,
        "id": link_id,
        "version": 1,
        "order_id": order["id"],
        "checkout_options": asked.get("checkout_options", {}),
        "url": f"{base_url}/pay/{link_id}",
        "long_url": f"{base_url}/pay/{link_id}",
        "created_at": now,
    }


def as_text(at: datetime) -> str:
    """RFC 3339 with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id(prefix: str, length: int) -> str:
    """An id nobody can guess the meaning of."""
    return (prefix + uuid4().hex + uuid4().hex)[:length]
