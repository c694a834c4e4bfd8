"""The catalog: what is sold, at what price, under which rules.

Promises: a service is listed while it is active and its practitioner verified; its terms make sense as a whole (a
deposit is never above the price, some time can be booked); what was booked keeps the terms it was booked under, and
a service with bookings is withdrawn, not deleted.
"""

from moorage.domains.catalog.errors import (
    DuplicateOptionError,
    InvalidDepositError,
    NothingBookableError,
    PricesNeededError,
    ServiceTypeFixedError,
    UnknownCategoryError,
)
from moorage.domains.catalog.policy import (
    PriceOption,
    ServiceTerms,
    ServiceType,
    SlotAlignment,
    check_terms,
    default_interval_minutes,
)
from moorage.domains.catalog.queries import Category, Found, Service

__all__ = [
    "Category",
    "DuplicateOptionError",
    "Found",
    "InvalidDepositError",
    "NothingBookableError",
    "PriceOption",
    "PricesNeededError",
    "Service",
    "ServiceTerms",
    "ServiceType",
    "ServiceTypeFixedError",
    "SlotAlignment",
    "UnknownCategoryError",
    "check_terms",
    "default_interval_minutes",
]
