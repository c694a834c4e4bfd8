"""The states of payments and of what belongs to them: the words that the database holds, and no others."""

from typing import Final, Literal

PaymentStatus = Literal[
    "pending",
    "requires_action",
    "processing",
    "succeeded",
    "partially_refunded",
    "refunded",
    "disputed",
    "charged_back",
    "failed",
    "canceled",
]
RefundStatus = Literal["pending", "succeeded", "failed"]
DisputeStatus = Literal["opened", "under_review", "won", "lost"]
# Of a provider's stored event.
EventStatus = Literal["received", "processed", "ignored", "parked"]

BY_HAND: Final = "manual"
"""The provider of payments that a person records."""
