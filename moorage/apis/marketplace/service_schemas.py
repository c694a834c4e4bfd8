"""What services look like in the marketplace contract, going in and coming out."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, create_model

from moorage.domains.catalog import PriceOption, Service, ServiceTerms, ServiceType, SlotAlignment
from moorage.domains.catalog import queries as catalog
from moorage.kernel.errors import MoorageError
from moorage.kernel.money import format_amount, parse_amount
from moorage.web.fields import CurrencyCode, Id, LongText, MoneyText, Name, StrictModel

BufferMinutes = Annotated[int, Field(ge=0, le=1440)]


class PriceOptionBody(StrictModel):
    """What one participant of this kind pays."""

    name: Annotated[Name, Field(max_length=100)]
    price: MoneyText


class CancellationBody(StrictModel):
    """Free until so many hours before the start, then this share of the total is kept."""

    free_until_hours: Annotated[int, Field(ge=0, le=8784)]
    late_fee_percent: Annotated[int, Field(ge=0, le=100)]


_EXAMPLE: Final[dict[str, JsonValue]] = {
    "title": "Prenatal massage",
    "service_type": "session",
    "category": "massage",
    "price": "80.00",
    "currency": "GBP",
    "duration_minutes": 60,
    "buffer_after_minutes": 15,
    "cancellation": {"free_until_hours": 24, "late_fee_percent": 50},
}


class ServiceBody(StrictModel):
    """A new service. Amounts are decimal strings in whole units with at most the currency's own decimals."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    title: Name
    description: LongText = ""
    service_type: ServiceType
    category: Annotated[str, Field(min_length=1, max_length=100, description="Slug or id of a category")]
    price: Annotated[MoneyText, Field(description="Of a session, or of one place")]
    currency: CurrencyCode
    duration_minutes: Annotated[int, Field(ge=1, le=1440)]
    max_participants: Annotated[int, Field(ge=1, le=10_000)] = 1
    buffer_before_minutes: BufferMinutes = 0
    buffer_after_minutes: BufferMinutes = 0
    slot_interval_minutes: Annotated[
        Annotated[int, Field(ge=1, le=1440)] | None, Field(description="Default: the duration, at most 60")
    ] = None
    slot_alignment: SlotAlignment = "local_hour"
    min_notice_minutes: Annotated[int, Field(ge=0, le=1_054_080)] = 0
    horizon_days: Annotated[int, Field(ge=1, le=730)] = 60
    daily_limit: Annotated[int, Field(ge=1, le=1440)] | None = None
    price_options: Annotated[
        list[PriceOptionBody], Field(default_factory=list, max_length=20, description="Per participant")
    ]
    minimum_amount: Annotated[MoneyText, Field(description="By options a booking costs at least this")] = "0"
    deposit_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    deposit_amount: MoneyText | None = None
    cancellation: CancellationBody = CancellationBody(free_until_hours=24, late_fee_percent=100)
    is_virtual: bool = False
    location_id: Id | None = None


class _Change(StrictModel):
    """What changes of a service; what is left out stays as it is, and so does what was booked."""

    is_active: bool = True


def _all_optional(model: type[BaseModel]) -> dict[str, Any]:
    """The fields of `model`, none of them required, no default in the reference: what is not sent is not changed."""
    return {
        name: (
            Annotated[field.annotation, *field.metadata, Field(description=field.description)],
            Field(default_factory=lambda: None),
        )
        for name, field in model.model_fields.items()
    }


ServiceChange = create_model("ServiceChange", __base__=_Change, __doc__=_Change.__doc__, **_all_optional(ServiceBody))


def terms_of(body: BaseModel, sent: Collection[str], currency: str, category_id: UUID | None) -> dict[str, Any]:
    """The fields of ServiceTerms that the fields `sent` of `body` say; `category_id` is what its category names.
    Raises InvalidAmountError with the field's pointer.
    """
    said = {name: getattr(body, name) for name in sent}
    terms = {name: said[name] for name in sent if name in _SAME_NAME}
    if "slot_interval_minutes" in said and said["slot_interval_minutes"] is not None:
        terms["slot_interval_minutes"] = said["slot_interval_minutes"]
    if "category" in said:
        terms["category_id"] = category_id
    if "price" in said:
        terms["price_minor"] = _amount(said["price"], currency, "/price")
    if "price_options" in said:
        terms["options"] = tuple(
            PriceOption(option.name, _amount(option.price, currency, f"/price_options/{position}/price"))
            for position, option in enumerate(said["price_options"])
        )
    if "minimum_amount" in said:
        terms["minimum_minor"] = _amount(said["minimum_amount"], currency, "/minimum_amount")
    if "cancellation" in said:
        terms["free_until_hours"] = said["cancellation"].free_until_hours
        terms["late_fee_bps"] = said["cancellation"].late_fee_percent * 100
    return terms | _deposit(said, currency)


