"""What each operation refuses besides what its shape already says: codes by operation id (see `web/refusals.py`)."""

from collections.abc import Mapping
from typing import Final

_BOOKING: Final = (
    "forbidden",
    "not_found",
    "service_unavailable",
    "own_service",
)

_PAYING: Final = (
    "forbidden",
    "not_found",
    "invalid_amount",
    "invalid_state",
    "hold_expired",
    "amount_mismatch",
    "amount_not_supported",
    "unknown_provider",
    "not_supported_by_provider",
    "provider_declined",
    "outcome_unknown",
)
_MOVING: Final = ("forbidden", "invalid_state", "not_supported_by_provider", "provider_declined", "outcome_unknown")

REFUSALS: Final[Mapping[str, tuple[str, ...]]] = {
    "practice_users_create": ("forbidden", "email_taken", "weak_password"),
    "practice_users_list": ("forbidden",),
    "practice_appointments_create": (*_BOOKING, "slot_unavailable", "invalid_range"),
    "practice_appointments_list": ("invalid_range",),
    "practice_payments_start": (
        *_PAYING,
        "not_authenticated",
        "email_required",
        "return_url_required",
        "return_url_not_allowed",
    ),
    "practice_payments_start_intent": (*_PAYING, "not_authenticated", "email_required"),
    "practice_payments_record": (
        "forbidden",
        "not_found",
        "invalid_amount",
        "invalid_state",
        "invalid_transition",
        "hold_expired",
        "amount_mismatch",
        "overpayment",
        "payment_id_taken",
    ),
    "practice_payments_update": ("forbidden", "invalid_transition", "overpayment", "hold_expired", "payment_disputed"),
    "practice_payments_list": ("invalid_range",),
    "practice_payments_read": ("forbidden",),
    "practice_payments_summary": ("forbidden",),
    "practice_payments_test": ("forbidden",),
    "practice_payments_capture": (*_MOVING, "invalid_amount", "amount_mismatch", "capture_exceeds_authorization"),
    "practice_payments_cancel": _MOVING,
    "practice_paypal_create_order": (*_PAYING, "return_url_not_allowed"),
    "practice_paypal_capture": _MOVING,
    "practice_paypal_read": ("forbidden", "provider_declined", "outcome_unknown"),
    "practice_stripe_webhook": ("not_found", "invalid_signature", "timestamp_out_of_tolerance", "body_too_large"),
    "practice_paypal_webhook": ("not_found", "invalid_signature", "timestamp_out_of_tolerance", "body_too_large"),
    "practice_training_enrollments_create": (*_BOOKING, "no_places_left", "already_enrolled"),
}
