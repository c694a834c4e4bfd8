"""Orders: CREATED or PAYER_ACTION_REQUIRED, APPROVED by the payer, COMPLETED when authorised or captured."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.fakes.paypal import payments
from tests.fakes.paypal.books import Body, Books, Order, checked_money, found, is_url, made_id
from tests.fakes.paypal.refusals import Refusal


def create(books: Books, body: Any, key: str | None) -> tuple[int, Body]:
    """`POST /v2/checkout/orders`."""
    if body.get("payment_source") and key is None:
        raise Refusal(400, "PAYPAL_REQUEST_ID_REQUIRED")

    def act() -> Callable[[], Body]:
        order = _made(books, body)
        books.orders[order.id] = order
        return lambda: shown(books, order)

    return books.once("orders", key, act)


def authorize(books: Books, order_id: str, key: str | None) -> tuple[int, Body]:
    """`POST …/authorize`: reserve what was approved."""
    order: Order = found(books.orders, order_id)

    def act() -> Callable[[], Body]:
        _ready(order, "AUTHORIZE", "ORDER_ALREADY_AUTHORIZED")
        _charged(order)
        payments.reserve(books, order)
        order.status = "COMPLETED"
        return lambda: shown(books, order)

    return books.once(f"orders/{order_id}/authorize", key, act)


def capture(books: Books, order_id: str, key: str | None) -> tuple[int, Body]:
    """`POST …/capture`: collect what was approved."""
    order: Order = found(books.orders, order_id)

    def act() -> Callable[[], Body]:
        _ready(order, "CAPTURE", "ORDER_ALREADY_CAPTURED")
        _charged(order)
        order.status = "COMPLETED"
        payments.collect(books, order, Decimal(order.unit["amount"]["value"]), authorization=None, final=True)
        return lambda: shown(books, order)

    return books.once(f"orders/{order_id}/capture", key, act)


def approve(books: Books, order_id: str, funding: str) -> None:
    """The payer says yes, and how; an order that is over stays as it is."""
    order: Order = found(books.orders, order_id)
    if order.status not in {"CREATED", "PAYER_ACTION_REQUIRED"}:
        return
    order.status, order.funding = "APPROVED", funding
    wallet = (order.source or {}).get("paypal", {})
    order.source = {"paypal": wallet | {"email_address": "payer@example.com", "account_id": books.payer_id}}
    books.emit("CHECKOUT.ORDER.APPROVED", "checkout-order", shown(books, order), "An order has been approved by buyer")


def reverse_approval(books: Books, order_id: str) -> None:
    """Nobody captured in time: PayPal takes the approval back."""
    order: Order = found(books.orders, order_id)
    assert order.status == "APPROVED"
    order.status = "VOIDED"
    resource = {"order_id": order.id, "purchase_units": [order.unit], "payment_source": _shown_source(order)}
    summary = "The payment approval has been reversed"
    books.emit("CHECKOUT.PAYMENT-APPROVAL.REVERSED", "checkout-order", resource, summary)


def shown(books: Books, order: Order) -> Body:
    """An order as PayPal shows it."""
    unit = dict(order.unit)
    made = {
        "authorizations": [books.authorizations[one] for one in order.authorizations],
        "captures": [books.captures[one] for one in order.captures],
        "refunds": [one for one in books.refunds.values() if payments.capture_of(one) in order.captures],
    }
    if any(made.values()):
        unit["payments"] = {name: list(some) for name, some in made.items() if some}
    links = [books.link(f"/v2/checkout/orders/{order.id}", "self")]
    if order.status in {"CREATED", "PAYER_ACTION_REQUIRED"}:
        rel = "payer-action" if order.source is not None else "approve"
        links.append(books.link(f"/checkoutnow?token={order.id}", rel))
    if order.status == "APPROVED":
        verb = order.intent.lower()
        links.append(books.link(f"/v2/checkout/orders/{order.id}/{verb}", verb, "POST"))
    body: Body = {
        "id": order.id,
        "intent": order.intent,
        "status": order.status,
        "purchase_units": [unit],
        "create_time": order.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "links": links,
    }
    if order.source is not None:
        body["payment_source"] = _shown_source(order)
    return body


def _shown_source(order: Order) -> Body:
    wallet = (order.source or {}).get("paypal", {})
    return {"paypal": {name: value for name, value in wallet.items() if name != "experience_context"}}


def _made(books: Books, body: Any) -> Order:
    if body.get("intent") not in {"CAPTURE", "AUTHORIZE"}:
        raise Refusal(400, "MISSING_REQUIRED_PARAMETER", field="/intent")
    units = body.get("purchase_units")
    if not isinstance(units, list) or len(units) != 1:  # we never ask for more
        raise Refusal(400, "MISSING_REQUIRED_PARAMETER", field="/purchase_units")
    unit = dict(units[0])
    total = checked_money(unit.get("amount"), "/purchase_units/0/amount")
    if "items" in unit:
        amounts = [checked_money(item["unit_amount"], "/items") * int(item["quantity"]) for item in unit["items"]]
        if sum(amounts) != total or "breakdown" not in unit["amount"]:
            raise Refusal(422, "ITEM_TOTAL_MISMATCH", field="/purchase_units/0/items")
    source = body.get("payment_source")
    for name in ("return_url", "cancel_url"):
        url = ((source or {}).get("paypal") or {}).get("experience_context", {}).get(name)
        if source is not None and not is_url(url):
            raise Refusal(400, "INVALID_PARAMETER_SYNTAX", field=f"/payment_source/paypal/experience_context/{name}")
    unit.setdefault("reference_id", "default")
    unit["payee"] = {"email_address": "merchant@example.com", "merchant_id": books.merchant_id}
    status = "CREATED" if source is None else "PAYER_ACTION_REQUIRED"
    return Order(made_id(), body["intent"], unit, source, books.now(), status)


def _ready(order: Order, intent: str, over: str) -> None:
    if order.intent != intent:
        raise Refusal(422, "ACTION_DOES_NOT_MATCH_INTENT")
    if order.status == "COMPLETED":
        raise Refusal(422, over)
    if order.status != "APPROVED":
        raise Refusal(422, "ORDER_NOT_APPROVED")


def _charged(order: Order) -> None:
    """A method that is declined sends the payer back to the page, where another one can be chosen."""
    if order.funding == "declined":
        order.status, order.funding = "PAYER_ACTION_REQUIRED", ""
        raise Refusal(422, "INSTRUMENT_DECLINED")
