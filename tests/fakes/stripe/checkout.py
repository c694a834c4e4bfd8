"""Checkout sessions and the page at which they are paid."""

from html import escape

from tests.fakes.stripe import intents, invoices, subscriptions
from tests.fakes.stripe.state import Body, RefusalError, State, invalid, made_id, needed, number

_HOURS_24 = 24 * 3600


def create(state: State, form: Body) -> Body:
    """POST /v1/checkout/sessions."""
    lines = form.get("line_items") or []
    mode = needed(form, "mode")
    if not lines and mode != "setup":
        raise invalid("Line items are required.", "parameter_missing", "line_items")
    priced = [_price(state, line, recurring=mode == "subscription") for line in lines]
    total = sum(amount * quantity for amount, quantity, _ in priced)
    expires = number(form, "expires_at", state.now() + _HOURS_24)
    if not state.now() + 30 * 60 - 5 <= expires <= state.now() + _HOURS_24:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", None, "expires_at"
        )
    if form.get("customer"):
        state.get("customer", form["customer"])
    taxed = (form.get("automatic_tax") or {}).get("enabled") == "true"
    id_ = made_id("cs_test")
    session = state.make(
        "cs",
        "checkout.session",
        id_,
        amount_subtotal=total,
        amount_total=total,
        automatic_tax={"enabled": taxed, "status": "complete" if taxed else None},
        cancel_url=form.get("cancel_url"),
        client_reference_id=form.get("client_reference_id"),
        currency=priced[0][2] if priced else None,
        custom_fields=[],
        custom_text={"shipping_address": None, "submit": None},
        customer=form.get("customer"),
        customer_email=form.get("customer_email"),
        expires_at=expires,
        invoice=None,
        metadata=form.get("metadata") or {},
        mode=mode,
        payment_intent=None,
        payment_method_types=["card"],
        payment_status="unpaid",
        shipping_options=[],
        status="open",
        subscription=None,
        success_url=form.get("success_url"),
        total_details={
            "amount_discount": 0,
            "amount_shipping": 0,
            "amount_tax": (total * 2 + 6) // 12 if taxed else 0,  # 20 per cent, included, half up
        },
        url=f"{state.base_url}/c/pay/{id_}",
    )
    # What the intent or the subscription is made of when the payer pays: Stripe keeps it to itself until then.
    begun = {**(form.get("subscription_data") or {}), "line_items": lines}
    state.secrets[id_] = begun if mode == "subscription" else form.get("payment_intent_data") or {}
    return session


def expire(state: State, form: Body, id_: str) -> Body:
    """POST /v1/checkout/sessions/{id}/expire."""
    del form
    session = state.get("checkout.session", id_)
    if session["status"] != "open":
        raise invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one is {session["status"]}.'
        )
    session.update(status="expired", url=None)
    if session["payment_intent"] is not None:
        intents.cancel(state, {}, session["payment_intent"])
    state.emit("checkout.session.expired", session)
    return session


def pay(state: State, id_: str, card: str) -> Body:
    """The payer pays at the page. Raises RefusalError when the card is refused; the session stays open then."""
    session = state.get("checkout.session", id_)
    if session["status"] != "open" or session["expires_at"] <= state.now():
        raise invalid("This session cannot be paid any more.", "checkout_session_closed")
    if session["mode"] == "subscription":
        begun = subscriptions.begin(state, session, state.secrets[id_], card)
        return complete(state, session) if begun["status"] == "active" else session
    if session["payment_intent"] is None:
        told = state.secrets[id_]
        form = {
            "amount": session["amount_total"],
            "currency": session["currency"],
            "customer": session["customer"],
            "automatic_payment_methods": {"enabled": "true"},
            **told,
        }
        session["payment_intent"] = intents.create(state, form)["id"]
    intent = intents.confirm(state, {"payment_method": card}, session["payment_intent"])
    return session if intent["status"] == "requires_action" else complete(state, session)


def complete(state: State, session: Body) -> Body:
    """The page is finished."""
    intent = state.objects[intent_of(state, session)]
    if intent["status"] == "succeeded" and session["mode"] == "subscription":
        invoice = state.get("invoice", session["invoice"])
        if invoice["status"] != "paid":  # the payer has just met the bank's challenge
            subscriptions.paid(state, invoice)
    paid = intent["status"] == "succeeded"
    session.update(status="complete", payment_status="paid" if paid else "unpaid", url=None)
    state.emit("checkout.session.completed", session)
    return session


def intent_of(state: State, session: Body) -> str:
    """The payment intent that pays a session: a subscription's is of its invoice."""
    if session["mode"] == "subscription":
        return invoices.intent_of(state.get("invoice", session["invoice"] or ""))
    return str(session["payment_intent"])


def ripen(state: State) -> None:
    """A finished session whose money took days is paid."""
    for session in list(state.of("checkout.session")):
        if session["status"] == "complete" and session["payment_status"] == "unpaid":
            if state.objects[session["payment_intent"]]["status"] == "succeeded":
                session["payment_status"] = "paid"
                state.emit("checkout.session.async_payment_succeeded", session)
        elif session["status"] == "open" and session["expires_at"] <= state.now():
            expire(state, {}, session["id"])


def page(state: State, id_: str, problem: str = "") -> str:
    """The payment page, as HTML without script."""
    session = state.get("checkout.session", id_)
    amount = f"{session['amount_total']} {escape(str(session['currency']).upper())} (minor units)"
    if session["status"] != "open":
        return f"<!doctype html><title>Pay</title><p>This session is {session['status']}.</p>"
    begun = session["payment_intent"] or session["invoice"]
    intent = state.objects[intent_of(state, session)] if begun else None
    if intent is not None and intent["status"] == "requires_action":
        fields = (
            '<button name="challenge" value="pass">Complete authentication</button>'
            '<button name="challenge" value="fail">Fail authentication</button>'
        )
    else:
        fields = '<label>Card number <input name="card" autocomplete="cc-number"></label> <button>Pay</button>'
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    return f"<!doctype html><title>Pay</title><h1>Pay {amount}</h1>{alert}<form method=post>{fields}</form>"


def answer_page(state: State, id_: str, form: Body) -> tuple[str | None, str]:
    """What the payer sent: (where to go on, None to stay; what is wrong)."""
    session = state.get("checkout.session", id_)
    try:
        if form.get("challenge"):
            intent = intents.finish_challenge(state, intent_of(state, session), passed=form["challenge"] == "pass")
            if intent["status"] in ("succeeded", "requires_capture"):
                complete(state, session)
        else:
            pay(state, id_, form.get("card", ""))
    except RefusalError as refusal:
        return None, str(refusal)
    if session["status"] == "complete":
        return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", id_), ""
    return None, "Your bank wants to see you." if not form.get("challenge") else "The bank refused."


def _price(state: State, line: Body, *, recurring: bool) -> tuple[int, int, str]:
    """(amount of one, how many, currency) of a line."""
    quantity = number(line, "quantity", 1)
    if line.get("price"):
        price = state.get("price", line["price"])
        if bool(price["recurring"]) != recurring:
            raise invalid("You must provide recurring prices in `subscription` mode, and no others elsewhere.")
        return price["unit_amount"], quantity, price["currency"]
    data = line.get("price_data") or {}
    needed(data.get("product_data") or {}, "name")
    return number(data, "unit_amount"), quantity, str(needed(data, "currency")).lower()
