"""What each operation of this contract refuses besides what its shape says: codes by operation id."""

from collections.abc import Mapping
from typing import Final

_WALL_TIME: Final = ("nonexistent_local_time", "ambiguous_local_time")
_STARTING: Final = (
    "not_found",
    "forbidden",
    "amount_mismatch",
    "amount_not_supported",
    "hold_expired",
    "invalid_amount",
    "invalid_currency",
    "invalid_state",
    "not_supported",
    "not_supported_by_provider",
    "provider_declined",
    "unknown_provider",
)
_GUESTS: Final = ("too_many_participants", "option_required", "unknown_option")

REFUSALS: Final[Mapping[str, tuple[str, ...]]] = {
    "catering_auth_login": ("invalid_credentials",),
    "catering_bookings_create": (
        "not_found",
        "service_required",
        "service_unavailable",
        "own_service",
        "slot_unavailable",
        "invalid_start",
        *_GUESTS,
        *_WALL_TIME,
    ),
    "catering_bookings_update": (
        "slot_unavailable",
        "hold_expired",
        "invalid_state",
        "invalid_start",
        *_GUESTS,
        *_WALL_TIME,
    ),
    "catering_checkout_create": (
        *_STARTING,
        "lines_required",
        "unknown_price",
        "return_url_not_allowed",
    ),
    "catering_intent_create": _STARTING,
    "catering_portal_link": ("not_found", "return_url_not_allowed"),
    "catering_payments_list": ("invalid_range",),
    "catering_payment_record": (
        "forbidden",
        "not_found",
        "amount_mismatch",
        "hold_expired",
        "invalid_amount",
        "invalid_currency",
        "invalid_state",
        "overpayment",
    ),
    "catering_payment_complete": ("forbidden", "hold_expired", "invalid_state", "not_by_hand", "overpayment"),
    "catering_payment_bounce": ("forbidden", "invalid_state", "not_by_hand"),
    "catering_refund_create": (
        "forbidden",
        "not_found",
        "refund_exceeds_payment",
        "not_refundable",
        "payment_disputed",
        "invalid_amount",
    ),
    "catering_refunds_list": ("forbidden",),
    "catering_disputes_list": ("forbidden",),
    "catering_dispute_evidence": ("forbidden", "invalid_state", "not_supported_by_provider", "provider_declined"),
    "catering_invoices_create": ("forbidden", "not_found", "invalid_state", "nothing_owed"),
    "catering_quotes_create": (
        "forbidden",
        "not_found",
        "invalid",
        "invalid_lines",
        "invalid_range",
        "invalid_currency",
        "unknown_tax_rate",
    ),
    "catering_quotes_accept": ("not_authenticated", "invalid_token", "quote_expired", "invalid_state"),
    "catering_quotes_decline": ("not_authenticated", "invalid_token", "invalid_state"),
    "catering_analytics_payments": ("forbidden", "invalid_range", "invalid_currency"),
    "catering_customers_list": ("forbidden", "invalid_currency"),
    "catering_webhook": ("not_found", "invalid_signature", "timestamp_out_of_tolerance"),
    "catering_webhook_events_list": ("forbidden",),
    "catering_webhook_events_replay": ("forbidden",),
}
