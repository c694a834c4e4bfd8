"""What practitioners look like in the marketplace contract, going in and coming out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from moorage.domains.practitioners import Location, Place, Practitioner, PrivateFacts, Profile
from moorage.web.fields import Id, LongText, Name, ShortText, StrictModel, ZoneName, refusal

Specializations = Annotated[list[Annotated[Name, Field(max_length=80)]], Field(max_length=30)]
Certifications = Annotated[list[Name], Field(max_length=30)]
Reason = Annotated[str, Field(max_length=1_000)]


def _percent(text: str) -> str:
    whole, _, fraction = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 3 and len(fraction) <= 2):
        raise refusal("invalid_percent", 'is a percentage as a decimal string, like "4.50"')
    if (fraction and not (fraction.isascii() and fraction.isdigit())) or text.endswith(".") or Decimal(text) > 100:
        raise refusal("invalid_percent", "is a percentage from 0 to 100 with at most two decimals")
    return text


Percent = Annotated[str, AfterValidator(_percent), Field(examples=["4.50"])]


class LocationBody(StrictModel):
    """A location, sent. `lat` and `lng` in degrees, both or neither; `id` names one that stays as it is elsewhere."""

    id: Id | None = None
    address: ShortText = ""
    city: Name
    state: ShortText = ""
    country: Name
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lng: Annotated[float, Field(ge=-180, le=180)] | None = None
    is_primary: bool = False
    is_virtual: bool = False

    def place(self) -> Place:
        """The domain's own words. Refuses half a point."""
        return Place(
            self.city,
            self.country,
            self.address,
            self.state,
            self.lat,
            self.lng,
            self.is_primary,
            self.is_virtual,
            self.id,
        )


def _whole_points(locations: list[LocationBody]) -> list[LocationBody]:
    for location in locations:
        if (location.lat is None) != (location.lng is None):
            raise refusal("lat_with_lng", "needs lat and lng together")
    return locations


Locations = Annotated[list[LocationBody], Field(max_length=20), AfterValidator(_whole_points)]


class ApplyBody(StrictModel):
    """An application."""

    display_name: Annotated[Name, Field(max_length=120)]
    timezone: ZoneName
    bio: LongText = ""
    specializations: Annotated[Specializations, Field(default_factory=list)]
    certifications: Annotated[Certifications, Field(default_factory=list)]
    locations: Annotated[Locations, Field(default_factory=list)]

    def profile(self) -> Profile:
        """The domain's own words."""
        return Profile(self.display_name, self.bio, self.timezone, self.specializations, self.certifications)


class PractitionerChange(StrictModel):
    """What changes of a practitioner; what is left out stays. `locations` replaces them all. The last two are an
    administrator's, and unknown fields to anybody else; `commission_rate` null takes the marketplace's tiers.
    """

    display_name: Annotated[Name, Field(max_length=120)] | None = None
    timezone: ZoneName | None = None
    bio: LongText | None = None
    specializations: Specializations | None = None
    certifications: Certifications | None = None
    locations: Locations | None = None
    is_featured: bool | None = None
    commission_rate: Percent | None = None

    def profile(self, before: Practitioner) -> Profile:
        """`before` with the changes."""
        return Profile(
            before.display_name if self.display_name is None else self.display_name,
            before.bio if self.bio is None else self.bio,
            before.timezone if self.timezone is None else self.timezone,
            before.specializations if self.specializations is None else self.specializations,
            before.certifications if self.certifications is None else self.certifications,
        )

    def terms(self, practitioner: Practitioner, private: PrivateFacts) -> tuple[bool, int | None]:
        """Whether featured, and the commission in basis points, with the changes."""
        is_featured = practitioner.is_featured if self.is_featured is None else self.is_featured
        if "commission_rate" not in self.model_fields_set:
            return is_featured, private.commission_bps
        return is_featured, None if self.commission_rate is None else int(Decimal(self.commission_rate) * 100)


class DecisionBody(StrictModel):
    """Why it was decided so; told to the practitioner."""

    reason: Reason | None = None


class LocationView(BaseModel):
    """A location, shown."""

    id: UUID
    address: str
    city: str
    state: str
    country: str
    lat: float | None
    lng: float | None
    is_primary: bool
    is_virtual: bool

    @classmethod
    def of(cls, location: Location) -> Self:
        """As the contract shows it."""
        return cls.model_construct(
            id=location.id,
            address=location.address,
            city=location.city,
            state=location.state,
            country=location.country,
            lat=location.lat,
            lng=location.lng,
            is_primary=location.is_primary,
            is_virtual=location.is_virtual,
        )


class PractitionerView(BaseModel):
    """A practitioner as anybody sees them."""

    id: UUID
    user_id: UUID
    display_name: str
    bio: str
    timezone: str
    specializations: list[str]
    certifications: list[str]
    verification_status: Literal["pending", "verified", "rejected"]
    is_featured: bool
    locations: list[LocationView]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, practitioner: Practitioner) -> Self:
        """As the contract shows it."""
        return cls.model_construct(
            id=practitioner.id,
            user_id=practitioner.user_id,
            display_name=practitioner.display_name,
            bio=practitioner.bio,
            timezone=practitioner.timezone,
            specializations=list(practitioner.specializations),
            certifications=list(practitioner.certifications),
            verification_status=practitioner.verification_status,
            is_featured=practitioner.is_featured,
            locations=[LocationView.of(location) for location in practitioner.locations],
            created_at=practitioner.created_at,
            updated_at=practitioner.updated_at,
        )


class PractitionerPrivateView(PractitionerView):
    """A practitioner as they and administrators see them. `commission_rate` is a percentage; null: the tiers."""

    stripe_account_id: str | None
    commission_rate: str | None
    verification_reason: str | None

    @classmethod
    def with_private(cls, practitioner: Practitioner, private: PrivateFacts) -> Self:
        """As the contract shows it to whom it concerns."""
        view = cls.of(practitioner)
        bps = private.commission_bps
        view.stripe_account_id = private.stripe_account_id
        view.commission_rate = None if bps is None else f"{bps // 100}.{bps % 100:02}"
        view.verification_reason = private.verification_reason
        return view
