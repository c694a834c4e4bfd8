"""What the sandbox's API answers, for its document: amounts in minor units, times RFC 3339 in UTC."""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

T = TypeVar("T")


class Refusal(BaseModel):
    """Why something was refused."""

    code: str = Field(examples=["invalid_state"])
    message: str = Field(examples=["It cannot be paid: it is canceled."])
    param: str | None = Field(description="The field at fault", examples=[None])


class ErrorAnswer(BaseModel):
    """Every refusal; a declined attempt also carries its `charge` and `intent`."""

    error: Refusal


class Parent(BaseModel):
    """The intent that something belongs to."""

    id: str = Field(examples=["pi_0197c2f0a1b27c3d8e4f5a6b7c8d9e0f"])
    client_reference: str | None = Field(examples=["0197c2f0-a1b2-7c3d-8e4f-5a6b7c8d9e0f"])


class IntentObject(BaseModel):
    """What is to be collected once. `declined`: the last attempt was refused, another one is possible. `authorized`:
    reserved, to be captured.
    """

    id: str = Field(examples=["pi_0197c2f0a1b27c3d8e4f5a6b7c8d9e0f"])
    object: Literal["intent"]
    client_reference: str | None
    status: Literal["open", "declined", "challenge", "processing", "authorized", "paid", "canceled", "expired"]
    amount_minor: int = Field(examples=[7200])
    currency: str = Field(examples=["GBP"])
    captured_minor: int | None = Field(description="What was collected", examples=[7200])
    capture_method: Literal["automatic", "manual"]
    subscription: str | None = Field(description="What it bills a period of", examples=[None])
    period_starts_at: str | None
    period_ends_at: str | None
    payer_email: str | None
    description: str = Field(examples=["Massage, 60 minutes"])
    lines: list[dict[str, Any]]
    payment_method: str | None = Field(examples=["visa 4242"])
    failure_code: str | None
    charge: str | None = Field(description="The charge that collected")
    refunded_minor: int
    client_secret: str
    page_url: str = Field(description="Where the payer pays")
    return_url: str
    expires_at: str | None
    created_at: str = Field(examples=["2026-12-15T10:30:00+00:00"])


class PriceObject(BaseModel):
    """What is paid by the period: the id says it, `price_month_2000_usd` being 20.00 USD a month."""

    id: str = Field(examples=["price_month_2000_usd"])
    object: Literal["price"]
    name: str
    amount_minor: int
    currency: str
    interval: Literal["day", "week", "month", "year"]


class SubscriptionObject(BaseModel):
    """What a payer pays by the period. `past_due`: the period that runs is not paid; it ends with it."""

    id: str = Field(examples=["sub_0197c2f0a1b27c3d8e4f5a6b7c8d9e0f"])
    object: Literal["subscription"]
    client_reference: str | None
    status: Literal["incomplete", "active", "past_due", "canceled", "expired"]
    items: list[dict[str, Any]]
    amount_minor: int = Field(description="Of a period", examples=[2000])
    currency: str
    interval: Literal["day", "week", "month", "year"]
    cancel_at_period_end: bool
    started_at: str | None
    period_starts_at: str | None
    period_ends_at: str | None
    canceled_at: str | None
    ended_at: str | None
    created_at: str


class ChargeObject(BaseModel):
    """One attempt to collect, also one that was refused."""

    id: str
    object: Literal["charge"]
    intent: Parent
    status: Literal["succeeded", "failed"]
    amount_minor: int
    currency: str
    payment_method: str | None
    failure_code: str | None
    fee_minor: int = Field(description="What the gateway keeps of it", examples=[238])
    refunded_minor: int
    refund_pending_minor: int
    created_at: str


class RefundObject(BaseModel):
    """Something given back of a charge."""

    id: str
    object: Literal["refund"]
    client_reference: str | None
    intent: Parent
    charge: str
    status: Literal["pending", "succeeded", "failed"]
    amount_minor: int
    currency: str
    failure_code: str | None
    created_at: str


class DisputeObject(BaseModel):
    """A charge that the payer's bank takes back."""

    id: str
    object: Literal["dispute"]
    intent: Parent
    charge: str
    status: Literal["opened", "under_review", "won", "lost"]
    amount_minor: int
    currency: str
    reason: str
    evidence: str | None
    evidence_due_at: str
    created_at: str


class AccountObject(BaseModel):
    """A connected account; it can be paid once its holder has said where the money goes."""

    id: str
    object: Literal["account"]
    client_reference: str | None
    email: str
    country: str
    can_be_paid: bool
    missing: list[str]
    created_at: str


class TransferObject(BaseModel):
    """Money moved to a connected account."""

    id: str
    object: Literal["transfer"]
    client_reference: str | None
    account: str
    amount_minor: int
    reversed_minor: int
    currency: str
    description: str
    created_at: str


class PayoutObject(BaseModel):
    """Money moved to a bank; `account` null is the merchant's own."""

    id: str
    object: Literal["payout"]
    client_reference: str | None
    account: str | None
    status: Literal["pending", "paid", "failed"]
    amount_minor: int
    currency: str
    failure_code: str | None
    created_at: str


class BalanceObject(BaseModel):
    """What one account holds of one currency; `account` null is the merchant's own."""

    object: Literal["balance"]
    account: str | None
    currency: str
    balance_minor: int


class EventObject(BaseModel):
    """Something that happened, with the object's state at that time in `data`. Sent to the merchant's endpoint with
    `Sandbox-Signature: t=…,v1=…`.
    """

    id: str = Field(examples=["evt_0197c2f0a1b27c3d8e4f5a6b7c8d9e0f"])
    type: str = Field(examples=["intent.succeeded"])
    created_at: str
    livemode: bool
    data: dict[str, Any]


class DeliveryObject(BaseModel):
    """One webhook on its way to one endpoint."""

    object: Literal["delivery"]
    event: str
    endpoint: str
    status: Literal["due", "delivered", "given_up"]
    attempts: int
    answer_status: int | None
    error: str | None
    next_at: str | None
    delivered_at: str | None


class ListOf(BaseModel, Generic[T]):
    """A page of a list, oldest first; the next one is asked for `after` the last one's id."""

    data: list[T]
    has_more: bool
