"""What we ask PayPal to make: an order for one payment."""

from typing import Any, Final

from moorage.domains.payments.gateway_values import IntentRequest
from moorage.providers.paypal.amounts import to_money

# What PayPal cuts off itself, or refuses.
_TEXT_CHARS: Final = 127
_EMAIL_CHARS: Final = 254


def order_of(request: IntentRequest) -> dict[str, Any]:
    """The body of `POST /v2/checkout/orders`. Our payment's id travels twice: as `custom_id`, which comes back with
    everything that becomes of the order, and as `invoice_id`, which an account's settings can let be paid once only.
    Raises AmountNotSupportedError.
    """
    unit: dict[str, Any] = {
        "reference_id": str(request.payment_id),
        "custom_id": str(request.payment_id),
        "invoice_id": str(request.payment_id),
        "amount": to_money(request.amount_minor, request.currency),
    }
    if request.description.strip():
        unit["description"] = request.description.strip()[:_TEXT_CHARS]
    items = _items(request)
    if items:
        unit["items"] = items
        unit["amount"]["breakdown"] = {"item_total": to_money(request.amount_minor, request.currency)}
    wallet: dict[str, Any] = {
        "experience_context": {
            "return_url": request.return_url,
            "cancel_url": request.cancel_url or request.return_url,
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
        }
    }
    if request.payer_email and request.payer_email.isascii() and len(request.payer_email) <= _EMAIL_CHARS:
        wallet["email_address"] = request.payer_email
    return {
        "intent": "AUTHORIZE" if request.capture == "manual" else "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": wallet},
    }


def _items(request: IntentRequest) -> list[dict[str, Any]]:
    """The lines, where PayPal can show them as they are: all above zero, adding up to the amount."""
    lines = request.lines
    if sum(line.amount_minor * line.quantity for line in lines) != request.amount_minor:
        return []
    if any(line.amount_minor <= 0 or line.quantity < 1 or not line.name.strip() for line in lines):
        return []
    return [
        {
            "name": line.name.strip()[:_TEXT_CHARS],
            "unit_amount": to_money(line.amount_minor, request.currency),
            "quantity": str(line.quantity),
            **({"description": line.description[:_TEXT_CHARS]} if line.description else {}),
        }
        for line in lines
    ]
