"""The pure rules of invoicing: the tax in or on an amount, what a line comes to, and when a reminder is due."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from moorage.kernel.money import half_up

BPS: Final = 10_000

INVOICE_LINK: Final = timedelta(days=730)
"""How long the link of an invoice opens it, from the day that it was issued: for a receipt that is looked for late."""

QUOTE_LINK: Final = timedelta(days=365)
"""How long the link of a quote opens it, from the day that it expires."""


@dataclass(frozen=True, slots=True)
class Split:
    """An amount in its parts, in minor units: gross = net + tax."""

    net_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        """What is paid."""
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line as its customer reads it. `unit_minor` is the price of one piece (below zero takes off), with the tax in
    it when `tax_inclusive`, else before tax. `tax_bps` None: the rate that the rate table has for this installation.
    """

    description: str
    unit_minor: int
    quantity: int = 1
    tax_bps: int | None = None
    tax_inclusive: bool = True


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom it is for: somebody with an account, or an address alone."""

    user_id: UUID | None = None
    email: str | None = None
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class InvoicingTerms:
    """The business's own rules. `reminder_days`: when to remind, in days from the due date (below zero: before it).
    `tax_country` and `tax_region` say which row of the rate table applies; None: no tax is added or shown. `hosted_by`
    is the provider that shows and collects invoices besides; None: our own page alone does.
    """

    series: str = "INV"
    days_until_due: int = 7
    quote_days: int = 14
    reminder_days: tuple[int, ...] = (-3, 0, 7)
    tax_country: str | None = None
    tax_region: str = ""
    business_address: str = ""
    business_tax_id: str = ""
    portal_link: timedelta = timedelta(hours=24)
    hosted_by: str | None = None


def split_tax(amount_minor: int, bps: int, *, inclusive: bool) -> Split:
    """The tax in `amount_minor` (inclusive) or on it, half-up on the minor unit: 20 % included in 9999 is 1667, and the
    net is the rest, 8332. As SQL's `split_tax`.
    """
    tax = half_up(amount_minor * bps, BPS + bps if inclusive else BPS)
    return Split(amount_minor - tax if inclusive else amount_minor, tax)
