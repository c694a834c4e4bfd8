"""Refunds: in parts, never more than is left, some that fail or finish later."""

import secrets

from tests.fakes.stripe.cards import card_of
from tests.fakes.stripe.state import Body, State, invalid, number


def create(state: State, form: Body) -> Body:
    """POST /v1/refunds."""
    charge = _charge(state, form)
    if charge["disputed"] and _disputed(state, charge):
        raise invalid("This charge has been charged back.", "charge_disputed")
    if not charge["captured"] or charge["status"] != "succeeded":
        raise invalid("This charge has nothing captured that could be refunded.", "charge_not_refundable")
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
    amount = number(form, "amount", left)
    if amount > left or amount < 1:
        raise invalid(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).", None, "amount")
    card = card_of(state.cards.get(charge["payment_method"], ""))
    pending = card is not None and card.refund_pends
    refund = state.make(
        "re",
        "refund",
        amount=amount,
        balance_transaction=f"txn_{secrets.token_hex(12)}",
        charge=charge["id"],
        currency=charge["currency"],
        metadata=form.get("metadata") or {},
        payment_intent=charge["payment_intent"],
        reason=form.get("reason"),
        receipt_number=None,
        status="pending" if pending else "succeeded",
    )
    del refund["livemode"]
    _add(charge, amount)
    state.emit("refund.created", refund)
    state.emit("charge.refunded", charge, amount_refunded=charge["amount_refunded"] - amount)
    return refund


def ripen(state: State) -> None:
    """Days later: a refund to a card that cannot take it comes back, one that was pending is done."""
    for refund in list(state.of("refund")):
        charge = state.objects[refund["charge"]]
        card = card_of(state.cards.get(charge["payment_method"], ""))
        if card is not None and card.refund_fails and refund["status"] == "succeeded":
            fail(state, refund["id"])
        elif card is not None and card.refund_pends and refund["status"] == "pending":
            refund["status"] = "succeeded"
            state.emit("refund.updated", refund)


def fail(state: State, id_: str) -> Body:
    """The payer's bank does not take a refund back: the money is with the merchant again."""
    refund = state.get("refund", id_)
    refund.update(status="failed", failure_reason="expired_or_canceled_card")
    _add(state.objects[refund["charge"]], -refund["amount"])
    state.emit("refund.updated", refund)
    state.emit("refund.failed", refund)
    return refund


def _charge(state: State, form: Body) -> Body:
    if form.get("payment_intent"):
        intent = state.get("payment_intent", form["payment_intent"])
        if intent["latest_charge"] is None:
            raise invalid("This PaymentIntent does not have a successful charge to refund.", "charge_not_refundable")
        return state.objects[intent["latest_charge"]]
    return state.get("charge", form.get("charge") or "")


def _disputed(state: State, charge: Body) -> bool:
    return any(one["charge"] == charge["id"] and one["status"] != "won" for one in state.of("dispute"))


def _add(charge: Body, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