_SAME_NAME: Final = (
    "title",
    "description",
    "service_type",
    "currency",
    "duration_minutes",
    "max_participants",
    "buffer_before_minutes",
    "buffer_after_minutes",
    "slot_alignment",
    "min_notice_minutes",
    "horizon_days",
    "daily_limit",
    "is_virtual",
    "location_id",
)


def _deposit(said: dict[str, Any], currency: str) -> dict[str, Any]:
    """Either kind of deposit takes the place of the other, unless both are sent, which is refused further in."""
    terms: dict[str, Any] = {}
    percent, amount = said.get("deposit_percent"), said.get("deposit_amount")
    if "deposit_percent" in said or amount is not None:
        terms["deposit_bps"] = None if percent is None else percent * 100
    if "deposit_amount" in said or percent is not None:
        terms["deposit_minor"] = None if amount is None else _amount(amount, currency, "/deposit_amount")
    return terms


def _amount(text: str, currency: str, pointer: str) -> int:
    try:
        return parse_amount(text, currency)
    except MoorageError as error:
        error.pointer = pointer
        raise


class CategoryView(BaseModel):
    """A category; bodies and filters take its slug or id."""

    id: UUID
    slug: str
    name: str


class PriceOptionView(BaseModel):
    """What one participant of this kind pays."""

    name: str
    price: str


class CancellationView(BaseModel):
    """Free until so many hours before the start, then this share of the total is kept."""

    free_until_hours: int
    late_fee_percent: int


class ServicePlaceView(BaseModel):
    """Where the service takes place."""

    id: UUID
    address: str
    city: str
    state: str
    country: str
    is_virtual: bool


class ServiceView(BaseModel):
    """A service, shown. `timezone` is its practitioner's; `category` a slug."""

    id: UUID
    practitioner_id: UUID
    practitioner_name: str
    timezone: str
    title: str
    description: str
    service_type: Literal["session", "workshop", "course"]
    category: str
    category_name: str
    price: str
    currency: str
    price_options: list[PriceOptionView]
    minimum_amount: str
    deposit_percent: int | None
    deposit_amount: str | None
    cancellation: CancellationView
    duration_minutes: int
    max_participants: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    slot_interval_minutes: int
    slot_alignment: Literal["local_hour", "compact"]
    min_notice_minutes: int
    horizon_days: int
    daily_limit: int | None
    is_virtual: bool
    location_id: UUID | None
    location: ServicePlaceView | None
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, service: Service) -> Self:
        """As the contract shows it."""
        terms = service.terms
        return cls.model_construct(
            **{name: getattr(terms, name) for name in (*_SAME_NAME, "slot_interval_minutes")},
            id=service.id,
            practitioner_id=service.practitioner_id,
            practitioner_name=service.practitioner_name,
            timezone=service.timezone,
            category=service.category.slug,
            category_name=service.category.name,
            price=format_amount(terms.price_minor, terms.currency),
            price_options=_options(terms),
            minimum_amount=format_amount(terms.minimum_minor, terms.currency),
            deposit_percent=None if terms.deposit_bps is None else terms.deposit_bps // 100,
            deposit_amount=None if terms.deposit_minor is None else format_amount(terms.deposit_minor, terms.currency),
            cancellation=CancellationView.model_construct(
                free_until_hours=terms.free_until_hours, late_fee_percent=terms.late_fee_bps // 100
            ),
            location=_place(service.location),
            is_active=service.is_active,
            created_at=service.created_at,
            updated_at=service.updated_at,
        )


def _options(terms: ServiceTerms) -> list[PriceOptionView]:
    return [
        PriceOptionView.model_construct(name=option.name, price=format_amount(option.price_minor, terms.currency))
        for option in terms.options
    ]


def _place(place: catalog.Place | None) -> ServicePlaceView | None:
    if place is None:
        return None
    return ServicePlaceView.model_construct(
        id=place.id,
        address=place.address,
        city=place.city,
        state=place.state,
        country=place.country,
        is_virtual=place.is_virtual,
    )
