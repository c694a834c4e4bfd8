"""Which test card and which named method does what. Numbers are judged and forgotten; brand and last four stay.

The numbers that other gateways use for the same purpose are theirs (Stripe, "Testing"); those for misbehaviour, which
nobody else has, start with 4000 0000 0100.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from moorage.providers.sandbox.errors import SandboxError

Misbehaviour = Literal[
    "error_before",  # 500, nothing done
    "error_after",  # done, but 500
    "timeout_after",  # done, but no answer
    "answer_after_webhook",  # done, and answered only when the webhook has arrived
    "duplicate",  # every webhook twice
    "out_of_order",  # webhooks in reverse
    "late",  # webhooks some seconds later
    "never",  # no webhook at all
]
Then = Literal["dispute", "refund_fails"]


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay, and what becomes of it."""

    name: str
    outcome: Literal["succeed", "decline", "challenge", "slow"] = "succeed"
    failure_code: str | None = None
    then: Then | None = None
    misbehaves: Misbehaviour | None = None
    brand: str = "visa"
    last4: str | None = "4242"


# name, number (None: has no card), what it does
_CARDS: Final[tuple[tuple[str | None, Method], ...]] = (
    ("4242424242424242", Method("pm_card_visa")),
    ("5555555555554444", Method("pm_card_mastercard", brand="mastercard")),
    ("378282246310005", Method("pm_card_amex", brand="amex")),
    ("4000000000000002", Method("pm_card_declined", "decline", "card_declined")),
    ("4000000000009995", Method("pm_card_insufficient_funds", "decline", "insufficient_funds")),
    ("4000000000000069", Method("pm_card_expired", "decline", "expired_card")),
    ("4000000000000127", Method("pm_card_incorrect_cvc", "decline", "incorrect_cvc")),
    ("4000002760003184", Method("pm_card_challenge", "challenge")),
    ("4000000000000259", Method("pm_card_disputed", then="dispute")),
    ("4000000000005126", Method("pm_card_refund_fails", then="refund_fails")),
    ("4000000001000019", Method("pm_slow", "slow")),
    ("4000000001000027", Method("pm_timeout_after_charge", misbehaves="timeout_after")),
    ("4000000001000035", Method("pm_500_before", misbehaves="error_before")),
    ("4000000001000043", Method("pm_500_after", misbehaves="error_after")),
    ("4000000001000050", Method("pm_webhook_duplicate", misbehaves="duplicate")),
    ("4000000001000068", Method("pm_webhook_out_of_order", misbehaves="out_of_order")),
    ("4000000001000076", Method("pm_webhook_late", misbehaves="late")),
    ("4000000001000084", Method("pm_webhook_never", misbehaves="never")),
    ("4000000001000092", Method("pm_answer_after_webhook", misbehaves="answer_after_webhook")),
    (None, Method("pm_wallet_approve", brand="wallet", last4=None)),
    (None, Method("pm_wallet_decline", "decline", "wallet_declined", brand="wallet", last4=None)),
)


def _with_last4(number: str | None, method: Method) -> Method:
    return (
        method
        if number is None
        else Method(
            method.name, method.outcome, method.failure_code, method.then, method.misbehaves, method.brand, number[-4:]
        )
    )


BY_NUMBER: Final = {number: _with_last4(number, method) for number, method in _CARDS if number is not None}
BY_NAME: Final = {method.name: _with_last4(number, method) for number, method in _CARDS}

# What the payer reads when an attempt is refused.
REASONS: Final = {
    "card_declined": "The card was declined. Try another card, or ask your bank.",
    "insufficient_funds": "There is not enough money on this card. Try another card.",
    "expired_card": "The card has expired. Try another card.",
    "incorrect_cvc": "The security code is not right. Check it and try again.",
    "challenge_failed": "Your bank's check failed, so nothing was taken. Try again, or use another card.",
    "wallet_declined": "The wallet declined the payment. Try again, or pay by card.",
}


@dataclass(frozen=True, slots=True)
class CardForm:
    """What a payer typed. Never stored, never logged: its text for a debugger says nothing."""

    number: str
    expiry: str
    cvc: str
    name: str

    def __repr__(self) -> str:
        return "CardForm(…)"


def named(method: str) -> Method:
    """The method of that name. Raises SandboxError `unknown_payment_method`."""
    try:
        return BY_NAME[method]
    except KeyError:
        raise SandboxError(
            "There is no such payment method.", code="unknown_payment_method", param="payment_method"
        ) from None


def judge(form: CardForm, now: datetime) -> tuple[Method | None, dict[str, str]]:
    """The card's method, or what is wrong with each field (field: sentence for the payer)."""
    wrong = {}
    number = re.sub(r"[ \-]", "", form.number)
    method = BY_NUMBER.get(number)
    if not re.fullmatch(r"[0-9]{13,19}", number, re.ASCII) or not luhn(number):
        wrong["number"] = "Check the card number: it has a typing mistake."
    elif method is None:
        wrong["number"] = "No real card is taken here. Use one of the test cards listed below."
    if (problem := _expiry_problem(form.expiry, now)) is not None:
        wrong["expiry"] = problem
    digits = 4 if method and method.brand == "amex" else 3
    if not re.fullmatch(rf"[0-9]{{{digits}}}", form.cvc.strip(), re.ASCII):
        wrong["cvc"] = f"The security code is the {digits} digits printed on the card."
    if not 1 <= len(form.name.strip()) <= 200:
        wrong["name"] = "Enter the name on the card."
    return (None if wrong else method), wrong


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _expiry_problem(expiry: str, now: datetime) -> str | None:
    match = re.fullmatch(r"\s*([0-9]{1,2})\s*[/\- ]\s*(?:20)?([0-9]{2})\s*", expiry, re.ASCII)
    if match is None or not 1 <= int(match[1]) <= 12:
        return "Enter the expiry date as month and year, like 12/34."
    if (2000 + int(match[2]), int(match[1])) < (now.year, now.month):
        return "The card has expired."
    return None
