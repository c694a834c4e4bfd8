"""Authorisations, captures and refunds."""

from collections.abc import Callable
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.fakes.paypal.books import Body, Books, Order, checked_money, found, made_id, money
from tests.fakes.paypal.refusals import Refusal

_AUTHORIZATIONS, _CAPTURES = "/v2/payments/authorizations", "/v2/payments/captures"
_PENDING = {"echeck": "ECHECK", "review": "PENDING_REVIEW"}


def reserve(books: Books, order: Order) -> None:
    """An authorisation of the whole order, good for 29 days."""
    body = _common(books, order, _AUTHORIZATIONS) | {
        "status": "CREATED",
        "amount": dict(order.unit["amount"]),
        "expiration_time": (books.now() + timedelta(days=29)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    body["amount"].pop("breakdown", None)
    books.authorizations[body["id"]] = body
    order.authorizations.append(body["id"])
    books.emit("PAYMENT.AUTHORIZATION.CREATED", "authorization", body, "An authorization was created")


def capture(books: Books, authorization_id: str, asked: Any, key: str | None) -> tuple[int, Body]:
    """`POST authorizations/{id}/capture`, in part where an amount is named. PayPal allows up to 115 % of it."""
    body = found(books.authorizations, authorization_id)

    def act() -> Callable[[], Body]:
        if body["status"] == "VOIDED":
            raise Refusal(422, "AUTHORIZATION_VOIDED")
        if body["status"] != "CREATED" and body["status"] != "PARTIALLY_CAPTURED":
            raise Refusal(422, "AUTHORIZATION_ALREADY_CAPTURED")
        amount = checked_money(asked.get("amount", body["amount"]), "/amount")
        order = books.orders[body["supplementary_data"]["related_ids"]["order_id"]]
        before = sum(Decimal(books.captures[one]["amount"]["value"]) for one in order.captures)
        if (before + amount) * 100 > Decimal(body["amount"]["value"]) * 115:
            raise Refusal(422, "MAX_CAPTURE_AMOUNT_EXCEEDED", field="/amount")
        final = bool(asked.get("final_capture", False))
        body["status"] = "CAPTURED" if final else "PARTIALLY_CAPTURED"
        made = collect(books, order, amount, authorization=authorization_id, final=final)
        return lambda: made

    return books.once(f"authorizations/{authorization_id}/capture", key, act)


def void(books: Books, authorization_id: str, key: str | None) -> tuple[int, Body]:
    """`POST authorizations/{id}/void`: release what is reserved."""
    body = found(books.authorizations, authorization_id)

    def act() -> Callable[[], Body]:
        if body["status"] == "VOIDED":
            raise Refusal(422, "PREVIOUSLY_VOIDED")
        if body["status"] not in {"CREATED", "PENDING"}:
            raise Refusal(422, "PREVIOUSLY_CAPTURED")
        body["status"] = "VOIDED"
        books.emit("PAYMENT.AUTHORIZATION.VOIDED", "authorization", body, "A payment authorization was voided")
        return lambda: body

    return 200, books.once(f"authorizations/{authorization_id}/void", key, act)[1]


def collect(books: Books, order: Order, amount: Decimal, *, authorization: str | None, final: bool) -> Body:
    """A capture: COMPLETED, or what the payer's funding makes of it."""
    currency = order.unit["amount"]["currency_code"]
    fee = min(amount, (amount * Decimal("0.0349") + Decimal("0.49")).quantize(_unit(currency), ROUND_HALF_UP))
    body = _common(books, order, _CAPTURES) | {
        "status": "PENDING" if order.funding in _PENDING else "DECLINED" if order.funding == "refused" else "COMPLETED",
        "amount": money(amount, currency),
        "final_capture": final,
        "seller_protection": {"status": "ELIGIBLE", "dispute_categories": ["ITEM_NOT_RECEIVED"]},
        "seller_receivable_breakdown": {
            "gross_amount": money(amount, currency),
            "paypal_fee": money(fee, currency),
            "net_amount": money(amount - fee, currency),
        },
    }
    if authorization is not None:
        body["supplementary_data"]["related_ids"]["authorization_id"] = authorization
    if order.funding in _PENDING:
        body["status_details"] = {"reason": _PENDING[order.funding]}
    books.captures[body["id"]] = body
    order.captures.append(body["id"])
    books.emit(f"PAYMENT.CAPTURE.{body['status']}", "capture", body, f"Payment {body['status'].lower()}")
    return body


def settle(books: Books, capture_id: str, *, completed: bool) -> None:
    """A capture that was pending is decided."""
    body = found(books.captures, capture_id)
    assert body["status"] == "PENDING"
    body["status"] = "COMPLETED" if completed else "DECLINED"
    del body["status_details"]
    event = "PAYMENT.CAPTURE.COMPLETED" if completed else "PAYMENT.CAPTURE.DENIED"
    books.emit(event, "capture", body, "Payment decided")


def refund(books: Books, capture_id: str, asked: Any, key: str | None) -> tuple[int, Body]:
    """`POST captures/{id}/refund`; all that is left where no amount is named."""
    body = found(books.captures, capture_id)

    def act() -> Callable[[], Body]:
        if body["status"] not in {"COMPLETED", "PARTIALLY_REFUNDED"}:
            why = {"REFUNDED": "CAPTURE_FULLY_REFUNDED", "PENDING": "PENDING_CAPTURE"}
            raise Refusal(422, why.get(body["status"], "REFUND_NOT_ALLOWED"))
        if any(_disputed(one) == capture_id and one["status"] != "RESOLVED" for one in books.disputes.values()):
            raise Refusal(422, "TRANSACTION_DISPUTED")
        currency, whole = body["amount"]["currency_code"], Decimal(body["amount"]["value"])
        left = whole - _refunded(books, capture_id) - _charged_back(books, capture_id)
        amount = checked_money(asked.get("amount", money(left, currency)), "/amount")
        if asked.get("amount", body["amount"])["currency_code"] != currency:
            raise Refusal(422, "REFUND_CAPTURE_CURRENCY_MISMATCH", field="/amount/currency_code")
        if amount > left:
            raise Refusal(422, "REFUND_AMOUNT_EXCEEDED", field="/amount/value")
        made = _given_back(books, body, amount, asked)
        return lambda: made

    return books.once(f"captures/{capture_id}/refund", key, act)


def settle_refund(books: Books, refund_id: str, *, completed: bool) -> None:
    """A refund that was pending is decided."""
    body = found(books.refunds, refund_id)
    assert body["status"] == "PENDING"
    body["status"] = "COMPLETED" if completed else "FAILED"
    _count(books, books.captures[capture_of(body)])
    event = "PAYMENT.CAPTURE.REFUNDED" if completed else "PAYMENT.REFUND.FAILED"
    books.emit(event, "refund", body, "Refund decided")


def capture_of(refunded: Body) -> str:
    """The capture that a refund is of: PayPal tells it as a link."""
    return str(next(link["href"] for link in refunded["links"] if link["rel"] == "up")).rpartition("/")[2]


def _given_back(books: Books, body: Body, amount: Decimal, asked: Any) -> Body:
    currency, refund_id = body["amount"]["currency_code"], made_id()
    status, books.next_refund = books.next_refund, "COMPLETED"
    made: Body = {
        "id": refund_id,
        "status": status,
        "amount": money(amount, currency),
        "seller_payable_breakdown": {"gross_amount": money(amount, currency)},
        "create_time": books.stamp(),
        "update_time": books.stamp(),
        "links": [
            books.link(f"/v2/payments/refunds/{refund_id}", "self"),
            books.link(f"{_CAPTURES}/{body['id']}", "up"),
        ],
    }
    made |= {name: asked[name] for name in ("custom_id", "invoice_id", "note_to_payer") if name in asked}
    if status == "PENDING":
        made["status_details"] = {"reason": "ECHECK"}
    books.refunds[refund_id] = made
    _count(books, body)
    event = {"COMPLETED": "PAYMENT.CAPTURE.REFUNDED", "PENDING": "PAYMENT.REFUND.PENDING"}.get(status)
    books.emit(event or "PAYMENT.REFUND.FAILED", "refund", made, f"Refund of {amount} {currency}")
    return made


def _count(books: Books, body: Body) -> None:
    refunded = _refunded(books, body["id"])
    whole = refunded == Decimal(body["amount"]["value"])
    body["status"] = "REFUNDED" if whole else "PARTIALLY_REFUNDED" if refunded else "COMPLETED"


def _refunded(books: Books, capture_id: str) -> Decimal:
    counted = [one for one in books.refunds.values() if one["status"] in {"COMPLETED", "PENDING"}]
    return sum((Decimal(one["amount"]["value"]) for one in counted if capture_of(one) == capture_id), Decimal(0))


def _charged_back(books: Books, capture_id: str) -> Decimal:
    """What the payer has of it already, by disputes decided for them."""
    lost = [one for one in books.disputes.values() if "BUYER" in one.get("dispute_outcome", {}).get("outcome_code", "")]
    return sum((Decimal(one["dispute_amount"]["value"]) for one in lost if _disputed(one) == capture_id), Decimal(0))


def _disputed(dispute: Body) -> str:
    return str(dispute["disputed_transactions"][0]["seller_transaction_id"])


def _common(books: Books, order: Order, path: str) -> Body:
    made = made_id()
    given = {name: order.unit[name] for name in ("custom_id", "invoice_id") if name in order.unit}
    return {
        "id": made,
        **given,
        "supplementary_data": {"related_ids": {"order_id": order.id}},
        "create_time": books.stamp(),
        "update_time": books.stamp(),
        "links": [books.link(f"{path}/{made}", "self"), books.link(f"/v2/checkout/orders/{order.id}", "up")],
    }


def _unit(currency: str) -> Decimal:
    return Decimal(money(Decimal(0), currency)["value"] or "0")
