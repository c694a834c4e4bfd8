"""Collecting at Square what was reserved. A part is collected by taking the rest off the order and the payment first,
since a payment is completed whole, and only as much as its order asks for.
"""

import contextlib
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
    order = await orders.order(reference)
    whole = _reserved_whole(order, asked)
    if whole is not None:
        with contextlib.suppress(ProviderDeclinedError, ChangedMeanwhileError):  # not so any more: see how it is
            return read(to_intent, order, (await _complete(line, whole))["payment"])
    payment = await orders.payment_on(order)
    if payment is not None and payment["status"] == "COMPLETED":
        return read(to_intent, order, payment)
    if payment is None or payment["status"] != "APPROVED":
        raise ProviderDeclinedError("Nothing is reserved.", failure_code="not_capturable")
    reserved = payment["amount_money"]
    if asked["currency"] != reserved["currency"] or asked["amount"] > reserved["amount"]:
        raise ProviderDeclinedError("More than is reserved.", failure_code="amount_too_large")
    try:
        await _reduce(line, orders, order, payment, asked, key=key)
        done = await _complete(line, payment["id"])
    except (ProviderDeclinedError, ChangedMeanwhileError):
        order, payment = await orders.read(reference)
        if payment is None or payment["status"] != "COMPLETED":
            raise
        return read(to_intent, order, payment)
    return read(to_intent, order, done["payment"])


def _reserved_whole(order: Body, asked: Body) -> str | None:
    """The payment that has reserved exactly `asked` for the whole order, as the order itself tells; None where it does
    not, and the payment has to be looked at.
    """
    tenders: list[Body] = order.get("tenders") or []
    if len(tenders) != 1 or order["total_money"] != asked or tenders[0].get("amount_money") != asked:
        return None
    reserved = tenders[0].get("card_details", {}).get("status") == "AUTHORIZED"
    return tenders[0].get("payment_id") or tenders[0]["id"] if reserved else None


async def _complete(line: SquareLine, payment_id: str) -> Body:
    return await line.call("POST", f"v2/payments/{payment_id}/complete", {})


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
