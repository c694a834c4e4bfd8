"""Pages and filters of payment records."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import Depends, Query

from moorage.apis.payment_records.schemas import STATUS_OF, Number, PaymentStatus, Provider
from moorage.domains.payments.records import RecordFilter
from moorage.kernel.errors import InvalidRangeError
from moorage.web.fields import CurrencyCode, DateOrInstant


def _filters(
    *,
    payment_status: PaymentStatus | None = None,
    provider: Provider | None = None,
    currency: CurrencyCode | None = None,
    booking_id: Number | None = None,
    property_id: Number | None = None,
    created_from: Annotated[DateOrInstant | None, Query(description="A date (UTC) or an instant, included")] = None,
    created_to: Annotated[
        DateOrInstant | None, Query(description="A date (UTC), included as a whole, or an instant, not included")
    ] = None,
) -> RecordFilter:
    first = _instant(created_from, timedelta(0))
    end = _instant(created_to, timedelta(days=1))
    if first is not None and end is not None and first >= end:
        raise InvalidRangeError("created_to has to come after created_from.", pointer="?created_to")
    return RecordFilter(
        statuses=[core for core, word in STATUS_OF.items() if word == payment_status] if payment_status else None,
        provider=provider,
        currency=currency,
        booking_no=booking_id,
        property_no=property_id,
        created_from=first,
        created_to=end,
    )


Filters = Annotated[RecordFilter, Depends(_filters)]
"""Parameter of a list: what narrows it."""


def _instant(value: date | datetime | None, after: timedelta) -> datetime | None:
    """An instant as it is; a date as its first moment in UTC, plus `after`. A time without offset counts as UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return None if value is None else datetime.combine(value, time(), UTC) + after
