"""Disputes: opened by the payer, answered by us, decided by PayPal."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.fakes.paypal.books import Body, Books, found, made_id, money
from tests.fakes.paypal.refusals import Refusal


def open_dispute(books: Books, capture_id: str, amount: Decimal | None = None) -> Body:
    """The payer did not get what was paid for."""
    capture = found(books.captures, capture_id)
    dispute_id = f"PP-D-{made_id(5)}"
    transaction = {
        "seller_transaction_id": capture_id,
        "create_time": capture["create_time"],
        "transaction_status": "COMPLETED",
        "gross_amount": capture["amount"],
        "seller": {"merchant_id": books.merchant_id},
    }
    if "custom_id" in capture:
        transaction["custom"] = capture["custom_id"]
    if "invoice_id" in capture:
        transaction["invoice_number"] = capture["invoice_id"]
    value, currency = capture["amount"]["value"], capture["amount"]["currency_code"]
    body: Body = {
        "dispute_id": dispute_id,
        "create_time": books.stamp(),
        "update_time": books.stamp(),
        "disputed_transactions": [transaction],
        "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
        "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_amount": money(amount or Decimal(value), currency),
        "dispute_life_cycle_stage": "CHARGEBACK",
        "dispute_channel": "INTERNAL",
        "seller_response_due_date": (books.now() + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": [books.link(f"/v1/customer/disputes/{dispute_id}", "self")],
    }
    books.disputes[dispute_id] = body
    books.emit("CUSTOMER.DISPUTE.CREATED", "dispute", body, "A new dispute opened")
    return body


def provide_evidence(books: Books, dispute_id: str, asked: Any, key: str | None) -> tuple[int, Body]:
    """`POST disputes/{id}/provide-evidence`: PayPal looks at it now."""
    body = _open(books, dispute_id)

    def act() -> Callable[[], Body]:
        kept = [one | {"source": "SUBMITTED_BY_SELLER"} for one in asked["evidences"]]
        body["evidences"] = [*body.get("evidences", []), *kept]
        body["status"] = "UNDER_REVIEW"
        body["update_time"] = books.stamp()
        books.emit("CUSTOMER.DISPUTE.UPDATED", "dispute", body, "A dispute was updated")
        return lambda: {"links": body["links"]}

    return 200, books.once(f"disputes/{dispute_id}/evidence", key, act)[1]


def accept_claim(books: Books, dispute_id: str, key: str | None) -> tuple[int, Body]:
    """`POST disputes/{id}/accept-claim`: the payer gets the money."""
    body = _open(books, dispute_id)

    def act() -> Callable[[], Body]:
        resolve(books, dispute_id, "RESOLVED_BUYER_FAVOUR")
        return lambda: {"links": body["links"]}

    return 200, books.once(f"disputes/{dispute_id}/accept", key, act)[1]


def resolve(books: Books, dispute_id: str, outcome: str) -> None:
    """PayPal decides."""
    body = _open(books, dispute_id)
    body |= {"status": "RESOLVED", "dispute_outcome": {"outcome_code": outcome}, "update_time": books.stamp()}
    body.pop("seller_response_due_date", None)
    books.emit("CUSTOMER.DISPUTE.RESOLVED", "dispute", body, "A dispute was resolved")


def _open(books: Books, dispute_id: str) -> Body:
    body: Body = found(books.disputes, dispute_id)
    if body["status"] == "RESOLVED":
        raise Refusal(422, "ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")
    return body
