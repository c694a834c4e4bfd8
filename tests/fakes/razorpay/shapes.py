"""Razorpay's objects as they are when they are new, and how it refuses."""

import secrets
import string
from typing import Any

Body = dict[str, Any]


class RazorpayRefusedError(Exception):
    """A refusal: Razorpay words nearly all alike, and says which in a sentence."""

    def __init__(self, description: str, status: int = 400, **facts: str | None) -> None:
        super().__init__(description)
        self.status = status
        facts = {"source": "business", "step": "payment_initiation", "reason": "input_validation_failed", **facts}
        self.body = {"error": {"code": "BAD_REQUEST_ERROR", "description": description, "metadata": {}, **facts}}


def new_order(asked: Body, now: int) -> Body:
    return {
        "id": new_id("order"),
        "entity": "order",
        "amount": asked["amount"],
        "amount_paid": 0,
        "amount_due": asked["amount"],
        "currency": asked["currency"],
        "receipt": asked.get("receipt"),
        "offer_id": None,
        "status": "created",
        "attempts": 0,
        "notes": asked.get("notes") or [],
        "created_at": now,
    }


def new_payment(order: Body, method: str, now: int) -> Body:
    """An attempt at an order. It knows its order, and nothing of the order's notes."""
    return {
        "id": new_id("pay"),
        "entity": "payment",
        "amount": order["amount"],
        "currency": order["currency"],
        "status": "created",
        "order_id": order["id"],
        "invoice_id": None,
        "international": False,
        "method": method,
        "amount_refunded": 0,
        "refund_status": None,
        "captured": False,
        "description": None,
        "card_id": None,
        "bank": None,
        "wallet": None,
        "vpa": None,
        "email": "payer@example.com",
        "contact": "+919999999999",
        "notes": [],
        "fee": None,
        "tax": None,
        "error_code": None,
        "error_description": None,
        "error_source": None,
        "error_step": None,
        "error_reason": None,
        "acquirer_data": {},
        "created_at": now,
    }


def new_refund(asked: Body, payment: Body, now: int) -> Body:
    return {
        "id": new_id("rfnd"),
        "entity": "refund",
        "amount": asked.get("amount") or payment["amount"] - payment["amount_refunded"],
        "currency": payment["currency"],
        "payment_id": payment["id"],
        "notes": asked.get("notes") or [],
        "receipt": asked.get("receipt"),
        "acquirer_data": {"arn": None},
        "created_at": now,
        "batch_id": None,
        "status": "pending",
        "speed_processed": "normal",
        "speed_requested": asked.get("speed", "normal"),
    }


def new_dispute(payment: Body, amount_minor: int | None, now: int) -> Body:
    return {
        "id": new_id("disp"),
        "entity": "dispute",
        "payment_id": payment["id"],
        "amount": amount_minor or payment["amount"],
        "currency": payment["currency"],
        "amount_deducted": 0,
        "gateway_dispute_id": None,
        "reason_code": "goods_or_services_not_received_or_partially_received",
        "respond_by": now + 7 * 86_400,
        "status": "open",
        "phase": "chargeback",
        "comments": None,
        "created_at": now,
    }


def new_link(asked: Body, base_url: str, now: int) -> Body:
    """A payment link; its order is made when somebody opens it."""
    link_id = new_id("plink")
    return {
        "accept_partial": asked.get("accept_partial", False),
        "amount": asked["amount"],
        "amount_paid": 0,
        "callback_method": asked.get("callback_method", ""),
        "callback_url": asked.get("callback_url", ""),
        "cancelled_at": 0,
        "created_at": now,
        "currency": asked["currency"],
        "customer": asked.get("customer", {}),
        "description": asked.get("description", ""),
        "expire_by": asked.get("expire_by", 0),
        "expired_at": 0,
        "first_min_partial_amount": 0,
        "id": link_id,
        "notes": asked.get("notes"),
        "notify": asked.get("notify", {"email": True, "sms": True}),
        "payments": [],
        "reference_id": asked.get("reference_id", ""),
        "reminder_enable": asked.get("reminder_enable", False),
        "reminders": [],
        "short_url": f"{base_url}/checkout/{link_id}",
        "status": "created",
        "updated_at": now,
        "upi_link": False,
        "user_id": "",
    }


def new_id(prefix: str) -> str:
    """An id as Razorpay makes them: fourteen letters and digits."""
    return f"{prefix}_{''.join(secrets.choice(string.ascii_letters + string.digits) for _ in range(14))}"
