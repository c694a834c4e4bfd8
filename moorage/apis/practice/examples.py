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
    "practice_training_enrollments_create": {"training_id": _ID, "notes": "First time."},
}
