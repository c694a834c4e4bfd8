"""What some providers can do beside payments: one Protocol a facet, in the core's own words.

A gateway whose `Capabilities` say True for a facet keeps its Protocol; `NotSupportedByProviderError` is what anything
else answers. Amounts are minor units with the core's exponents; `key` is the idempotency key of the call. Every call
may raise OutcomeUnknownError and ProviderDeclinedError, as those of the payment port do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable
from uuid import UUID

from moorage.domains.payments.gateway_values import Intent, Line, ProviderFee


@dataclass(frozen=True, slots=True)
class CustomerRequest:
    """Who pays. `user_id` is our row and travels as metadata; None: somebody without an account here."""

    user_id: UUID | None
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderCustomer:
    """A provider's customer. `user_id` is ours where the provider carries it."""

    reference: str
    user_id: UUID | None = None
    email: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class CustomerGateway(Protocol):
    """Keeps payers at the provider, so that their payments and saved methods stand together."""

    async def create_customer(self, request: CustomerRequest, *, key: str) -> ProviderCustomer:
        """Make the customer; the core does so on first need and keeps the reference."""
        ...


class PortalGateway(Protocol):
    """The provider's own page on which a customer sees payments and keeps payment methods."""

    async def open_portal(self, customer: str, *, return_url: str | None) -> str:
        """The address of a portal session for a customer's reference; it is for that customer and short-lived."""
        ...


@dataclass(frozen=True, slots=True)
class HostedInvoiceRequest:
    """An invoice that the provider shows and collects. The lines add up to what is asked; `invoice_id` is our row and
    `payment_id` the payment that it is to settle: both travel as metadata.
    """

    invoice_id: UUID
    payment_id: UUID
    customer: str
    currency: str
    lines: tuple[Line, ...]
    days_until_due: int = 7
    description: str = ""


class InvoiceGateway(Protocol):
    """Invoices hosted by the provider. Each is a payment's object like any other: its reference does for `fetch`,
    `cancel` (which voids it) and `refund`, and `find` finds it.
    """

    async def create_invoice(self, request: HostedInvoiceRequest, *, key: str) -> Intent:
        """Create and finalise: from then on it can be paid at its `checkout_url`. `key` is of all calls that this
        takes, a repeat continues where the first broke off.
        """
        ...


@dataclass(frozen=True, slots=True)
class ProductRequest:
    """A thing that is sold and its price. `product_id` is our row; `reference` and `price_reference` are what the
    provider called them last time, None at first. A provider's price never changes: another amount is another price.
    """

    product_id: UUID
    name: str
    amount_minor: int
    currency: str
    description: str = ""
    active: bool = True
    reference: str | None = None
    price_reference: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderProduct:
    """A provider's product with the one price that is in force."""

    reference: str
    price_reference: str
    name: str
    amount_minor: int
    currency: str
    active: bool
    raw: Mapping[str, Any] = field(default_factory=dict)


class ProductGateway(Protocol):
    """Mirrors the catalogue at the provider."""

    async def put_product(self, request: ProductRequest, *, key: str) -> ProviderProduct:
        """Create or bring up to date; what is right already is left alone. Old prices are archived."""
        ...

    async def prices(self, references: Sequence[str]) -> Sequence[ProviderProduct]:
        """The products and amounts of these prices, in their order. Raises ProviderDeclinedError
        (`resource_missing`).
        """
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """What we say to a dispute, all optional; times as text for people."""

    customer_name: str | None = None
    customer_email: str | None = None
    product_description: str | None = None
    service_date: str | None = None
    service_documentation: str | None = None
    cancellation_policy: str | None = None
    refund_policy: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeState:
    """A dispute at the provider."""

    reference: str
    payment_reference: str | None
    status: Literal["opened", "under_review", "won", "lost"]
    reason: str
    amount_minor: int
    currency: str
    evidence_due_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class EvidenceGateway(Protocol):
    """Answers disputes."""

    async def fetch_dispute(self, reference: str) -> DisputeState:
        """The present state."""
        ...

    async def submit_evidence(self, reference: str, evidence: Evidence, *, submit: bool, key: str) -> DisputeState:
        """Keep evidence with the dispute; `submit` hands it in, which can be done once."""
        ...

    async def accept_dispute(self, reference: str, *, key: str) -> DisputeState:
        """Give in: it is lost."""
        ...


@dataclass(frozen=True, slots=True)
class PayeeRequest:
    """Who is to be paid out through the provider. `practitioner_id` is our row and travels as metadata."""

    practitioner_id: UUID
    email: str
    country: str  # ISO 3166, two letters


@dataclass(frozen=True, slots=True)
class PayeeAccount:
    """A payee's account at the provider, and whether money can go there yet."""

    reference: str
    can_be_paid: bool
    details_submitted: bool
    missing: tuple[str, ...] = ()  # what the provider still wants to know
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """Money of ours for a payee. `transfer_id` is our row and travels as metadata."""

    transfer_id: UUID
    payee: str
    amount_minor: int
    currency: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ProviderTransfer:
    """A transfer at the provider. `succeeded` is with the payee; `reversed_minor` of it has come back to us since. One
    that `failed` after it was sent may still lie with the payee's account there: then it is to be reversed.
    """

    reference: str
    status: Literal["pending", "succeeded", "failed"]
    amount_minor: int
    currency: str
    reversed_minor: int = 0
    failure_code: str | None = None
    payee: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)  # the provider's further ids of the same: payout, …
    raw: Mapping[str, Any] = field(default_factory=dict)


class TransferGateway(Protocol):
    """Pays out to payees who have an account at the provider."""

    async def create_payee(self, request: PayeeRequest, *, key: str) -> PayeeAccount:
        """Open an account for the payee, empty at first."""
        ...

    async def payee_link(self, payee: str, *, return_url: str, refresh_url: str) -> str:
        """The address at which the payee tells the provider what it wants to know; short-lived."""
        ...

    async def fetch_payee(self, payee: str) -> PayeeAccount:
        """The present state."""
        ...

    async def transfer(self, request: TransferRequest, *, key: str) -> ProviderTransfer:
        """Send. Raises ProviderDeclinedError (`insufficient_funds`, `payee_not_ready`, …)."""
        ...

    async def find_transfer(self, transfer_id: UUID) -> ProviderTransfer | None:
        """The transfer made for ours when its answer was lost; None if it was never made."""
        ...

    async def reverse_transfer(self, reference: str, *, amount_minor: int, currency: str, key: str) -> ProviderTransfer:
        """Take back a part or all."""
        ...


@runtime_checkable
class FeeGateway(Protocol):
    """A provider whose events name the booking of their fee (`ids["balance_transaction"]`) and do not tell the fee."""

    async def fetch_fee(self, booking: str) -> ProviderFee:
        """What the provider keeps of a payment, by the id of its own booking, in the currency of its account."""
        ...
