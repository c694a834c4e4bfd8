"""Collecting at Square what was reserved. A part is collected by taking the rest off the order and the payment first,
since a payment is completed whole, and only as much as its order asks for.
"""

from typing import Any

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.gateway_values import Intent
from moorage.providers.square.client import ONCE, ChangedMeanwhileError, SquareLine, answer
from moorage.providers.square.orders import Body, Orders
from moorage.providers.square.translate import money, read, to_intent


async def capture(line: SquareLine, orders: Orders, reference: str, asked: Body, *, key: str) -> Intent:
    """Collect `asked` of what was reserved for the order; each step is left out where an earlier try has done it. What
    was collected before is answered as it is. Raises ProviderDeclinedError.
    """
    order, payment = await orders.read(reference)
    if payment is not None and payment["status"] == "COMPLETED":
        return read(to_intent, order, payment)
    if payment is None or payment["status"] != "APPROVED":
        raise ProviderDeclinedError("Nothing is reserved.", failure_code="not_capturable")
    reserved = payment["amount_money"]
    if asked["currency"] != reserved["currency"] or asked["amount"] > reserved["amount"]:
        raise ProviderDeclinedError("More than is reserved.", failure_code="amount_too_large")
    try:
        await _reduce(line, orders, order, payment, asked, key=key)
        done = await line.call("POST", f"v2/payments/{payment['id']}/complete", {})
    except (ProviderDeclinedError, ChangedMeanwhileError):
        order, payment = await orders.read(reference)
        if payment is None or payment["status"] != "COMPLETED":
            raise
        return read(to_intent, order, payment)
    return read(to_intent, order, done["payment"])


async def _reduce(line: SquareLine, orders: Orders, order: Body, payment: Body, asked: Body, *, key: str) -> None:
    rest = order["total_money"]["amount"] - asked["amount"]
    if rest:
        discount = {
            "uid": "not-collected",
            "name": "Not collected",
            "type": "FIXED_AMOUNT",
            "amount_money": money(rest, asked["currency"]),
            "scope": "ORDER",
        }
        await orders.change(order, f"{key}:{order['version']}", discounts=[discount])
    if payment["amount_money"] != asked:
        changed: Any = {"amount_money": asked}
        told = line.sdk.payments.update(
            payment["id"], idempotency_key=f"{key}:amount", payment=changed, request_options=ONCE
        )
        await answer(told)
