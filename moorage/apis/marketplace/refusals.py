"""What each operation refuses besides what its shape already says: codes by operation id.

What follows from the shape (a token to be read, a body, a list, an Idempotency-Key, an object by its id) is added by
`web/refusals.py`. A test holds the statuses that routes declare against both.
"""

from collections.abc import Mapping
from typing import Final

_WALL_TIME: Final = ("nonexistent_local_time", "ambiguous_local_time")
_PLACES: Final = ("one_primary_location", "unknown_location")
_OFFER: Final = (
    "unknown_category",
    "unknown_location",
    "invalid_amount",
    "invalid_deposit",
    "duplicate_option",
    "notice_beyond_horizon",
)
_DECISION: Final = ("forbidden", "already_decided")
_ENDING: Final = ("forbidden", "invalid_state")

REFUSALS: Final[Mapping[str, tuple[str, ...]]] = {
    "auth_register": ("email_taken", "weak_password"),
    "auth_login": ("invalid_credentials",),
    "auth_token_refresh": ("invalid_token", "token_reused"),
    "auth_password_reset_confirm": ("invalid_link", "weak_password"),
    "auth_verify_email": ("invalid_link",),
    "practitioners_list": ("forbidden", "invalid_point", "invalid_range"),
    "practitioners_apply": ("already_applied", *_PLACES),
    "practitioners_update": ("forbidden", *_PLACES),
    "practitioners_verify": _DECISION,
    "practitioners_reject": _DECISION,
    "practitioners_availability": ("invalid_range",),
    "practitioners_schedule_replace": ("forbidden", "invalid_schedule"),
    "services_list": ("invalid_range",),
    "services_create": ("forbidden", *_OFFER),
    "services_update": ("forbidden", *_OFFER, "service_type_fixed", "prices_needed"),
    "services_delete": ("forbidden",),
    "services_schedule_create": (
        "forbidden",
        "session_conflict",
        "slot_unavailable",
        "start_in_past",
        "invalid_recurrence",
        "unbounded_recurrence",
        "too_many_sessions",
        "invalid",
        *_WALL_TIME,
    ),
    "bookings_create": (
        "not_found",
        "slot_unavailable",
        "service_unavailable",
        "own_service",
        "invalid_start",
        "invalid_range",
        "too_many_participants",
        "option_required",
        "unknown_option",
        "unknown_provider",
        "not_supported",
        *_WALL_TIME,
    ),
    "bookings_list": ("invalid_range", "unknown_status"),
    "bookings_update": ("forbidden", "invalid_state", "participants_fixed"),
    "bookings_cancel_preview": ("invalid_state",),
    "bookings_cancel": ("invalid_state",),
    "bookings_reschedule": ("hold_expired", "invalid_state", "slot_unavailable", "invalid_start", *_WALL_TIME),
    "bookings_confirm": (*_ENDING, "hold_expired"),
    "bookings_complete": _ENDING,
    "bookings_no_show": _ENDING,
    "bookings_extend_hold": (*_ENDING, "hold_expired"),
    "payments_create_intent": ("not_found", "hold_expired", "invalid_state", "unknown_provider"),
    "payments_confirm": (
        "not_found",
        "hold_expired",
        "invalid_state",
        "payment_busy",
        "provider_declined",
        "method_not_supported",
    ),
    "earnings_list": ("forbidden", "invalid_range"),
    "earnings_summary": ("forbidden",),
    "earnings_transactions": ("forbidden", "invalid_range"),
    "payouts_own": ("forbidden",),
    "payouts_request": (
        "forbidden",
        "insufficient_balance",
        "payout_below_minimum",
        "currency_required",
        "invalid_amount",
    ),
    "payouts_connect": (
        "forbidden",
        "country_required",
        "return_url_not_allowed",
        "not_supported_by_provider",
        "provider_declined",
        "outcome_unknown",
    ),
    "payouts_list": ("forbidden",),
    "payouts_mark_paid": ("forbidden", "payout_by_provider", "invalid_state"),
    "payouts_mark_failed": ("forbidden", "payout_by_provider"),
    "failed_jobs_list": ("forbidden",),
    "failed_jobs_retry": ("forbidden",),
    "provider_events_list": ("forbidden",),
    "provider_events_replay": ("forbidden",),
    "webhooks_receive": ("invalid_signature", "timestamp_out_of_tolerance", "body_too_large"),
}
