"""Payment intents and their charges: every state of Stripe's, and who may move where."""

import secrets
from typing import Any, Final

from tests.fakes.stripe.cards import Card, card_of
from tests.fakes.stripe.charges import book, new_charge, release
from tests.fakes.stripe.disputes import open_dispute
from tests.fakes.stripe.state import Body, RefusalError, State, invalid, made_id, needed, number

_CONFIRMABLE: Final = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE: Final = (*_CONFIRMABLE, "requires_capture", "processing")
_SMALLEST: Final = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50}


def create(state: State, form: Body) -> Body:
    """POST /v1/payment_intents."""
    amount, currency = number(form, "amount"), str(needed(form, "currency")).lower()
    _check_amount(amount, currency)
    if form.get("customer"):
        state.get("customer", form["customer"])
    automatic = (form.get("automatic_payment_methods") or {}).get("enabled") == "true"
    id_ = made_id("pi")
    intent = state.make(
        "pi",
        "payment_intent",
        id_,
        amount=amount,
        amount_capturable=0,
        amount_received=0,
        automatic_payment_methods={"enabled": True} if automatic else None,
        canceled_at=None,
        cancellation_reason=None,
        capture_method=form.get("capture_method", "automatic_async"),
        client_secret=f"{id_}_secret_{secrets.token_hex(12)}",
        confirmation_method="automatic",
        currency=currency,
        customer=form.get("customer"),
        description=form.get("description"),
        last_payment_error=None,
        latest_charge=None,
        metadata=form.get("metadata") or {},
        next_action=None,
        payment_method=None,
        payment_method_options={},
        payment_method_types=["card", "link"] if automatic else ["card"],
        processing=None,
        receipt_email=form.get("receipt_email"),
        setup_future_usage=None,
        shipping=None,
        status="requires_payment_method",
        transfer_group=form.get("transfer_group"),
    )
    state.emit("payment_intent.created", intent)
    if form.get("confirm") == "true":
        return confirm(state, form, intent["id"])
    return intent


def update(state: State, form: Body, id_: str) -> Body:
    """POST /v1/payment_intents/{id}: metadata and description alone."""
    intent = state.get("payment_intent", id_)
    intent["metadata"] = {**intent["metadata"], **(form.get("metadata") or {})}
    intent["description"] = form.get("description", intent["description"])
    return intent


def confirm(state: State, form: Body, id_: str) -> Body:
    """POST /v1/payment_intents/{id}/confirm: what the payer's script does, or we for a method that was named."""
    intent = state.get("payment_intent", id_)
    if intent["status"] not in _CONFIRMABLE:
        raise unexpected(intent, "confirm")
    named = form.get("payment_method") or intent["payment_method"]
    if named is None:
        raise invalid("You cannot confirm this PaymentIntent because it's missing a payment method.", None, None)
    card = card_of(state.cards.get(named, named))
    if card is None:
        raise invalid(f"No such PaymentMethod: '{named}'", "resource_missing", "payment_method")
    method = _method(state, named, card)
    if card.challenge:
        return _challenge(state, intent, method)
    return charge(state, intent, method, card)


def finish_challenge(state: State, id_: str, *, passed: bool) -> Body:
    """The payer has answered the bank's challenge."""
    intent = state.get("payment_intent", id_)
    if intent["status"] != "requires_action":
        raise unexpected(intent, "authenticate")
    method = intent["payment_method"]
    intent["next_action"] = None
    if passed:
        return charge(state, intent, method, card_of(state.cards[method]) or Card())
    return _refuse(state, intent, method, "payment_intent_authentication_failure", "")


def charge(state: State, intent: Body, method: str, card: Card) -> Body:
    """Collect or reserve. Raises RefusalError 402 when the card is refused."""
    if card.declined is not None:
        body = _refuse(state, intent, method, *card.declined)
        raise RefusalError(402, "card_error", **{**_told(body["last_payment_error"]), "payment_intent": dict(body)})
    intent.update(payment_method=method, last_payment_error=None, next_action=None)
    manual = intent["capture_method"] == "manual"
    made = new_charge(state, intent, card, captured=not manual and not card.processing)
    intent["latest_charge"] = made["id"]
    if card.processing:
        made["status"], intent["status"] = "pending", "processing"
        intent["processing"] = {"type": "card"}
        state.emit("charge.pending", made)
        state.emit("payment_intent.processing", intent)
        return intent
    if not manual:
        book(state, made)
    state.emit("charge.succeeded", made)
    if manual:
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        state.emit("payment_intent.amount_capturable_updated", intent)
        return intent
    return succeed(state, intent, card)


