"""Pure rules of the catalog: what a service may be."""

from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from moorage.domains.catalog.errors import DuplicateOptionError, InvalidDepositError, NothingBookableError
from moorage.kernel.money import InvalidAmountError

ServiceType = Literal["session", "workshop", "course"]
SlotAlignment = Literal["local_hour", "compact"]

MINUTES_OF_A_DAY: Final = 1440


@dataclass(frozen=True, slots=True)
class PriceOption:
    """What one participant of this kind pays, in minor units of the service's currency."""

    name: str
    price_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTerms:
    """Everything a practitioner decides of a service. Amounts in minor units of `currency`; by options a booking
    costs at least `minimum_minor`; without a deposit all is due when booking; cancelling is free until
    `free_until_hours` before the start, then costs `late_fee_bps`.
    """

    title: str
    description: str = ""
    service_type: ServiceType
    category_id: UUID
    location_id: UUID | None = None
    is_virtual: bool = False
    price_minor: int
    minimum_minor: int = 0
    currency: str
    options: tuple[PriceOption, ...] = field(default=())
    deposit_bps: int | None = None
    deposit_minor: int | None = None
    free_until_hours: int = 24
    late_fee_bps: int = 10_000
    duration_minutes: int
    max_participants: int = 1
    buffer_before_minutes: int = 0
    buffer_after_minutes: int = 0
    slot_interval_minutes: int
    slot_alignment: SlotAlignment = "local_hour"
    min_notice_minutes: int = 0
    horizon_days: int = 60
    daily_limit: int | None = None

    @property
    def lowest_price_minor(self) -> int:
        """The least that a booking can cost."""
        if not self.options:
            return self.price_minor
        return max(self.minimum_minor, min(option.price_minor for option in self.options))

    @property
    def first_option(self) -> PriceOption | None:
        """What one participant is booked at where nobody asks which; None where there is one price for all."""
        return self.options[0] if self.options else None

    @property
    def price_of_one_minor(self) -> int:
        """What one participant pays where nobody asks at which option."""
        if self.first_option is None:
            return self.price_minor
        return max(self.first_option.price_minor, self.minimum_minor)


def default_interval_minutes(duration_minutes: int) -> int:
    """How far starts are apart where nothing is said: the duration, at most an hour."""
    return min(duration_minutes, 60)


def check_terms(terms: ServiceTerms) -> None:
    """Refuse what no single field shows. Raises InvalidAmountError (nothing is sold for 0), DuplicateOptionError,
    InvalidDepositError and NothingBookableError, each with its pointer.
    """
    if terms.price_minor <= 0:
        raise InvalidAmountError("What is sold has a price above 0.", pointer="/price")
    for position, option in enumerate(terms.options):
        if option.price_minor <= 0:
            raise InvalidAmountError("What is sold has a price above 0.", pointer=f"/price_options/{position}/price")
    if terms.minimum_minor < 0:
        raise InvalidAmountError("The least that a booking costs is not below 0.", pointer="/minimum_amount")
    if len({option.name.casefold() for option in terms.options}) < len(terms.options):
        raise DuplicateOptionError(pointer="/price_options")
    if terms.deposit_bps is not None and terms.deposit_minor is not None:
        raise InvalidDepositError("Give deposit_percent or deposit_amount, not both.", pointer="/deposit_amount")
    if terms.deposit_minor is not None and not 0 < terms.deposit_minor <= terms.lowest_price_minor:
        raise InvalidDepositError(
            "A deposit is more than 0 and at most the lowest price of the service.", pointer="/deposit_amount"
        )
    if terms.min_notice_minutes >= terms.horizon_days * MINUTES_OF_A_DAY:
        raise NothingBookableError(pointer="/min_notice_minutes")
