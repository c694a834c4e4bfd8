"""Example bodies by operation id, where the members of a schema put together would make no sensible request."""

from collections.abc import Mapping
from typing import Any, Final

_PLACE: Final = {"address": "4 Quay Street", "city": "Bristol", "country": "GB", "lat": 51.4545, "lng": -2.5879}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "auth_user_update": {
        "phone_number": "+44 20 7946 0000",
        "profile": {"bio": "Early riser.", "timezone": "Europe/London", "location": "Bristol"},
    },
    "bookings_update": {
        "special_requests": "A quiet room, please.",
        "participants": [{"name": "Ada Marsh", "email": "ada@example.com"}],
    },
    "payouts_request": {"amount": "120.00", "currency": "USD"},
    "payouts_mark_paid": {"note": "By bank transfer, 3 March."},
    "payouts_connect": {"country": "US"},
    "bookings_cancel": {"reason": "Something came up."},
    "practitioners_apply": {
        "display_name": "Pia Harbour",
        "timezone": "Europe/London",
        "bio": "Massage since 2009.",
        "specializations": ["prenatal massage"],
        "certifications": ["Registered massage therapist"],
        "locations": [{**_PLACE, "is_primary": True}],
    },
    "practitioners_update": {"bio": "Massage since 2009, by the harbour.", "locations": [_PLACE]},
    "practitioners_verify": {"reason": "Registration checked."},
    "practitioners_reject": {"reason": "The registration could not be found."},
    "practitioners_schedule_replace": {
        "timezone": "Europe/London",
        "weekly": [{"weekday": 0, "start": "09:00", "minutes": 480}, {"weekday": 2, "start": "13:30", "minutes": 270}],
        "overrides": [
            {"date": "2026-12-24", "windows": [{"start": "09:00", "minutes": 180}]},
            {"date": "2026-12-25", "windows": []},
        ],
    },
    "services_update": {
        "price": "85.00",
        "buffer_after_minutes": 15,
        "cancellation": {"free_until_hours": 24, "late_fee_percent": 50},
    },
}
