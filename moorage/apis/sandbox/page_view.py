"""What the payment page shows in each state, and its headers: one template, no script, nothing from elsewhere."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from moorage.kernel.money import format_amount
from moorage.kernel.origins import origin_of

_TEMPLATES: Final = Path(__file__).parent / "templates"
_CSS: Final = (_TEMPLATES / "pay.css").read_text()
_CSS_HASH: Final = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
_SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
_LOOK_AGAIN_S: Final = 2


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the card form."""

    name: str
    label: str
    hint: str
    autocomplete: str
    max_chars: int
    numeric: bool = True


_FIELDS: Final = (
    Field("number", "Card number", "One of the test cards below", "cc-number", 23),
    Field("expiry", "Expiry date", "Month and year, like 12/34", "cc-exp", 9),
    Field("cvc", "Security code", "3 digits, on the back", "cc-csc", 4),
    Field("name", "Name on the card", "As it is printed", "cc-name", 200, numeric=False),
)
_TEST_CARDS: Final = (
    ("4242 4242 4242 4242", "Succeeds"),
    ("4000 0000 0000 0002", "Is declined"),
    ("4000 0000 0000 9995", "Has not enough money"),
    ("4000 0027 6000 3184", "Needs your bank’s check"),
    ("4000 0000 0000 0259", "Succeeds, then is disputed"),
    ("4000 0000 0000 5126", "Succeeds, but its refund fails"),
    ("4000 0000 0100 0019", "Is processed slowly"),
    ("4000 0000 0100 0027", "Is charged, but never answers"),
    ("4000 0000 0100 0035", "Breaks before it is charged, once"),
    ("4000 0000 0100 0043", "Breaks after it is charged"),
    ("4000 0000 0100 0050", "Sends its news twice"),
    ("4000 0000 0100 0068", "Sends its news in reverse"),
    ("4000 0000 0100 0076", "Sends its news late"),
    ("4000 0000 0100 0084", "Never sends its news"),
)


@dataclass(frozen=True, slots=True)
class View:
    """What the template shows. `wrong`: field to sentence; `typed`: what may be shown again of what was typed."""

    state: str
    title: str
    heading: str = ""  # where it is not the title
    merchant: str = "the merchant"
    address: str = ""
    amount: str = ""
    description: str = ""
    lines: Sequence[tuple[str, str]] = ()  # what, and for how much
    sentence: str = ""
    refused: str = ""
    method: str = ""
    return_url: str = ""
    again: bool = False
    refreshes: bool = False
    wrong: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


def shown(
    merchant: str,
    intent: Mapping[str, Any],
    address: str,
    *,
    refused: str = "",
    wrong: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> View:
    """The page of an intent in the state that it is in; `address` is the page's own. `refused`, `wrong` and `typed`
    only matter while it can be paid.
    """
    amount = amount_text(intent["amount_minor"], intent["currency"])
    about: dict[str, Any] = {
        "merchant": merchant,
        "address": address,
        "amount": amount,
        "description": intent["description"],
        "lines": _lines(intent),
    }
    back = {"return_url": intent["return_url"]}
    match intent["status"]:
        case "open" | "declined":
            return View(
                "form",
                f"Pay {amount}",
                f"Pay {merchant}",
                **about,
                **back,
                refused=refused,
                wrong=wrong or {},
                typed=typed or {},
            )
        case "challenge":
            return View("challenge", "Approve the payment", **about, **back, method=intent["payment_method"])
        case "processing":
            sentence = "The payment is being processed. This takes a moment; you may wait here or go back."
            return View("processing", "Nearly there", **about, **back, sentence=sentence, again=True, refreshes=True)
        case "authorized" | "paid":
            title, sentence = _received(intent, amount)
            return View("paid", title, **about, **back, sentence=sentence)
        case "expired":
            sentence = "The time to pay this is over, and nothing was taken. Go back to start again."
            return View("expired", "Too late for this one", **about, **back, sentence=sentence)
        case _:
            sentence = "This payment was cancelled, and nothing was taken. Go back if you still want to book."
            return View("canceled", "Cancelled", **about, **back, sentence=sentence)


def _received(intent: Mapping[str, Any], amount: str) -> tuple[str, str]:
    """Title and sentence once the payer has done their part."""
    if intent["status"] == "authorized":
        return "Reserved", f"{amount} is reserved with {intent['payment_method']}. It is taken when the time has come."
    taken = amount_text(intent["captured_minor"], intent["currency"])
    return "Paid", f"{taken} was paid with {intent['payment_method']}. There is nothing left to do here."


def _lines(intent: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (
            line["name"] if line["quantity"] == 1 else f"{line['quantity']} × {line['name']}",
            amount_text(line["amount_minor"] * line["quantity"], intent["currency"]),
        )
        for line in intent["lines"]
    ]


def connected(merchant: str, account: Mapping[str, Any], address: str, back: str) -> View:
    """The page of an account that is to be paid out to."""
    about: dict[str, Any] = {"merchant": merchant, "address": address, "return_url": back}
    if account["can_be_paid"]:
        sentence = f"What you earn with {merchant} can be paid out to your bank. There is nothing left to do here."
        return View("paid", "You can be paid", **about, sentence=sentence)
    sentence = f"{merchant} pays out to a bank account in {account['country']}. Here it is made up."
    return View("payee", "Get paid", **about, sentence=sentence)


def preparing(merchant: str, address: str) -> View:
    """The payer is here before the intent is."""
    sentence = "Your payment is being prepared. This page looks again every two seconds."
    return View(
        "preparing", "One moment", merchant=merchant, address=address, sentence=sentence, again=True, refreshes=True
    )


def unknown(merchant: str, address: str) -> View:
    """It is not known whether the payment went through."""
    sentence = "We could not see how this ended. Check again before you try another time: it may have gone through."
    return View("unknown", "Something went wrong", merchant=merchant, address=address, sentence=sentence, again=True)


def not_here() -> View:
    """No such page, or not with this key."""
    return View(
        "missing",
        "There is no payment here",
        sentence="The address may be incomplete. Open it again from where you found it.",
    )


def rendered(view: View, status: int = 200) -> Response:
    """The page as an answer."""
    html = _PAGE.render(view=view, css=Markup(_CSS), fields=_FIELDS, test_cards=_TEST_CARDS)  # noqa: S704 - our own file
    # A browser holds a form's redirect to the policy too, so the merchant's origin has to be in it.
    targets = " ".join(["'self'", *filter(None, [origin_of(view.return_url) if view.return_url else None])])
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{_CSS_HASH}'; form-action {targets}; base-uri 'none';"
            " frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
    }
    if view.refreshes:
        headers["Refresh"] = str(_LOOK_AGAIN_S)
    return HTMLResponse(html, status, headers)


def amount_text(amount_minor: int, currency: str) -> str:
    """An amount as people write it: "£72.00", "¥7,200", "CHF 72.00"."""
    whole, point, decimals = format_amount(amount_minor, currency).partition(".")
    grouped = re.sub(r"(?<=[0-9])(?=(?:[0-9]{3})+$)", ",", whole)
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{grouped}{point}{decimals}" if symbol else f"{currency} {grouped}{point}{decimals}"


_PAGE: Final = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("pay.html")
