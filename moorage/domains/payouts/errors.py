"""What payouts refuse. SQL names the code; the sentence here is said where SQL gives none."""

from moorage.domains.ledger.errors import InsufficientBalanceError
from moorage.kernel.errors import InvalidError, MoorageError

__all__ = [
    "CountryRequiredError",
    "CurrencyRequiredError",
    "InsufficientBalanceError",  # the ledger's own word, which payouts use too
    "PayoutBelowMinimumError",
    "PayoutByProviderError",
]


class PayoutBelowMinimumError(InvalidError):
    """That is less than is paid out at once."""

    code = "payout_below_minimum"


class CurrencyRequiredError(InvalidError):
    """There is a balance in more than one currency: name the one to pay out."""

    code = "currency_required"


class CountryRequiredError(InvalidError):
    """The provider wants to know the country in which the practitioner is paid."""

    code = "country_required"


class PayoutByProviderError(MoorageError):
    """This payout is its provider's to move."""

    code = "payout_by_provider"
    kind = "conflict"
