"""Subscriptions: begun on Checkout's page, billed by an invoice for each period, renewed on demand, and ended."""

import calendar
import secrets
from datetime import UTC, datetime
from typing import Final

from tests.fakes.stripe import intents, invoices
from tests.fakes.stripe.state import Body, RefusalError, State, invalid, made_id, needed, yes

_OVER: Final = ("canceled", "incomplete_expired")


def begin(state: State, session: Body, told: Body, card: str) -> Body:
    """The payer pays at Checkout's page: a subscription, its first invoice and that one's payment. A refused card
    leaves all of it incomplete for the next one. Raises RefusalError.
    """
    if session["subscription"] is None:
        if session["customer"] is None:
            session["customer"] = _customer(state, session)["id"]
        taxed = session["automatic_tax"]["enabled"]
        made = create(state, session["customer"], told["line_items"], told.get("metadata") or {}, taxed=taxed)
        session.update(subscription=made["id"], invoice=made["latest_invoice"])
    subscription = state.get("subscription", session["subscription"])
    return settle(state, subscription, card)


def create(state: State, customer: str, lines: list[Body], metadata: Body, *, taxed: bool = False) -> Body:
    """An incomplete subscription with the invoice of its first period; `taxed`: its prices include tax."""
    id_ = made_id("sub")
    priced = [(state.get("price", line["price"]), int(line.get("quantity", 1))) for line in lines]
    starts = state.now()
    ends = _later(starts, priced[0][0]["recurring"])
    made = state.make(
        "sub",
        "subscription",
        id_,
        automatic_tax={"enabled": taxed, "liability": None, "disabled_reason": None},
        billing_cycle_anchor=starts,
        cancel_at=None,
        cancel_at_period_end=False,
        canceled_at=None,
        cancellation_details={"comment": None, "feedback": None, "reason": None},
        collection_method="charge_automatically",
        currency=priced[0][0]["currency"],
        customer=customer,
        days_until_due=None,
        default_payment_method=None,
        description=None,
        discounts=[],
        ended_at=None,
        items={
            "object": "list",
            "data": [_item(state, id_, price, quantity, (starts, ends)) for price, quantity in priced],
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={id_}",
        },
        latest_invoice=None,
        metadata=dict(metadata),
        pause_collection=None,
        pending_setup_intent=None,
        schedule=None,
        start_date=starts,
        status="incomplete",
        trial_end=None,
        trial_start=None,
    )
    bill(state, made, "subscription_create")
    state.emit("customer.subscription.created", made)
    return made


def bill(state: State, subscription: Body, reason: str) -> Body:
    """The invoice of the period that runs, finalised."""
    items = subscription["items"]["data"]
    told = {"customer": subscription["customer"], "currency": subscription["currency"]}
    taxed = {"enabled": "true" if subscription["automatic_tax"]["enabled"] else "false"}
    invoice = invoices.create(state, {**told, "automatic_tax": taxed})
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    invoice.update(
        billing_reason=reason,
        collection_method="charge_automatically",
        due_date=None,
        parent={"type": "subscription_details", "quote_details": None, "subscription_details": details},
        period_start=subscription["start_date"],
        period_end=items[0]["current_period_start"],
    )
    for item in items:
        price = item["price"]
        amount = price["unit_amount"] * item["quantity"]
        name = state.get("product", price["product"])["name"]
        invoice["lines"]["data"].append(
            {
                "id": f"il_{secrets.token_hex(8)}",
                "object": "line_item",
                "amount": amount,
                "currency": price["currency"],
                "description": f"{item['quantity']} × {name}",
                "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
                "quantity": item["quantity"],
            }
        )
        for total in ("amount_due", "amount_remaining", "subtotal", "total"):
            invoice[total] += amount
    state.emit("invoice.created", invoice)
    invoices.finalize(state, {}, invoice["id"])
    subscription["latest_invoice"] = invoice["id"]
    return invoice


def settle(state: State, subscription: Body, card: str) -> Body:
    """Collect the latest invoice by this card or method. Raises RefusalError when it is refused."""
    invoice = state.get("invoice", subscription["latest_invoice"])
    invoice["attempt_count"] += 1
    invoice["attempted"] = True
    try:
        intent = intents.confirm(state, {"payment_method": card}, invoices.intent_of(invoice))
    except RefusalError:
        state.emit("invoice.payment_failed", invoice)
        if subscription["status"] == "active":
            _move(state, subscription, "past_due")
        raise
    if intent["status"] == "requires_action":
        state.emit("invoice.payment_action_required", invoice)
        return subscription
    return paid(state, invoice)


