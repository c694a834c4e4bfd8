"""Example bodies by operation id, where the members of a schema put together would make no sensible request."""

from collections.abc import Mapping
from typing import Any, Final

_ID: Final = "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70"

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "practice_users_create": {
        "first_name": "Ada",
        "last_name": "Marsh",
        "email": "ada.marsh@example.com",
        "password": "correct horse battery",
    },
    "practice_appointments_create": {
        "service_id": _ID,
        "appointment_time": "2026-12-15T10:30:00+01:00",
        "state_id": 36,
        "notes": "Prefers a window.",
    },
    "practice_payments_start": {
        "amount": "20.00",
        "currency": "USD",
        "payment_provider": "sandbox",
        "metadata": {"note": "gift"},
    },
    "practice_payments_record": {
        "amount": "20.00",
        "currency": "USD",
        "payment_method": "cash",
        "notes": "To be brought along.",
    },
    "practice_payments_update": {"notes": "Counted twice.", "metadata": {"receipt": "14"}},
    "practice_payments_start_intent": {"amount": 2000, "currency": "USD"},
    "practice_payments_capture": {"amount": "15.00"},
    "practice_payments_test": {"currency": "USD"},
    "practice_paypal_create_order": {
        "amount": "20.00",
        "currency": "USD",
        "return_url": "https://book.example.com/paid",
        "cancel_url": "https://book.example.com/left",
    },
    "practice_paypal_capture": {"payer_id": "QYR5Z8XDVJNXQ"},
    "practice_training_enrollments_create": {"training_id": _ID, "notes": "First time."},
}
