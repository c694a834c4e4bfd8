"""The port to providers that collect by the period: plans, subscriptions to them, and the periods that are paid.

A gateway whose `Capabilities` say `subscriptions` keeps this Protocol. A subscription is begun on the provider's own
page (`IntentRequest` with `mode="subscription"`); after that the provider bills by itself and tells by events, which
here only name what to ask about: `subscription` and `period` (see EventKind). Amounts are minor units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, runtime_checkable
from uuid import UUID

from moorage.domains.payments.gateway_values import IntentStatus
from moorage.domains.payments.states import Interval, SubscriptionStatus

OVER: Final[frozenset[SubscriptionStatus]] = frozenset({"canceled", "expired"})


@dataclass(frozen=True, slots=True)
class Plan:
    """A provider's price. `interval` None: it is paid once. `amount_minor` None: it has no one amount (by usage, in
    tiers, the payer's choice). `tax_included` None: the provider has not been told.
    """

    reference: str
    name: str
    currency: str
    amount_minor: int | None
    interval: Interval | None
    interval_count: int = 1
    is_active: bool = True
    tax_included: bool | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionItem:
    """One plan of a subscription; the amount is of one piece, None as in Plan."""

    price: str
    name: str
    amount_minor: int | None
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class ProviderSubscription:
    """A subscription as its provider has it now. `subscription_id` is ours, where it was begun here; `period_*` the
    period that runs; `canceled_at` when its end was asked for.
    """

    reference: str
    status: SubscriptionStatus
    currency: str
    items: tuple[SubscriptionItem, ...]
    interval: Interval
    interval_count: int
    started_at: datetime
    period_starts_at: datetime | None = None
    period_ends_at: datetime | None = None
    cancel_at_period_end: bool = False
    canceled_at: datetime | None = None
    ended_at: datetime | None = None
    customer: str | None = None
    subscription_id: UUID | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def amount_minor(self) -> int | None:
        """What a period costs; None where that is not known before it is over."""
        parts = [None if one.amount_minor is None else one.amount_minor * one.quantity for one in self.items]
        return None if None in parts else sum(part for part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class SubscriptionPeriod:
    """One billed period of a subscription (`subscription` is the provider's id of it) and the payment that is to
    settle it. `status` None: nothing is to be collected for it, or not yet, or not by the provider. `is_first`: it is
    what was paid for when the subscription was begun.
    """

    reference: str
    subscription: str
    status: IntentStatus | None
    amount_minor: int
    currency: str
    starts_at: datetime
    ends_at: datetime
    is_first: bool = False
    name: str = ""
    payment_method: str | None = None
    failure_code: str | None = None
    payer_email: str | None = None
    tax_minor: int | None = None  # of the amount, where the provider calculated it
    ids: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class SubscriptionGateway(Protocol):
    """Collects by the period. Every call may raise OutcomeUnknownError and ProviderDeclinedError (`resource_missing`
    for what the provider does not know).
    """

    async def plans(self, references: Sequence[str]) -> Sequence[Plan]:
        """These prices as they are now, in their order."""
        ...

    async def fetch_subscription(self, reference: str) -> ProviderSubscription:
        """The present state."""
        ...

    async def fetch_period(self, reference: str) -> SubscriptionPeriod | None:
        """The present state; None where this is a bill for something else than a subscription."""
        ...

    async def period_paid_by(self, payment_reference: str) -> SubscriptionPeriod | None:
        """The period that a payment of the provider's settles; None where it is for something else."""
        ...

    async def cancel_subscription(self, reference: str, *, at_period_end: bool, key: str) -> ProviderSubscription:
        """End it now, or when the paid period does; answers the present state, also where it is over already."""
        ...
