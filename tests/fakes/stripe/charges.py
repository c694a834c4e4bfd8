"""Charges, one for each attempt of an intent, and their place in Stripe's own books."""

from tests.fakes.stripe.cards import Card
from tests.fakes.stripe.state import Body, State


def new_charge(state: State, intent: Body, card: Card, *, captured: bool) -> Body:
    """The charge of one attempt."""
    amount = intent["amount"]
    return state.make(
        "ch",
        "charge",
        amount=amount,
        amount_captured=amount if captured else 0,
        amount_refunded=0,
        balance_transaction=None,
        billing_details={"address": None, "email": None, "name": None, "phone": None},
        captured=captured,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        failure_code=None,
        failure_message=None,
        fraud_details={},
        metadata=dict(intent["metadata"]),
        outcome={"type": "authorized", "network_status": "approved_by_network", "seller_message": "Payment complete."},
        paid=not card.processing,
        payment_intent=intent["id"],
        payment_method=intent["payment_method"],
        payment_method_details=_details(card),
        receipt_url=None,
        refunded=False,
        status="succeeded",
        transfer_group=intent["transfer_group"],
    )


def book(state: State, charge: Body) -> None:
    """A collected charge in Stripe's books: 2.9 per cent and 30 are Stripe's."""
    amount = charge["amount_captured"]
    fee = (amount * 29 + 500) // 1000 + 30
    booked = enter(state, charge, amount, fee, reporting_category="charge", source=charge["id"], type="charge")
    charge["balance_transaction"] = booked["id"]


def enter(state: State, charge: Body, amount: int, fee: int, **kind: str) -> Body:
    """One line of Stripe's books about a charge, in the account's currency: `amount` and `fee` are in the charge's,
    exchanged at `state.exchange_rate`.
    """
    rate = 1.0 if state.settles_in in (None, charge["currency"]) else state.exchange_rate
    currency = charge["currency"] if rate == 1.0 else state.settles_in
    amount, fee = round(amount * rate), round(fee * rate)
    booked = state.make(
        "txn",
        "balance_transaction",
        amount=amount,
        available_on=state.now(),
        currency=currency,
        description=charge["description"],
        exchange_rate=None if rate == 1.0 else rate,
        fee=fee,
        fee_details=[{"amount": fee, "application": None, "currency": currency, "type": "stripe_fee"}],
        net=amount - fee,
        status="available",
        **kind,
    )
    del booked["livemode"]
    state.available[currency] = state.available.get(currency, 0) + amount - fee
    return booked


def release(state: State, charge: Body) -> None:
    """What was reserved and is not captured: a refund like any, but in no book, for no money had come."""
    amount = charge["amount"] - charge["amount_captured"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    refund = state.make(
        "re",
        "refund",
        amount=amount,
        balance_transaction=None,
        charge=charge["id"],
        currency=charge["currency"],
        metadata={},
        payment_intent=charge["payment_intent"],
        reason=None,
        receipt_number=None,
        status="succeeded",
    )
    del refund["livemode"]
    state.emit("refund.created", refund)
    state.emit("charge.refunded", charge, amount_refunded=charge["amount_refunded"] - amount)


def _details(card: Card) -> Body:
    last4 = card.number[-4:]
    if card.kind != "card":
        return {"type": card.kind, card.kind: {"bank_name": "STRIPE TEST BANK", "last4": last4}}
    told = {"brand": "visa", "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit", "last4": last4}
    return {"type": "card", "card": {**told, "checks": None, "network": "visa", "three_d_secure": None, "wallet": None}}
