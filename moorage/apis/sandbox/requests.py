"""What the sandbox's API takes in. Unknown fields are refused; amounts are whole minor units."""

from typing import Annotated, Final, Literal

from fastapi import Query
from pydantic import Field

from moorage.kernel.money import MAX_AMOUNT_MINOR
from moorage.providers.sandbox.behaviour import Fault, Operation
from moorage.providers.sandbox.records import Asked
from moorage.web.fields import CurrencyCode, Id, Instant, Name, StrictModel

MAX_PAGE: Final = 500
AmountMinor = Annotated[int, Field(gt=0, le=MAX_AMOUNT_MINOR, examples=[7200])]
Account = Annotated[str, Field(pattern=r"^acct_[A-Za-z0-9_]{1,60}$", examples=["acct_anna"])]


class LineRequest(StrictModel):
    """One line of what is paid for; the amount is of one piece."""

    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Soup"])]
    amount_minor: Annotated[int, Field(ge=0, le=MAX_AMOUNT_MINOR)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class IntentRequest(StrictModel):
    """What to collect. `client_reference` is the merchant's own id of it, under which it can be found again."""

    amount_minor: AmountMinor
    currency: CurrencyCode
    description: Annotated[Name, Field(examples=["Massage, 60 minutes"])]
    return_url: Annotated[str, Field(max_length=2_000, examples=["http://127.0.0.1:8000/"])]
    client_reference: Id | None = None
    payer_email: Annotated[str, Field(max_length=254)] | None = None
    expires_at: Instant | None = None
    capture_method: Literal["automatic", "manual"] = "automatic"
    lines: Annotated[list[LineRequest], Field(default_factory=list, max_length=100)]


class SubscriptionRequest(StrictModel):
    """What is to be paid by the period: ids of prices, one named twice being two pieces. `client_reference` and
    `intent_reference` are the merchant's own ids of the subscription and of the intent that pays its first period.
    """

    prices: Annotated[
        list[Annotated[str, Field(max_length=60)]],
        Field(min_length=1, max_length=1_000, examples=[["price_month_2000_usd"]]),
    ]
    description: Annotated[Name, Field(examples=["Lunch, every month"])]
    return_url: Annotated[str, Field(max_length=2_000, examples=["http://127.0.0.1:8000/"])]
    client_reference: Id
    intent_reference: Id
    payer_email: Annotated[str, Field(max_length=254)] | None = None


class EndRequest(StrictModel):
    """When a subscription ends: with the period that is paid, or now."""

    at_period_end: bool = True


class RenewRequest(StrictModel):
    """What the next period is paid by: another named test method than the last one."""

    payment_method: Annotated[str, Field(max_length=60, examples=["pm_card_declined"])] | None = None


class CaptureRequest(StrictModel):
    """How much of what is reserved to collect; all of it where nothing is said. The rest is released."""

    amount_minor: AmountMinor | None = None


class ConfirmRequest(StrictModel):
    """A named test method: `pm_card_visa`, `pm_card_declined`, `pm_slow`, `pm_webhook_never` and so on."""

    payment_method: Annotated[str, Field(max_length=60, examples=["pm_card_visa"])]


class ChallengeRequest(StrictModel):
    """What the payer's bank found."""

    approved: bool


class NothingRequest(StrictModel):
    """An empty object."""


class RefundRequest(StrictModel):
    """What to give back. `client_reference` is the merchant's own id of the refund."""

    intent: Annotated[str, Field(max_length=60, examples=["pi_0197c2f0a1b27c3d8e4f5a6b7c8d9e0f"])]
    amount_minor: AmountMinor
    currency: CurrencyCode
    client_reference: Id | None = None


class ResolveRefundRequest(StrictModel):
    """How a pending refund ends."""

    status: Literal["succeeded", "failed"]
    failure_code: Annotated[str, Field(pattern=r"^[a-z_]{1,60}$")] | None = None


class DisputeRequest(StrictModel):
    """Dispute what is left of an intent's charge, as the payer's bank."""

    intent: Annotated[str, Field(max_length=60)]
    reason: Annotated[str, Field(pattern=r"^[a-z_]{1,60}$", examples=["fraudulent"])] = "fraudulent"


class EvidenceRequest(StrictModel):
    """The merchant's answer to a dispute."""

    evidence: Annotated[str, Field(min_length=1, max_length=5_000, examples=["The client attended: see the notes."])]


class ResolveDisputeRequest(StrictModel):
    """The bank's decision."""

    outcome: Literal["won", "lost"]


class AccountRequest(StrictModel):
    """Whose account to open. `client_reference` is the merchant's own id of it."""

    email: Annotated[str, Field(min_length=3, max_length=254, examples=["anna@example.com"])]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["GB"])]
    client_reference: Id | None = None


class ResolveAccountRequest(StrictModel):
    """Whether it can be paid from now on."""

    can_be_paid: bool


class TransferRequest(StrictModel):
    """Money to move to a connected account."""

    account: Account
    amount_minor: AmountMinor
    currency: CurrencyCode
    description: Annotated[str, Field(max_length=200)] = ""
    client_reference: Id | None = None


class ReverseTransferRequest(StrictModel):
    """How much of a transfer to take back."""

    amount_minor: AmountMinor


class PayoutRequest(StrictModel):
    """Money to pay to the bank of `account`; without one, the merchant's own."""

    amount_minor: AmountMinor
    currency: CurrencyCode
    account: Account | None = None
    client_reference: Id | None = None


class ResolvePayoutRequest(StrictModel):
    """How a payout ends; one that was paid may still fail."""

    status: Literal["paid", "failed"]
    failure_code: Annotated[str, Field(pattern=r"^[a-z_]{1,60}$")] | None = None


class FaultSetting(StrictModel):
    """How often one fault strikes: `percent` of calls, or all of the next `next_calls`; `seconds` where time matters;
    `operations` instead of those that it strikes by itself.
    """

    percent: Annotated[int, Field(ge=0, le=100)] = 0
    next_calls: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    seconds: Annotated[int, Field(ge=0, le=3_600)] | None = None
    operations: Annotated[list[Operation], Field(min_length=1, max_length=20)] | None = None


class Behaviour(StrictModel):
    """Every fault that is switched on; what is not named is off."""

    faults: Annotated[
        dict[Fault, FaultSetting], Field(max_length=40, examples=[{"timeout_after": {"next_calls": 1, "seconds": 15}}])
    ]


def part_of_list(
    created_since: Annotated[Instant | None, Query(description="From this instant on")] = None,
    after: Annotated[str | None, Query(max_length=60, description="The id of the last one known")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> Asked:
    """Which part of a list is asked for."""
    return Asked(since=created_since, after=after, limit=limit)


def part_of_intents_list(
    created_since: Annotated[Instant | None, Query(description="From this instant on")] = None,
    after: Annotated[str | None, Query(max_length=60, description="The id of the last one known")] = None,
    intent: Annotated[str | None, Query(max_length=60, description="Only of this intent")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> Asked:
    """Which part of a list of what belongs to intents is asked for."""
    return Asked(since=created_since, after=after, intent=intent, limit=limit)
