"""Figures over time, read from what other domains publish.

Promises: a figure is what adding up the rows one by one gives, of one currency, and an administrator's to see alone.
A payment counts in the interval in which it was made, and what went back of it counts with it; refunds and disputes
by themselves count when they were made. Whole days are added up ahead and taken only where nothing has changed.
"""

from moorage.domains.analytics.policy import Interval, days_of, edges_of, midnight_of
from moorage.domains.analytics.queries import (
    CustomerFigures,
    DisputeFigures,
    Figures,
    PaymentReport,
    RefundFigures,
    customers,
    payment_report,
    tally_begins,
    tally_payments,
)

__all__ = [
    "CustomerFigures",
    "DisputeFigures",
    "Figures",
    "Interval",
    "PaymentReport",
    "RefundFigures",
    "customers",
    "days_of",
    "edges_of",
    "midnight_of",
    "payment_report",
    "tally_begins",
    "tally_payments",
]
