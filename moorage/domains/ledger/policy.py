"""The ledger's pure rules: how commission is taken and given back so that every split adds up to its whole."""

from dataclasses import dataclass

from moorage.kernel.money import half_up

BPS = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """A receipt of money, or a part given back, in minor units: gross = commission + net."""

    gross_minor: int
    commission_minor: int

    @property
    def net_minor(self) -> int:
        """What the practitioner is owed of it."""
        return self.gross_minor - self.commission_minor


def earn(gross_minor: int, bps: int, earlier: Share = Share(0, 0)) -> Share:
    """What one payment of a booking earns, when `earlier` was earned before: the booking's commission is
    half_up(all gross * bps / 10000), and this payment takes what that leaves. As SQL's record_earning.
    """
    whole = half_up((earlier.gross_minor + gross_minor) * bps, BPS)
    return Share(gross_minor, whole - earlier.commission_minor)


def take_back(earned: Share, amount_minor: int, taken: Share = Share(0, 0)) -> Share:
    """What a refund of `amount_minor` reverses, when `taken` was reversed before: the running total of commission is
    half_up(commission * given back / gross), so that the last part takes exactly the rest. As take_back_earning.
    """
    given_back = taken.gross_minor + amount_minor
    return Share(
        amount_minor, half_up(earned.commission_minor * given_back, earned.gross_minor) - taken.commission_minor
    )
