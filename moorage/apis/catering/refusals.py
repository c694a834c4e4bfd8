"""What each operation of this contract refuses besides what its shape says: codes by operation id."""

from collections.abc import Mapping
from typing import Final

_WALL_TIME: Final = ("nonexistent_local_time", "ambiguous_local_time")
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
    "catering_analytics_payments": ("forbidden", "invalid_range", "invalid_currency"),
    "catering_customers_list": ("forbidden", "invalid_currency"),
    "catering_webhook": ("not_found", "invalid_signature", "timestamp_out_of_tolerance"),
    "catering_webhook_events_list": ("forbidden",),
    "catering_webhook_events_replay": ("forbidden",),
}
