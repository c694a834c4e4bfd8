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
# How a payer is asked.
PaymentMode = Literal["intent", "checkout", "subscription", "invoice"]
RefundStatus = Literal["pending", "succeeded", "failed"]
DisputeStatus = Literal["opened", "under_review", "won", "lost"]
# Of a provider's stored event.
EventStatus = Literal["received", "processed", "ignored", "parked"]
# Of what is paid by the period.
SubscriptionStatus = Literal[
    "incomplete",  # the first period is not paid yet
    "trialing",
    "active",
    "past_due",  # a period is unpaid, and the provider tries again
    "unpaid",  # it has given up trying, and bills on
    "paused",
    "canceled",
    "expired",  # the first period was never paid
]
Interval = Literal["day", "week", "month", "year"]
Ending = Literal["at_period_end", "now"]

BY_HAND: Final = "manual"
"""The provider of payments that a person records."""
