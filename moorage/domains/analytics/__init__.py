"""Figures over time, read from what other domains publish; nothing here is stored.

Promises: a figure is what adding up the rows one by one gives, of one currency, and an administrator's to see alone.
A payment counts in the interval in which it was made, and what was given back of it, or disputed, counts with it.
"""

from moorage.domains.analytics.policy import Interval, edges_of
from moorage.domains.analytics.queries import (
    CustomerFigures,
    DisputeFigures,
    Figures,
    PaymentReport,
    RefundFigures,
    customers,
    payment_report,
)

__all__ = [
    "CustomerFigures",
    "DisputeFigures",
    "Figures",
    "Interval",
    "PaymentReport",
    "RefundFigures",
    "customers",
    "edges_of",
    "payment_report",
]