def paid(state: State, invoice: Body) -> Body:
    """The money of a period is here."""
    subscription = state.get("subscription", invoice["parent"]["subscription_details"]["subscription"])
    intent = state.get("payment_intent", invoices.intent_of(invoice))
    subscription["default_payment_method"] = intent["payment_method"]
    invoices.note_paid(state, invoice)
    if subscription["status"] in ("incomplete", "past_due"):
        _move(state, subscription, "active")
    return subscription


def renew(state: State, id_: str, card: str | None = None) -> Body:
    """A period is over: the next is billed to the method that paid the last (or `card`), unless it was to be the last.
    A refused card leaves it past due.
    """
    subscription = state.get("subscription", id_)
    if subscription["cancel_at_period_end"]:
        return end(state, {}, id_)
    for item in subscription["items"]["data"]:
        starts = item["current_period_end"]
        item.update(current_period_start=starts, current_period_end=_later(starts, item["price"]["recurring"]))
    bill(state, subscription, "subscription_cycle")
    state.emit("customer.subscription.updated", subscription)
    try:
        return settle(state, subscription, card or subscription["default_payment_method"])
    except RefusalError:
        return subscription


def update(state: State, form: Body, id_: str) -> Body:
    """POST /v1/subscriptions/{id}: when it ends, and metadata."""
    subscription = state.get("subscription", id_)
    if subscription["status"] in _OVER:
        raise invalid(f"No such subscription: '{id_}'", "resource_missing", "id", 404)
    if "cancel_at_period_end" in form:
        ending = yes(form, "cancel_at_period_end")
        last = subscription["items"]["data"][0]["current_period_end"]
        subscription.update(
            cancel_at_period_end=ending,
            cancel_at=last if ending else None,
            canceled_at=state.now() if ending else None,
        )
    subscription["metadata"] |= form.get("metadata") or {}
    state.emit("customer.subscription.updated", subscription)
    return subscription


def end(state: State, form: Body, id_: str) -> Body:
    """DELETE /v1/subscriptions/{id}: at once."""
    del form
    subscription = state.get("subscription", id_)
    if subscription["status"] in _OVER:
        raise invalid(f"No such subscription: '{id_}'", "resource_missing", "id", 404)
    subscription.update(status="canceled", canceled_at=subscription["canceled_at"] or state.now(), ended_at=state.now())
    state.emit("customer.subscription.deleted", subscription)
    return subscription


def recurring_of(form: Body) -> Body | None:
    """What a price's form says of its period; None for one that is paid once."""
    told = form.get("recurring")
    if told is None:
        return None
    return {
        "interval": needed(told, "interval"),
        "interval_count": int(told.get("interval_count", 1)),
        "meter": None,
        "trial_period_days": None,
        "usage_type": told.get("usage_type", "licensed"),
    }


def _item(state: State, id_: str, price: Body, quantity: int, period: tuple[int, int]) -> Body:
    return {
        "id": f"si_{secrets.token_hex(8)}",
        "object": "subscription_item",
        "created": state.now(),
        "current_period_start": period[0],
        "current_period_end": period[1],
        "discounts": [],
        "metadata": {},
        "price": dict(price),
        "quantity": quantity,
        "subscription": id_,
        "tax_rates": [],
    }


def _customer(state: State, session: Body) -> Body:
    made = state.make(
        "cus",
        "customer",
        balance=0,
        currency=None,
        delinquent=False,
        description=None,
        email=session["customer_email"],
        metadata={},
        name=None,
        phone=None,
        shipping=None,
    )
    state.emit("customer.created", made)
    return made


def _move(state: State, subscription: Body, status: str) -> None:
    previous = subscription["status"]
    subscription["status"] = status
    state.emit("customer.subscription.updated", subscription, status=previous)


def _later(starts: int, recurring: Body) -> int:
    """The end of a period: the same day of a later month, or its last."""
    count, at = recurring["interval_count"], datetime.fromtimestamp(starts, UTC)
    if recurring["interval"] in ("day", "week"):
        days = count * (7 if recurring["interval"] == "week" else 1)
        return starts + days * 86_400
    months = at.month - 1 + count * (12 if recurring["interval"] == "year" else 1)
    year, month = at.year + months // 12, months % 12 + 1
    day = min(at.day, calendar.monthrange(year, month)[1])
    return int(at.replace(year=year, month=month, day=day).timestamp())
