"""What can be refused of the catalog."""

from moorage.kernel.errors import InvalidError


class UnknownCategoryError(InvalidError):
    """There is no category by that slug or id."""

    code = "unknown_category"


class InvalidDepositError(InvalidError):
    """A deposit is either a percentage or an amount, and not more than the lowest price."""

    code = "invalid_deposit"


class DuplicateOptionError(InvalidError):
    """Two price options have the same name."""

    code = "duplicate_option"


class NothingBookableError(InvalidError):
    """The minimum notice reaches beyond the booking horizon, so that no time could ever be booked."""

    code = "notice_beyond_horizon"


class ServiceTypeFixedError(InvalidError):
    """A service stays a session, a workshop or a course; make another service instead."""

    code = "service_type_fixed"


class PricesNeededError(InvalidError):
    """With another currency its prices have to be given too: price, and options and deposit where there are any."""

    code = "prices_needed"


class UnknownPriceError(InvalidError):
    """There is no such price here."""

    code = "unknown_price"
