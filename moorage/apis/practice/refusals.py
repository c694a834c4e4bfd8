"""What each operation refuses besides what its shape already says: codes by operation id (see `web/refusals.py`)."""

from collections.abc import Mapping
from typing import Final

_BOOKING: Final = (
    "forbidden",
    "not_found",
    "service_unavailable",
    "own_service",
    "option_required",
)

REFUSALS: Final[Mapping[str, tuple[str, ...]]] = {
    "practice_users_create": ("forbidden", "email_taken", "weak_password"),
    "practice_users_list": ("forbidden",),
    "practice_appointments_create": (*_BOOKING, "slot_unavailable", "invalid_range"),
    "practice_appointments_list": ("invalid_range",),
    "practice_training_enrollments_create": (*_BOOKING, "no_places_left", "already_enrolled"),
}
