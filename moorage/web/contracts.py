"""The contracts that are served side by side: whose an operation is, how its refusals are written, what it is about.

An operation is of the contract whose `ids` its operation id begins with; else of the marketplace where it lies below
`/api/v1/`, and of this installation itself everywhere else. A new contract is a line here, its router in
`wiring/routers.py`, and its refusals and examples in `wiring/contracts.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_MARKETPLACE_BELOW: Final = "/api/v1/"
PRACTICE_ROOTS: Final = ("/users", "/services", "/appointments", "/trainings", "/training_enrollments", "/payments")
# Providers deliver as often as they must: neither counted nor answered again by a key.
_DELIVERIES: Final = frozenset({"/payments/webhook", "/payments/paypal/webhook", "/api/stripe/webhook"})
_API: Final = ("/api/", *(root + "/" for root in PRACTICE_ROOTS))


@dataclass(frozen=True, slots=True)
class Contract:
    """One documented API. `name` is that of its document, `failure` the schema of its refusals, `topics` its tags with
    a sentence each, `ids` the beginning of its operation ids. `is_api`: its callers are counted, and a POST may
    carry an Idempotency-Key.
    """

    name: str
    title: str
    about: str
    ids: str = ""
    failure: str = "Problem"
    is_api: bool = True
    is_open: bool = False  # takes no access tokens at all
    topics: Mapping[str, str] = field(default_factory=dict)


MARKETPLACE: Final = Contract(
    "marketplace",
    "Marketplace",
    "Practitioners, services, bookings and payments of a marketplace. Every answer comes in an envelope. Amounts are"
    " decimal strings in whole units, times RFC 3339 with an offset, ids UUIDs.",
    failure="Failure",
    topics={
        "Authentication": "Accounts, sign-in and tokens.",
        "Practitioners": "Who delivers, and where.",
        "Services": "What can be booked, and when it takes place.",
        "Availability": "Free times, and the hours they come from.",
        "Bookings": "Hold a time, pay, cancel, move, complete.",
        "Payments": "Pay a booking.",
        "Earnings": "What a practitioner has earned, down to each ledger line.",
        "Payouts": "Paying practitioners what they have earned.",
        "Administration": "Failed jobs and providers' events, for administrators.",
    },
)
PRACTICE: Final = Contract(
    "practice",
    "Practice",
    "Users, services, appointments, trainings and payments of a practice. Bodies are plain JSON; a list is an array"
    " taken by `skip` and `limit`, its total in `X-Total-Count`. Amounts are whole units as a decimal string (a JSON"
    " number is taken too, exactly), but cents at `create-payment-intent`.",
    ids="practice_",
    topics={
        "Practice users": "Accounts of clients and of those who work here.",
        "Practice services": "What the practice offers.",
        "Practice appointments": "A time with a practitioner.",
        "Practice trainings": "Programmes with dates and places, and who takes part.",
        "Practice payments": "Collect by any provider, record what came by hand, look up.",
        "Practice webhooks": "What Stripe and PayPal tell.",
    },
)
PAYMENT_RECORDS: Final = Contract(
    "payment-records",
    "Payment records",
    "Payments of another site, recorded and followed here. Amounts are decimals in whole units, ids integers.",
    ids="records_",
    topics={"Payment records": "Record a payment, follow its status, find it again."},
)
CATERING: Final = Contract(
    "catering",
    "Catering",
    "Deposits, balances, invoices, quotes, refunds and disputes of a caterer. Amounts are cents, but whole units at"
    " `refund`; lists are `items`, `total`, `limit`, `offset`.",
    ids="catering_",
    topics={
        "Catering authentication": "Sign in, out, and who one is.",
        "Catering bookings": "A date, guests and a menu.",
        "Catering payments": "Checkout, intents, refunds, disputes, and what was paid.",
        "Catering invoices": "Bills and quotes.",
        "Catering reports": "Figures over time.",
        "Catering webhooks": "What Stripe tells.",
    },
)
WEBHOOKS: Final = Contract(
    "webhooks",
    "Webhooks",
    "Where payment providers deliver their events: verified over the raw bytes, stored once, answered.",
    ids="webhooks_",
    is_api=False,
    topics={"Webhooks": "What payment providers tell."},
)
SANDBOX: Final = Contract(
    "sandbox",
    "Sandbox",
    "A payment provider that moves no money: its own API, with its own keys. Amounts are minor units.",
    ids="sandbox_",
    is_api=False,
    topics={"Sandbox": "Payments, refunds, disputes and transfers, as any provider has them."},
)
OPERATIONS: Final = Contract(
    "operations",
    "Operations",
    "For whoever runs this installation.",
    is_api=False,
    topics={"Operations": "How this installation is."},
)
STANDALONE: Final = Contract(
    "payments-app",
    "Trial payments",
    "Providers' calls alone, for trying keys (`moorage payments`): no database, no accounts, nothing stored. Amounts"
    " are whole units.",
    ids="standalone_",
    is_api=False,
    is_open=True,
    topics={"Trial payments": "Create, capture, look up, test keys, check deliveries."},
)
CONTRACTS: Final = (MARKETPLACE, PRACTICE, PAYMENT_RECORDS, CATERING, WEBHOOKS, SANDBOX, OPERATIONS, STANDALONE)


def contract_of(operation_id: str, path: str) -> Contract:
    """The contract that an operation is of."""
    for contract in CONTRACTS:
        if contract.ids and operation_id.startswith(contract.ids):
            return contract
    return MARKETPLACE if path.startswith(_MARKETPLACE_BELOW) else OPERATIONS


def is_api(path: str) -> bool:
    """Whether a request to `path` counts against its caller's limit, and may carry an Idempotency-Key."""
    return path.startswith(_API) and path not in _DELIVERIES


def normal(path: str) -> str:
    """`path` as its contract writes it; callers may add or leave out the slash at the end."""
    if path.startswith(_MARKETPLACE_BELOW):
        return path if path.endswith("/") or "." in path.rpartition("/")[2] else path + "/"
    if path in PRACTICE_ROOTS:
        return path + "/"
    if path.startswith(_API) and path[:-1] not in PRACTICE_ROOTS:
        return path.rstrip("/")
    return path
