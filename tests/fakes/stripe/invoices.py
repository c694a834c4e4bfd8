"""Hosted invoices: drafts with items, finalised into something that can be paid, in the shape of today's API."""

import html
import secrets

from tests.fakes.stripe import intents
from tests.fakes.stripe.state import Body, RefusalError, State, invalid, made_id, needed, number


def create(state: State, form: Body) -> Body:
    """POST /v1/invoices."""
    customer = state.get("customer", needed(form, "customer"))
    days = number(form, "days_until_due", 30)
    id_ = made_id("in")
    now = state.now()
    return state.make(
        "in",
        "invoice",
        id_,
        amount_due=0,
        amount_paid=0,
        amount_remaining=0,
        attempt_count=0,
        attempted=False,
        auto_advance=form.get("auto_advance") == "true",
        automatic_tax={"enabled": (form.get("automatic_tax") or {}).get("enabled") == "true", "status": None},
        billing_reason="manual",
        collection_method=form.get("collection_method", "charge_automatically"),
        currency=form.get("currency", "usd"),
        customer=customer["id"],
        customer_email=customer["email"],
        description=form.get("description"),
        due_date=state.now() + days * 86_400,
        hosted_invoice_url=None,
        invoice_pdf=None,
        lines={"object": "list", "data": [], "has_more": False, "url": f"/v1/invoices/{id_}/lines"},
        metadata=form.get("metadata") or {},
        number=None,
        parent=None,
        period_end=now,
        period_start=now,
        payments={"object": "list", "data": [], "has_more": False, "url": f"/v1/invoice_payments?invoice={id_}"},
        status="draft",
        subtotal=0,
        total=0,
        total_taxes=[],
    )


def add_item(state: State, form: Body) -> Body:
    """POST /v1/invoiceitems."""
    invoice = state.get("invoice", needed(form, "invoice"))
    if invoice["status"] != "draft":
        raise invalid("This invoice is no longer editable.", "invoice_not_editable")
    amount = number(form, "amount")
    item = state.make(
        "ii",
        "invoiceitem",
        amount=amount,
        currency=needed(form, "currency"),
        customer=invoice["customer"],
        date=state.now(),
        description=form.get("description"),
        discountable=True,
        discounts=[],
        invoice=invoice["id"],
        metadata={},
        period={"start": state.now(), "end": state.now()},
        proration=False,
        quantity=1,
        tax_rates=[],
    )
    invoice["lines"]["data"].append({"id": f"il_{item['id'][3:]}", "object": "line_item", "amount": amount})
    for name in ("amount_due", "amount_remaining", "subtotal", "total"):
        invoice[name] += amount
    return item


def finalize(state: State, form: Body, id_: str) -> Body:
    """POST /v1/invoices/{id}/finalize: a number, an address, and a payment intent that pays it."""
    del form
    invoice = state.get("invoice", id_)
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized.", "invoice_not_editable")
    numbered = sum(one["number"] is not None for one in state.of("invoice")) + 1
    if invoice["automatic_tax"]["enabled"]:
        tax = (invoice["total"] * 2 + 6) // 12  # 20 per cent, included, half up
        invoice["total_taxes"] = [{"amount": tax, "tax_behavior": "inclusive", "type": "tax_rate_details"}]
    asked = {"amount": invoice["total"], "currency": invoice["currency"], "customer": invoice["customer"]}
    intent = intents.create(state, {**asked, "automatic_payment_methods": {"enabled": "true"}})
    paid_by = {"type": "payment_intent", "payment_intent": intent["id"]}
    invoice["payments"]["data"] = [
        {
            "id": f"inpay_{secrets.token_hex(8)}",
            "object": "invoice_payment",
            "invoice": id_,
            "is_default": True,
            "payment": paid_by,
            "status": "open",
        }
    ]
    invoice.update(
        status="open",
        number=f"FAKE-{numbered:04}",
        hosted_invoice_url=f"{state.base_url}/i/{id_}",
        invoice_pdf=f"{state.base_url}/i/{id_}/pdf",
    )
    state.emit("invoice.finalized", invoice)
    return invoice


def void(state: State, form: Body, id_: str) -> Body:
    """POST /v1/invoices/{id}/void."""
    del form
    invoice = state.get("invoice", id_)
    if invoice["status"] != "open":
        raise invalid(f"You can only void open invoices. This one is {invoice['status']}.", "invoice_not_editable")
    invoice.update(status="void", amount_due=0, amount_remaining=0)
    intents.cancel(state, {}, intent_of(invoice))
    state.emit("invoice.voided", invoice)
    return invoice


def pay(state: State, id_: str, card: str) -> Body:
    """The customer pays at the hosted page. Raises RefusalError when the card is refused."""
    invoice = state.get("invoice", id_)
    intents.confirm(state, {"payment_method": card}, intent_of(invoice))
    return note_paid(state, invoice)


def answer_page(state: State, id_: str, form: Body) -> str:
    """The hosted page; with a card in `form`, once its customer has pressed the button."""
    problem = ""
    if form.get("card"):
        try:
            pay(state, id_, form["card"])
        except RefusalError as refusal:
            problem = str(refusal)
    invoice = state.get("invoice", id_)
    asked = f"{invoice['number']}: {invoice['status']}, {invoice['amount_remaining']} {invoice['currency']}"
    button = '<form method="post"><input name="card"><button>Pay</button></form>' if invoice["status"] == "open" else ""
    return f"<!doctype html><title>Invoice</title><p>{html.escape(asked)}</p><p>{html.escape(problem)}</p>{button}"


def note_paid(state: State, invoice: Body) -> Body:
    """Its payment has come."""
    invoice.update(status="paid", amount_paid=invoice["total"], amount_remaining=0, attempted=True)
    invoice["payments"]["data"][0]["status"] = "paid"
    state.emit("invoice.paid", invoice)
    state.emit("invoice.payment_succeeded", invoice)
    return invoice


def payments_of(state: State, query: Body) -> list[Body]:
    """GET /v1/invoice_payments: of an invoice, or by a payment intent."""
    wanted = query.get("payment") or {}
    return [
        one
        for invoice in state.of("invoice")
        for one in invoice["payments"]["data"]
        if query.get("invoice", invoice["id"]) == invoice["id"]
        and wanted.get("payment_intent", one["payment"]["payment_intent"]) == one["payment"]["payment_intent"]
    ]


def intent_of(invoice: Body) -> str:
    """The payment intent that pays an invoice. Raises RefusalError for a draft."""
    if not invoice["payments"]["data"]:
        raise invalid("This invoice is a draft.")
    return str(invoice["payments"]["data"][0]["payment"]["payment_intent"])
