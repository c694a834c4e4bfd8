"""The rules of payouts that the business decides."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """`minimum`: the least that is paid out, in whole units of any currency. `weekly`: whether what is available is
    paid out by itself, on `weekday` (0 is Monday) in the business's time zone.
    """

    minimum: int = 50
    weekly: bool = True
    weekday: int = 0


def payday(now: datetime, weekday: int, timezone: str) -> date:
    """The last day of automatic payouts by `now`, in the business's own time: what names the week."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    return today - timedelta(days=(today.weekday() - weekday) % 7)
