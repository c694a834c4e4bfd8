"""Square's books in memory: what is asked of an order, a payment or a refund, and the events that follow.

States: an order is OPEN (or DRAFT behind a payment link), then COMPLETED or CANCELED. A payment is APPROVED, then
COMPLETED or CANCELED; or FAILED from the start. A refund is PENDING, then COMPLETED, FAILED or REJECTED.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.fakes.square.errors import bad, declined, missing, unrefundable
from tests.fakes.square.keys import Keys
from tests.fakes.square.shapes import (
    OUTCOMES,
    as_text,
    new_dispute,
    new_id,
    new_link,
    new_order,
    new_payment,
    new_refund,
    price,
    tender_of,
)

Body = dict[str, Any]


@dataclass
class Books:
    """One merchant with one location. `told(event)` is called with each event."""

    told: Callable[[Body], None]
    location_id: str = "LTEST"
    merchant_id: str = "MTEST"
    currency: str = "GBP"
    logs_events: bool = True
    fee_returned: int = 0  # with each refund that goes through
    refunds_wait: bool = False  # as they do for cards: PENDING until `settle_refund`
    orders: dict[str, Body] = field(default_factory=dict)
    payments: dict[str, Body] = field(default_factory=dict)
    refunds: dict[str, Body] = field(default_factory=dict)
    links: dict[str, Body] = field(default_factory=dict)
    disputes: dict[str, Body] = field(default_factory=dict)
    evidence: dict[str, list[Body]] = field(default_factory=dict)
    events: list[Body] = field(default_factory=list)
    keys: Keys = field(default_factory=Keys)
    _payment_keys: dict[str, str] = field(default_factory=dict)
    _last: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    def clear(self) -> None:
        """As if nothing had ever happened."""
        self.refunds_wait, self.logs_events, self.fee_returned = False, True, 0
        for name in (
            "orders",
            "payments",
            "refunds",
            "links",
            "disputes",
            "evidence",
            "events",
            "keys",
            "_payment_keys",
        ):
            getattr(self, name).clear()

    def create_order(self, asked: Body, state: str = "OPEN") -> Body:
        wanted = asked["order"]
        if wanted["location_id"] != self.location_id:
            raise bad("INVALID_LOCATION", "The location is not this merchant's")
        order = new_order(wanted, state, self._now())
        price(order, self.currency)
        self.orders[order["id"]] = order
        return {"order": order}

    def update_order(self, order_id: str, asked: Body) -> Body:
        order, wanted = self._order(order_id), asked["order"]
        if wanted["version"] != order["version"]:
            raise bad("VERSION_MISMATCH", "The order has changed", 409)
        if order["state"] not in ("OPEN", "DRAFT"):
            raise bad("BAD_REQUEST", f"Order is {order['state']} and cannot be updated")
        if wanted.get("state") == "CANCELED":
            if order["state"] == "DRAFT" or self._live(order):
                raise bad("BAD_REQUEST", "Order cannot be canceled")
            order["state"] = "CANCELED"
        if "discounts" in wanted:
            order["discounts"] = wanted["discounts"]
            price(order, self.currency)
        self._touch(order)
        return {"order": order}

    def create_payment(self, asked: Body) -> Body:
        """`order_id` is what our adapter always gives; without one Square makes an order of its own."""
        source = asked["source_id"]
        if source not in OUTCOMES:
            raise bad("CARD_TOKEN_USED" if source.startswith("cnon:used") else "NOT_FOUND", "Card nonce not found")
        if asked["amount_money"]["currency"] != self.currency:
            raise bad("CURRENCY_MISMATCH", f"This merchant can only process payments in {self.currency}")
        if "order_id" not in asked:
            line = {"name": "Custom amount", "quantity": "1", "base_price_money": asked["amount_money"]}
            made = self.create_order({"order": {"location_id": self.location_id, "line_items": [line]}})
            asked = {**asked, "order_id": made["order"]["id"]}
        order = self._order(asked["order_id"])
        if order["state"] not in ("OPEN", "DRAFT") or self._live(order):
            raise bad("BAD_REQUEST", f"Order {order['id']} is already paid or canceled")
        if asked["amount_money"] != order["total_money"]:
            raise bad("PAYMENT_AMOUNT_MISMATCH", "The payment total does not match the order total")
        payment = new_payment(asked, order, self._now())
        self.payments[payment["id"]] = payment
        if asked.get("idempotency_key"):
            self._payment_keys[asked["idempotency_key"]] = payment["id"]
        refused = OUTCOMES[source]
        if refused:
            error = {"category": "PAYMENT_METHOD_ERROR", "code": refused, "detail": f"Authorization error: '{refused}'"}
            payment.update(status="FAILED", capabilities=[])
            payment["card_details"].update(status="FAILED", errors=[error])
            self._tell("payment.updated", "payment", payment)
            raise declined(refused)
        payment["approved_money"] = asked["amount_money"]
        self._tell("payment.created", "payment", payment)
        order["tenders"] = [tender_of(payment)]
        order["state"] = "OPEN"
        self._touch(order)
        if asked.get("autocomplete", True):
            self._complete(payment, order)
        return {"payment": payment}

    def update_payment(self, payment_id: str, asked: Body) -> Body:
        payment, wanted = self._approved(payment_id), asked["payment"]["amount_money"]
        if wanted["amount"] > payment["approved_money"]["amount"]:
            raise bad("AMOUNT_TOO_HIGH", "The amount is more than was approved")
        payment.update(amount_money=wanted, total_money=wanted)
        self._touch(payment)
        self._tell("payment.updated", "payment", payment)
        return {"payment": payment}

    def complete_payment(self, payment_id: str) -> Body:
        payment = self._approved(payment_id)
        order = self._order(payment["order_id"])
        if order["total_money"] != payment["total_money"]:
            raise bad("BAD_REQUEST", "The payment total does not match the order total")
        self._complete(payment, order)
        return {"payment": payment}

    def cancel_payment(self, payment_id: str) -> Body:
        payment = self._approved(payment_id)
        payment.update(status="CANCELED", capabilities=[])
        payment["card_details"]["status"] = "VOIDED"
        self._touch(payment)
        order = self._order(payment["order_id"])
        order["tenders"] = []
        self._touch(order)
        self._tell("payment.updated", "payment", payment)
        return {"payment": payment}

    def cancel_by_key(self, asked: Body) -> Body:
        payment_id = self._payment_keys.get(asked["idempotency_key"])
        if payment_id is None:
            raise missing("a payment of that key")
        if self.payments[payment_id]["status"] == "APPROVED":
            self.cancel_payment(payment_id)
        return {}

    def refund(self, asked: Body) -> Body:
        payment = self.payment(asked["payment_id"])
        amount = asked["amount_money"]["amount"]
        if payment["status"] != "COMPLETED":
            raise unrefundable("REFUND_ERROR_PAYMENT_NEEDS_COMPLETION", "The payment is not completed")
        if any(one["disputed_payment"]["payment_id"] == payment["id"] for one in self._open_disputes()):
            raise unrefundable("PAYMENT_NOT_REFUNDABLE_DUE_TO_DISPUTE", "The payment is disputed")
        left = payment["total_money"]["amount"] - payment.get("refunded_money", {}).get("amount", 0)
        left -= sum(
            one["amount_money"]["amount"]
            for one in self.disputes.values()
            if one["state"] in ("LOST", "ACCEPTED") and one["disputed_payment"]["payment_id"] == payment["id"]
        )
        if not 0 < amount <= left or asked["amount_money"]["currency"] != self.currency:
            raise unrefundable("REFUND_AMOUNT_INVALID", "The requested refund amount exceeds the amount available")
        refund = new_refund(asked, payment, self._now())
        self.refunds[refund["id"]] = refund
        payment.setdefault("refund_ids", []).append(refund["id"])
        self._move_refunded(payment, amount)
        self._tell("refund.created", "refund", refund)
        if not self.refunds_wait:
            self.settle_refund(refund["id"])
        return {"refund": refund}

    def settle_refund(self, refund_id: str, status: str = "COMPLETED") -> None:
        """What becomes of a pending refund: COMPLETED, FAILED or REJECTED."""
        refund = self.refunds[refund_id]
        refund.update(status=status, updated_at=self._now())
        if status == "COMPLETED" and self.fee_returned:
            back = {"amount": -self.fee_returned, "currency": self.currency}
            refund["processing_fee"] = [{"effective_at": self._now(), "type": "ADJUSTMENT", "amount_money": back}]
        if status != "COMPLETED":
            self._move_refunded(self.payments[refund["payment_id"]], -refund["amount_money"]["amount"])
        self._tell("refund.updated", "refund", refund)

    def dispute(self, payment_id: str, amount_minor: int | None = None) -> Body:
        """The payer's bank takes it back, or part of it."""
        dispute = new_dispute(self.payments[payment_id], amount_minor, self._now())
        self.disputes[dispute["id"]] = dispute
        self._tell("dispute.created", "dispute", dispute)
        return dispute

    def decide(self, dispute_id: str, state: str) -> None:
        """PROCESSING, then WON or LOST."""
        dispute = self.disputes[dispute_id]
        dispute.update(state=state, updated_at=self._now(), version=dispute["version"] + 1)
        self._tell("dispute.state.updated", "dispute", dispute)

    def create_link(self, asked: Body, base_url: str) -> Body:
        order = self.create_order(asked, "DRAFT")["order"]
        link = new_link(asked, order, base_url, self._now())
        self.links[link["id"]] = link
        return {"payment_link": link, "related_resources": {"orders": [order]}}

    def delete_link(self, link_id: str) -> Body:
        if link_id not in self.links:
            raise missing("the payment link")
        order = self._order(self.links[link_id]["order_id"])
        if order["state"] == "COMPLETED":
            raise bad("BAD_REQUEST", "The order is paid")
        del self.links[link_id]
        order["state"] = "CANCELED"
        self._touch(order)
        return {"id": link_id, "cancelled_order_id": order["id"]}

    def payment(self, payment_id: str) -> Body:
        if payment_id not in self.payments:
            raise missing("payment")
        return self.payments[payment_id]

    def _order(self, order_id: str) -> Body:
        if order_id not in self.orders:
            raise missing("order")
        return self.orders[order_id]

    def _approved(self, payment_id: str) -> Body:
        payment = self.payment(payment_id)
        if payment["status"] != "APPROVED":
            code = {"COMPLETED": "DELAYED_TRANSACTION_CAPTURED", "CANCELED": "DELAYED_TRANSACTION_CANCELED"}
            raise bad(code.get(payment["status"], "BAD_REQUEST"), f"The payment is {payment['status']}")
        return payment

    def _live(self, order: Body) -> bool:
        return any(self.payments[one["payment_id"]]["status"] == "APPROVED" for one in order.get("tenders", ()))

    def _open_disputes(self) -> list[Body]:
        return [one for one in self.disputes.values() if one["state"] in ("EVIDENCE_REQUIRED", "PROCESSING")]

    def _complete(self, payment: Body, order: Body) -> None:
        amount = payment["total_money"]["amount"]
        fee = {"amount": min(amount, amount * 14 // 1000 + 25), "currency": self.currency}
        payment.update(status="COMPLETED", capabilities=[])
        payment["processing_fee"] = [{"effective_at": self._now(), "type": "INITIAL", "amount_money": fee}]
        payment["card_details"]["status"] = "CAPTURED"
        payment["card_details"]["card_payment_timeline"]["captured_at"] = self._now()
        self._touch(payment)
        order.update(state="COMPLETED", closed_at=self._now(), tenders=[tender_of(payment)])
        self._touch(order)
        self._tell("payment.updated", "payment", payment)

    def _move_refunded(self, payment: Body, change: int) -> None:
        before = payment.get("refunded_money", {}).get("amount", 0)
        payment["refunded_money"] = {"amount": before + change, "currency": self.currency}
        self._touch(payment)
        self._tell("payment.updated", "payment", payment)

    def _touch(self, thing: Body) -> None:
        thing["updated_at"] = self._now()
        if "version" in thing:
            thing["version"] += 1
        if "version_token" in thing:
            thing["version_token"] = new_id("v", 40)

    def _tell(self, kind: str, family: str, thing: Body) -> None:
        event = {
            "merchant_id": self.merchant_id,
            "type": kind,
            "event_id": str(uuid4()),
            "created_at": self._now(),
            "data": {"type": family, "id": thing["id"], "object": {family: json.loads(json.dumps(thing))}},
        }
        self.events.append(event)
        self.told(event)

    def _now(self) -> str:
        """Never the same twice: lists are ordered by it."""
        self._last = max(datetime.now(UTC), self._last + timedelta(milliseconds=1))
        return as_text(self._last)
