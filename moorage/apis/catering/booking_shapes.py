"""A booking as the catering contract takes it in and shows it. Amounts are whole cents."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from moorage.domains.availability.zones import pinned_zone
from moorage.domains.bookings.queries import BookingView
from moorage.web.fields import Id, LocalDate, LocalTime, LongText, Name, ShortText, StrictModel

Guests = Annotated[int, Field(ge=1, le=500, description="How many come", examples=[12])]
Menu = Annotated[ShortText, Field(min_length=1, description="A price option of the service", examples=["adult"])]
Location = Annotated[Name, Field(max_length=500, description="The address", examples=["4 Quay Street, Bristol"])]


class CateringBookingIn(StrictModel):
    """What to book: a date and time on the wall clock of the business. Without `service_id`: the catering service."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "date": "2026-12-15",
                    "time": "18:00",
                    "guests": 12,
                    "menu": "adult",
                    "location": "4 Quay Street, Bristol",
                }
            ]
        }
    )

    date: LocalDate
    time: LocalTime
    guests: Guests
    menu: Menu | None = Field(default=None, description="Needed where the service has options")
    location: Location
    service_id: Id | None = None
    notes: LongText = ""


class CateringBookingChange(StrictModel):
    """What changes of a booking; what is not sent stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"guests": 10, "time": "19:00"}]})

    date: LocalDate | None = None
    time: LocalTime | None = None
    guests: Guests | None = None
    menu: Menu | None = None
    location: Location | None = None
    notes: LongText | None = None


class CateringBooking(BaseModel):
    """A booking. Amounts are cents (minor units of `currency`); `total` is always `paid` less `refunded` plus `owed`,
    and `owed` is `deposit_due`, which confirms it, plus `balance_due`. Of a cancelled booking `total` is what was kept.
    """

    id: UUID
    status: Literal["pending", "confirmed", "completed", "cancelled"]
    service_id: UUID
    customer_id: UUID
    date: str = Field(examples=["2026-12-15"])
    time: str = Field(examples=["18:00"])
    timezone: str = Field(examples=["Europe/London"])
    ends_at: datetime
    guests: int
    menu: str | None
    location: str | None
    notes: str
    currency: str = Field(examples=["USD"])
    total: int = Field(examples=[40000])
    deposit_due: int = Field(examples=[10000])
    balance_due: int = Field(examples=[30000])
    owed: int
    paid: int
    refunded: int
    hold_expires_at: datetime | None = Field(description="Until when it is kept without the deposit")
    changes_until: datetime = Field(description="Until when its client may change it, or cancel for free")
    created_at: datetime

    @classmethod
    def of(cls, view: BookingView, zone: str) -> "CateringBooking":
        """The view of a booking, its time on the clock of `zone`."""
        start, kept = view.starts_at.astimezone(pinned_zone(zone)), view.paid_minor - view.refunded_minor
        total = kept if view.status == "cancelled" else view.total_minor
        owed = total - kept
        deposit = min(owed, max(0, view.due_now_minor - kept)) if view.status == "pending" else 0
        return cls(
            id=view.id,
            status=view.status,
            service_id=view.service_id,
            customer_id=view.client_id,
            date=start.date().isoformat(),
            time=start.strftime("%H:%M"),
            timezone=zone,
            ends_at=view.ends_at.astimezone(pinned_zone(zone)),
            guests=len(view.participants),
            menu=next((one.option for one in view.participants if one.option is not None), None),
            location=view.address,
            notes=view.special_requests,
            currency=view.currency,
            total=total,
            deposit_due=deposit,
            balance_due=owed - deposit,
            owed=owed,
            paid=view.paid_minor,
            refunded=view.refunded_minor,
            hold_expires_at=view.hold_expires_at,
            changes_until=view.starts_at - timedelta(hours=view.free_until_hours),
            created_at=view.created_at,
        )
