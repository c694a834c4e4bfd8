"""What passes through the port to payment providers: what we ask for and what they tell, in the core's own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from moorage.domains.payments.states import DisputeStatus, PaymentMode, RefundStatus

IntentStatus = Literal["pending", "requires_action", "processing", "succeeded", "failed", "canceled"]
EventKind = Literal[
    "payment",  # the payment's present state, in `status`
    "refund",  # a refund's present state
    "dispute",  # a dispute's present state
    "subscription",  # `reference` names one: its provider is asked how it stands (recurring.py)
    "period",  # `reference` names a billed period of a subscription: likewise
    "transfer",  # a payout of ours to a payee has changed: the present state is asked for
    "customer",  # the provider knows a payer: who it is, in `user_id`
    "payee",  # a payee's account has changed: the present state is asked for
    "other",  # stored, without effect
]
Movement = Literal["charge", "refund", "dispute", "transfer"]


@dataclass(frozen=True, slots=True)
class Intent:
    """A provider's object for one payment. `reference` is the provider's id of it; amounts in minor units."""

    reference: str
    status: IntentStatus
    amount_minor: int
    currency: str
    client_secret: str | None = None
    checkout_url: str | None = None
    payment_method: str | None = None
    failure_code: str | None = None
    refunded_minor: int = 0
    # Reserved at the provider and waiting for `capture` (separate capture), or approved by the payer and waiting for it
    # (`capture_after_approval`); `status` is `processing` then, and `amount_minor` what may be captured.
    needs_capture: bool = False
    # Approved by the payer to be captured later, and nothing is reserved yet: `authorize` does it.
    needs_authorization: bool = False
    # The provider's further ids of the same payment: charge, customer, payer, capture, checkout_session, …
    ids: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
    tax_minor: int | None = None  # of the amount, where the provider calculated it
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A provider's refund of one payment."""

    reference: str
    status: RefundStatus
    amount_minor: int
    currency: str
    failure_code: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderFee:
    """What a provider keeps by one booking of its own (below zero: gives back of it), in the currency of that booking,
    which may be another than the payment's.
    """

    reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A verified event, translated. `payment_id` is ours, as the provider carries it in its metadata; `reference` the
    provider's payment id. What the kind does not use is None.
    """

    event_id: str
    event_type: str
    kind: EventKind
    payment_id: UUID | None = None
    reference: str | None = None
    intent_status: IntentStatus | None = None
    refund_reference: str | None = None
    refund_id: UUID | None = None
    refund_status: RefundStatus | None = None
    # Of a refund that nobody here asked for: it moved no money in the provider's books. So some providers tell that
    # what was reserved and not collected is given up.
    may_be_release: bool = False
    user_id: UUID | None = None  # whose customer it is
    dispute_reference: str | None = None
    dispute_status: DisputeStatus | None = None
    dispute_reason: str = ""  # in the provider's words, in small letters
    evidence_due_at: datetime | None = None
    amount_minor: int | None = None
    currency: str | None = None
    payment_method: str | None = None
    failure_code: str | None = None
    needs_capture: bool = False
    needs_authorization: bool = False
    ids: Mapping[str, str] = field(default_factory=dict)
    # Of a transfer: our payout, as the provider carries it, `reference` the provider's own id of it; and the payee's
    # account, which is where the event of a payee comes from.
    payout_id: UUID | None = None
    payee: str | None = None
    fees: tuple[ProviderFee, ...] = ()  # what it keeps for a dispute or gives back with a refund, all of it so far
    fee_minor: int | None = None  # the provider's own fee, where the event tells it, in the payment's currency
    tax_minor: int | None = None  # of the amount, where the provider calculated it
    account: str | None = None
    live: bool | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what is paid for, as the payer reads it; the amount is of one piece, in minor units. `price` is the
    provider's own id of it, which lines of a subscription have.
    """

    name: str
    amount_minor: int
    quantity: int = 1
    description: str = ""
    price: str | None = None


@dataclass(frozen=True, slots=True)
class IntentRequest:
    """What to collect. `payment_id` is our row and travels as metadata; `description` is for the payer. `mode`:
    `intent` for a page of our own, `checkout` for the provider's, `subscription` for the provider's where the payer
    agrees to pay this by the period (`subscription_id` is ours). Lines, where there are any, add up to the amount.
    """

    payment_id: UUID
    amount_minor: int
    currency: str
    description: str
    return_url: str
    payer_email: str | None = None
    capture: Literal["automatic", "manual"] = "automatic"
    mode: PaymentMode = "intent"
    subscription_id: UUID | None = None
    cancel_url: str | None = None
    lines: tuple[Line, ...] = ()
    customer: str | None = None  # the provider's id of the payer, where there is one
    # After this the provider takes no money for it, where it can say so; a payment under way then may still arrive.
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderRecord:
    """One movement of money in a provider's own books, to check ours against. Charges are those that collected
    (`amount_minor` what was collected, whatever was given back since); refunds, disputes and transfers are in every
    state. What came back of a transfer is in `reversed_minor`.
    """

    kind: Movement
    reference: str  # the provider's id of the movement
    payment_reference: str
    payment_id: UUID | None  # ours, as given at creation; None for what was made without us
    refund_id: UUID | None  # ours, of a refund that we asked for
    amount_minor: int
    currency: str
    status: RefundStatus | DisputeStatus
    recorded_at: datetime
    payout_id: UUID | None = None  # ours, of a transfer that we made
    reversed_minor: int = 0
