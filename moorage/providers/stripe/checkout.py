"""Checkout: Stripe's own page. A session is ours to make and to expire; its payment intent, which Stripe makes when the
payer pays, carries the same metadata.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from moorage.domains.payments.gateway import AmountNotSupportedError
from moorage.domains.payments.gateway_values import Intent, IntentRequest, IntentStatus, Line
from moorage.providers.stripe.amounts import from_stripe, to_stripe
from moorage.providers.stripe.translate import PAYMENT, SUBSCRIPTION, id_of, invoice_intent, moment, to_intent

MODE: Final = "moorage_mode"
# Stripe keeps a session open for 30 minutes at least and 24 hours at most. Counted from our payment's own id, so that
# the same request asked again is the same; the margin is for a first call that comes late.
_AT_LEAST: Final = timedelta(minutes=45)
_AT_MOST: Final = timedelta(hours=23)
EXPANDED: Final = ("payment_intent.latest_charge", "invoice.payments")

_OPEN: Final[Mapping[tuple[str, str], IntentStatus]] = {
    ("open", "unpaid"): "pending",
    ("complete", "paid"): "succeeded",
    ("complete", "no_payment_required"): "succeeded",
    ("complete", "unpaid"): "processing",  # The method takes days, and Stripe will tell.
    ("expired", "unpaid"): "canceled",
}


def session_parameters(request: IntentRequest, *, automatic_tax: bool) -> dict[str, Any]:
    """What makes a session for `request`. Prices include tax: what is asked for is what is paid."""
    metadata = {PAYMENT: str(request.payment_id)}
    described = {"description": request.description[:1000]} if request.description else {}
    parameters: dict[str, Any] = {
        "mode": "payment",
        "client_reference_id": str(request.payment_id),
        "success_url": request.return_url,
        "cancel_url": request.cancel_url or request.return_url,
        "metadata": metadata,
    }
    if request.mode == "subscription":  # Its payments are Stripe's to make: they are told by their invoices.
        parameters |= {
            "mode": "subscription",
            "subscription_data": {"metadata": {SUBSCRIPTION: str(request.subscription_id)}},
            "line_items": [{"price": line.price, "quantity": line.quantity} for line in request.lines],
        }
    else:
        parameters |= {
            "payment_intent_data": {
                "capture_method": request.capture,
                "metadata": {**metadata, MODE: "checkout"},
                **described,
            },
            "line_items": _lines(request, automatic_tax=automatic_tax),
        }
    if request.customer is not None:
        parameters["customer"] = request.customer
        if automatic_tax:
            parameters["customer_update"] = {"address": "auto"}
    elif request.payer_email is not None:
        parameters["customer_email"] = request.payer_email
    if automatic_tax:
        parameters["automatic_tax"] = {"enabled": True}
    until = _until(request)
    return parameters if until is None else {**parameters, "expires_at": int(until.timestamp())}


def _lines(request: IntentRequest, *, automatic_tax: bool) -> list[dict[str, Any]]:
    """The lines as the payer reads them; one line of all where Stripe cannot show them: one that takes something off,
    or whose own amount has too many decimals.
    """
    whole = Line(request.description or "Payment", request.amount_minor)
    if request.lines and all(line.amount_minor >= 0 for line in request.lines):
        with contextlib.suppress(AmountNotSupportedError):
            return [_line(line, request.currency, automatic_tax=automatic_tax) for line in request.lines]
    return [_line(whole, request.currency, automatic_tax=automatic_tax)]


def _line(line: Line, currency: str, *, automatic_tax: bool) -> dict[str, Any]:
    product = {"name": line.name[:250], **({"description": line.description[:1000]} if line.description else {})}
    price: dict[str, Any] = {
        "currency": currency.lower(),
        "unit_amount": to_stripe(line.amount_minor, currency),
        "product_data": product,
    }
    if automatic_tax:
        price["tax_behavior"] = "inclusive"
    return {"price_data": price, "quantity": line.quantity}


def _until(request: IntentRequest) -> datetime | None:
    if request.expires_at is None or request.payment_id.version != 7:
        return None
    made = made_at(request)
    return min(max(request.expires_at, made + _AT_LEAST), made + _AT_MOST)


def made_at(request: IntentRequest) -> datetime:
    """When our payment was made, as its id (version 7) tells."""
    return datetime.fromtimestamp((request.payment_id.int >> 80) / 1000, UTC)


def to_session(body: Mapping[str, Any]) -> Intent:
    """A session as the payment that it is for; its payment intent tells more, where it is written out."""
    inner, invoice = body.get("payment_intent"), body.get("invoice")
    ids = {
        "checkout_session": body["id"],
        "payment_intent": invoice_intent(invoice) if isinstance(invoice, Mapping) else id_of(inner),
        "customer": id_of(body.get("customer")),
        "invoice": id_of(invoice),
        "subscription": id_of(body.get("subscription")),
    }
    known = {name: one for name, one in ids.items() if one is not None}
    tax = (body.get("total_details") or {}).get("amount_tax")
    common: dict[str, Any] = {
        "reference": body["id"],
        "checkout_url": body.get("url"),
        "expires_at": moment(body.get("expires_at")),
        "tax_minor": None if tax is None else from_stripe(tax, body["currency"]),
        "raw": body,
    }
    if isinstance(inner, Mapping):
        intent = to_intent(inner)
        status = "canceled" if body["status"] == "expired" and intent.status in {"pending", "failed"} else intent.status
        return replace(intent, **common, status=status, client_secret=None, ids={**intent.ids, **known})
    return Intent(
        status=_OPEN[body["status"], body["payment_status"]],
        amount_minor=from_stripe(body["amount_total"], body["currency"]),
        currency=body["currency"].upper(),
        ids=known,
        **common,
    )