def succeed(state: State, intent: Body, card: Card) -> Body:
    """The money is there."""
    intent.update(status="succeeded", amount_received=intent["amount"], amount_capturable=0, processing=None)
    state.emit("payment_intent.succeeded", intent)
    if card.disputed:
        open_dispute(state, state.objects[intent["latest_charge"]])
    return intent


def ripen(state: State) -> None:
    """What takes days at Stripe comes to its end: bank debits arrive."""
    for intent in list(state.of("payment_intent")):
        if intent["status"] == "processing":
            made = state.objects[intent["latest_charge"]]
            made.update(status="succeeded", paid=True, captured=True, amount_captured=made["amount"])
            book(state, made)
            state.emit("charge.succeeded", made)
            succeed(state, intent, Card())


def capture(state: State, form: Body, id_: str) -> Body:
    """POST /v1/payment_intents/{id}/capture, all or a part, once."""
    intent = state.get("payment_intent", id_)
    if intent["status"] != "requires_capture":
        raise unexpected(intent, "capture")
    amount = number(form, "amount_to_capture", intent["amount_capturable"])
    if amount > intent["amount_capturable"] or amount < 1:
        raise invalid(
            f"The amount to capture ({amount}) is greater than the remaining amount.",
            "amount_too_large",
            "amount_to_capture",
        )
    made = state.objects[intent["latest_charge"]]
    made.update(captured=True, amount_captured=amount)
    if amount < made["amount"]:
        release(state, made)
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    book(state, made)
    state.emit("charge.captured", made)
    state.emit("payment_intent.succeeded", intent)
    return intent


def cancel(state: State, form: Body, id_: str) -> Body:
    """POST /v1/payment_intents/{id}/cancel."""
    intent = state.get("payment_intent", id_)
    if intent["status"] not in _CANCELABLE:
        raise unexpected(intent, "cancel")
    if intent["latest_charge"] and intent["status"] == "requires_capture":
        made = state.objects[intent["latest_charge"]]
        release(state, made)
    intent.update(
        status="canceled",
        canceled_at=state.now(),
        cancellation_reason=form.get("cancellation_reason"),
        amount_capturable=0,
        next_action=None,
    )
    state.emit("payment_intent.canceled", intent)
    return intent


def unexpected(intent: Body, verb: str) -> RefusalError:
    """A move that the state does not allow."""
    facts: dict[str, Any] = {"code": "payment_intent_unexpected_state", "payment_intent": dict(intent)}
    message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
    return RefusalError(400, "invalid_request_error", message, **facts)


def _method(state: State, named: str, card: Card) -> str:
    """The payment method that a test method's name or a card's number stands for: a new one each time."""
    if named in state.cards:
        return named
    method = made_id("pm")
    state.cards[method] = card.number
    return method


def _challenge(state: State, intent: Body, method: str) -> Body:
    intent.update(
        payment_method=method,
        status="requires_action",
        last_payment_error=None,
        next_action={
            "type": "redirect_to_url",
            "redirect_to_url": {"url": f"{state.base_url}/3ds/{intent['id']}", "return_url": None},
        },
    )
    state.emit("payment_intent.requires_action", intent)
    return intent


def _refuse(state: State, intent: Body, method: str, code: str, decline: str) -> Body:
    error = {"type": "card_error", "code": code, "message": "Your card was declined."}
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error={**error, **({"decline_code": decline} if decline else {})},
    )
    failed = new_charge(state, intent, card_of(state.cards.get(method, "")) or Card(), captured=False)
    failed.update(status="failed", paid=False, failure_code=code, failure_message=error["message"])
    intent["latest_charge"] = failed["id"]
    state.emit("charge.failed", failed)
    state.emit("payment_intent.payment_failed", intent)
    return intent


def _told(error: Body) -> Body:
    return {name: one for name, one in error.items() if name != "type"}


def _check_amount(amount: int, currency: str) -> None:
    if amount < _SMALLEST.get(currency, 1):
        raise invalid("Amount must convert to at least 50 cents.", "amount_too_small", "amount")
    if currency in ("bhd", "jod", "kwd", "omr", "tnd") and amount % 10:
        raise invalid("The last digit of a three-decimal amount must be 0.", "parameter_invalid_integer", "amount")
    if currency in ("isk", "ugx") and amount % 100:
        raise invalid("The last two digits must be 0.", "parameter_invalid_integer", "amount")
