"""What each operation refuses besides what its shape says, and example bodies: by operation id."""

from collections.abc import Mapping
from typing import Any, Final

_OF_ANOTHER: Final = ("forbidden",)

REFUSALS: Final[Mapping[str, tuple[str, ...]]] = {
    "records_create": ("payment_id_taken", "checkout_session_id_taken", "invalid_amount", "invalid_currency"),
    "records_list": ("invalid_range", "invalid_choice"),
    "records_list_all": ("forbidden", "invalid_range", "invalid_choice"),
    "records_read": _OF_ANOTHER,
    "records_read_by_gateway": _OF_ANOTHER,
    "records_update": (*_OF_ANOTHER, "immutable_field", "checkout_session_id_taken"),
    "records_update_status": (*_OF_ANOTHER, "invalid_transition", "payment_disputed"),
    "records_cancel": (*_OF_ANOTHER, "invalid_transition"),
}
EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "records_create": {
        "payment_id": "pi_3QKj8sLkdIwHu7ix0Xy2a1b3",
        "amount_total": "420.00",
        "currency": "EUR",
        "provider": "stripe",
        "payment_status": "processing",
        "checkout_session_id": "cs_a1B2c3D4e5",
        "payment_method_types": ["card"],
        "customer_email": "ada@example.com",
        "booking_id": 1207,
        "property_id": 33,
        "description": "Three nights at the harbour.",
    },
    "records_update": {"description": "Three nights at the harbour, late arrival.", "booking_id": 1208},
}
