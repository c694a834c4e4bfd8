"""What we ask Razorpay to make."""

from datetime import datetime, timedelta
from typing import Any, Final

from moorage.domains.payments.gateway_values import IntentRequest
from moorage.providers.razorpay.translate import CAPTURE_NOTE, PAYMENT_NOTE

# Longest that Razorpay lets money wait, in minutes; then it goes back to the payer by itself.
_HELD_MIN: Final = 7_200
# A link may not expire sooner than this from now.
_LINK_LASTS: Final = timedelta(minutes=16)


def new_order(request: IntentRequest) -> dict[str, Any]:
    """An order whose money we collect ourselves."""
    return {
        "amount": request.amount_minor,
        "currency": request.currency,
        "receipt": str(request.payment_id),
        "notes": _notes(request),
        "payment": {
            "capture": "manual",
            "capture_options": {"manual_expiry_period": _HELD_MIN, "refund_speed": "normal"},
        },
    }


def new_link(request: IntentRequest, now: datetime) -> dict[str, Any]:
    """A payment link that tells nobody but whom we send there, and leads back to us."""
    lasts = request.expires_at is not None and request.expires_at - now >= _LINK_LASTS
    return {
        "amount": request.amount_minor,
        "currency": request.currency,
        "accept_partial": False,
        "reference_id": str(request.payment_id),
        "description": request.description[:2048] or "Payment",
        **({"customer": {"email": request.payer_email}} if request.payer_email else {}),
        "notify": {"sms": False, "email": False},
        "reminder_enable": False,
        "notes": _notes(request),
        "callback_url": request.return_url,
        "callback_method": "get",
        **({"expire_by": int(request.expires_at.timestamp())} if lasts and request.expires_at else {}),
    }


def _notes(request: IntentRequest) -> dict[str, str]:
    return {PAYMENT_NOTE: str(request.payment_id), CAPTURE_NOTE: request.capture}
