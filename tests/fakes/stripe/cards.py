"""Stripe's test cards and test methods, and what each leads to."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Card:
    """A method: refused with (code, decline code), or taken, perhaps after a challenge or later, and what follows."""

    declined: tuple[str, str] | None = None
    challenge: bool = False
    processing: bool = False
    disputed: bool = False
    refund_fails: bool = False
    refund_pends: bool = False
    kind: str = "card"
    number: str = "4242424242424242"


CARDS: Final = {
    "4242424242424242": Card(),
    "5555555555554444": Card(number="5555555555554444"),
    "4000000000000002": Card(declined=("card_declined", "generic_decline"), number="4000000000000002"),
    "4000000000009995": Card(declined=("card_declined", "insufficient_funds"), number="4000000000009995"),
    "4000000000000069": Card(declined=("expired_card", ""), number="4000000000000069"),
    "4000000000000127": Card(declined=("incorrect_cvc", ""), number="4000000000000127"),
    "4000000000000341": Card(declined=("card_declined", "generic_decline"), number="4000000000000341"),
    "4000002500003155": Card(challenge=True, number="4000002500003155"),
    "4000002760003184": Card(challenge=True, number="4000002760003184"),
    "4000000000000259": Card(disputed=True, number="4000000000000259"),
    "4000000000005126": Card(refund_fails=True, number="4000000000005126"),
    "4000000000007726": Card(refund_pends=True, number="4000000000007726"),
    "000123456789": Card(processing=True, kind="us_bank_account", number="000123456789"),
}
METHODS: Final = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_threeDSecureRequired": "4000002500003155",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_refundFail": "4000000000005126",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_usBankAccount_success": "000123456789",
}


def card_of(named: str) -> Card | None:
    """The card of a number (spaces allowed) or of a test method's name; None for neither."""
    plain = named.replace(" ", "")
    return CARDS.get(METHODS.get(plain, plain))
