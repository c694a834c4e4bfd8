"""Razorpay's books in memory: what is asked of an order or a payment, and the events that follow.

States: an order is created, attempted, then paid. A payment is created, then authorized or failed, then captured; a
failed one may be authorized late; one that nobody captures goes back and is refunded. A refund is pending, then
processed or failed. Refunds have keys, captures have none.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.razorpay.shapes import RazorpayRefusedError, new_dispute, new_order, new_payment, new_refund

Body = dict[str, Any]
_FIELDS = {"amount", "currency", "receipt", "notes", "partial_payment", "payment_capture", "payment"}
_THREE_DECIMALS = {"BHD", "KWD", "OMR"}
_DECLINED = {
    "error_code": "BAD_REQUEST_ERROR",
    "error_description": "Your payment has been declined by the bank",
    "error_source": "bank",
    "error_step": "payment_authorization",
    "error_reason": "payment_failed",
}


@dataclass
class Books:
    """One account. `told(event)` is called with each event."""

    told: Callable[[Body], None]
    key_secret: str
    account_id: str = "acc_FakeRazorpay00"
    refunds_wait: bool = False
    moved_s: int = 0  # how far its clock has been moved on
    orders: dict[str, Body] = field(default_factory=dict)
    payments: dict[str, Body] = field(default_factory=dict)
    refunds: dict[str, Body] = field(default_factory=dict)
    disputes: dict[str, Body] = field(default_factory=dict)
    links: dict[str, Body] = field(default_factory=dict)
    captures: dict[str, str] = field(default_factory=dict)  # how each order's money is to be collected
    keys: dict[str, tuple[str, Body]] = field(default_factory=dict)

    def clear(self) -> None:
        """As if nothing had ever happened."""
        self.refunds_wait, self.moved_s = False, 0
        for name in ("orders", "payments", "refunds", "disputes", "links", "captures", "keys"):
            getattr(self, name).clear()

    def create_order(self, asked: Body) -> Body:
        unknown = set(asked) - _FIELDS
        if unknown:
            raise RazorpayRefusedError(f"{', '.join(sorted(unknown))} is/are not required and should not be sent")
        amount = asked.get("amount")
        if not isinstance(amount, int) or isinstance(amount, bool):
            raise RazorpayRefusedError("The amount must be an integer.", field="amount")
        if amount < (100 if asked.get("currency") == "INR" else 1):
            raise RazorpayRefusedError("Order amount less than minimum amount allowed", field="amount")
        if asked.get("currency") in _THREE_DECIMALS and amount % 10:
            raise RazorpayRefusedError("The last digit of the amount must be 0", field="amount")
        if len(asked.get("receipt") or "") > 40:
            raise RazorpayRefusedError("The receipt may not be greater than 40 characters.", field="receipt")
        order = new_order(asked, self.now())
        self.orders[order["id"]] = order
        automatic = asked.get("payment_capture") or asked.get("payment", {}).get("capture") == "automatic"
        self.captures[order["id"]] = "automatic" if automatic else "manual"
        return order

    def pay(self, order_id: str, vpa: str = "success@razorpay", description: str | None = None) -> Body:
        """What the payer does in Checkout: pays by a UPI address, of which failure@razorpay is refused. Answers what
        Checkout hands to the page.
        """
        order = found(self.orders, order_id)
        if order["status"] == "paid":
            raise RazorpayRefusedError("Your payment has been declined as the order is already paid")
        payment = new_payment(order, "upi", self.now())
        payment.update(vpa=vpa, description=description)
        self.payments[payment["id"]] = payment
        order.update(status="attempted", attempts=order["attempts"] + 1)
        if vpa.startswith("failure"):
            payment.update(status="failed", **_DECLINED)
            self.tell("payment.failed", payment=payment)
            return {"error": {**_DECLINED, "metadata": {"payment_id": payment["id"], "order_id": order_id}}}
        self._authorize(payment)
        signed = hmac.new(self.key_secret.encode(), f"{order_id}|{payment['id']}".encode(), hashlib.sha256)
        return {
            "razorpay_payment_id": payment["id"],
            "razorpay_order_id": order_id,
            "razorpay_signature": signed.hexdigest(),
        }

    def authorize_late(self, payment_id: str) -> None:
        """The bank says after all that a failed payment was good."""
        payment = self.payments[payment_id]
        payment.update(dict.fromkeys(_DECLINED))
        self._authorize(payment)

    def capture(self, payment_id: str, asked: Body) -> Body:
        """No key: a repeat is refused."""
        payment = found(self.payments, payment_id)
        if payment["captured"]:
            raise RazorpayRefusedError("This payment has already been captured")
        if payment["status"] != "authorized":
            raise RazorpayRefusedError("Only payments which have been authorized and not yet captured can be captured")
        if self.orders[payment["order_id"]]["status"] == "paid":
            raise RazorpayRefusedError("Your payment has been declined as the order is already paid")
        if (int(asked["amount"]), asked.get("currency", "INR")) != (payment["amount"], payment["currency"]):
            raise RazorpayRefusedError("Capture amount must be equal to the amount authorized", field="amount")
        self._capture(payment)
        return payment

    def send_back(self, payment_id: str) -> None:
        """Nobody has captured it in time."""
        payment = self.payments[payment_id]
        refund = new_refund({}, payment, self.now())
        refund["status"] = "processed"
        self.refunds[refund["id"]] = refund
        payment.update(status="refunded", refund_status="full", amount_refunded=payment["amount"])
        self.tell("refund.processed", refund=refund, payment=payment)

    def refund(self, payment_id: str, asked: Body, key: str | None) -> Body:
        wish = json.dumps([payment_id, asked], sort_keys=True)
        if key is not None:
            if len(key) < 10 or not key.replace("-", "").replace("_", "").isalnum():
                raise RazorpayRefusedError("The idempotency key must be at least 10 characters")
            if key in self.keys:
                if self.keys[key][0] != wish:
                    raise RazorpayRefusedError("Different request body sent for the same idempotency key")
                return self.keys[key][1]
        refund = self._refund(found(self.payments, payment_id), asked)
        if key is not None:
            self.keys[key] = (wish, json.loads(json.dumps(refund)))
        return refund

    def settle_refund(self, refund_id: str, status: str = "processed") -> None:
        """What becomes of a pending refund: processed or failed."""
        refund = self.refunds[refund_id]
        payment = self.payments[refund["payment_id"]]
        refund["status"] = status
        if status == "failed":
            self._move_refunded(payment, -refund["amount"])
        self.tell(f"refund.{status}", refund=refund, payment=payment)

    def dispute(self, payment_id: str, amount_minor: int | None = None) -> Body:
        """The payer's bank takes it back, or part of it."""
        payment = self.payments[payment_id]
        dispute = new_dispute(payment, amount_minor, self.now())
        self.disputes[dispute["id"]] = dispute
        self.tell("payment.dispute.created", payment=payment, dispute=dispute)
        return dispute

    def decide(self, dispute_id: str, status: str) -> None:
        """under_review, then won or lost."""
        dispute = self.disputes[dispute_id]
        dispute.update(status=status, amount_deducted=dispute["amount"] if status == "lost" else 0)
        payment = self.payments[dispute["payment_id"]]
        self.tell(f"payment.dispute.{status}", payment=payment, dispute=dispute)

    def _authorize(self, payment: Body) -> None:
        payment["status"] = "authorized"
        self.tell("payment.authorized", payment=payment)
        order = self.orders[payment["order_id"]]
        if self.captures[order["id"]] == "automatic" and order["status"] != "paid":
            self._capture(payment)

    def _capture(self, payment: Body) -> None:
        fee = payment["amount"] * 2 // 100 * 118 // 100
        payment.update(status="captured", captured=True, fee=fee, tax=fee - fee * 100 // 118)
        order = self.orders[payment["order_id"]]
        order.update(status="paid", amount_paid=order["amount"], amount_due=0)
        self.tell("payment.captured", payment=payment)
        self.tell("order.paid", payment=payment, order=order)

    def _refund(self, payment: Body, asked: Body) -> Body:
        if not payment["captured"]:
            raise RazorpayRefusedError("The payment status should be captured for action to be taken")
        ours = [one for one in self.disputes.values() if one["payment_id"] == payment["id"]]
        left = payment["amount"] - payment["amount_refunded"]
        left -= sum(one["amount"] for one in ours if one["status"] == "lost")
        if left == 0:
            raise RazorpayRefusedError("The payment has been fully refunded already")
        if not 0 < asked.get("amount", left) <= left:
            raise RazorpayRefusedError("The total refund amount is greater than the refund payment amount")
        if any(one["status"] in ("open", "under_review") for one in ours):
            raise RazorpayRefusedError("Refund is not allowed while the payment is disputed")
        refund = new_refund(asked, payment, self.now())
        self.refunds[refund["id"]] = refund
        self._move_refunded(payment, refund["amount"])
        self.tell("refund.created", refund=refund, payment=payment)
        if not self.refunds_wait:
            self.settle_refund(refund["id"])
        return refund

    def _move_refunded(self, payment: Body, change: int) -> None:
        refunded = payment["amount_refunded"] + change
        whole = refunded == payment["amount"]
        payment.update(amount_refunded=refunded, refund_status="full" if whole else "partial" if refunded else None)
        payment["status"] = "refunded" if whole else "captured"

    def tell(self, kind: str, **things: Body) -> None:
        payload = {name: {"entity": json.loads(json.dumps(thing))} for name, thing in things.items()}
        event = {"entity": "event", "account_id": self.account_id, "event": kind, "contains": list(things)}
        self.told({**event, "payload": payload, "created_at": self.now()})

    def now(self) -> int:
        return int(time.time()) + self.moved_s


def found(things: dict[str, Body], thing_id: str) -> Body:
    """One of them. Raises RazorpayRefusedError."""
    if thing_id not in things:
        raise RazorpayRefusedError("The id provided does not exist")
    return things[thing_id]
