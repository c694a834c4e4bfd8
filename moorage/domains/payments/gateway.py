"""The port to payment providers: what the core asks of any of them, in the core's own words."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, runtime_checkable
from uuid import UUID

from moorage.domains.payments.gateway_values import Intent, IntentRequest, ProviderEvent, ProviderRecord, ProviderRefund
from moorage.kernel.errors import MoorageError


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do; asking for another thing is a clear error before any call."""

    redirect: bool = False
    client_secret: bool = False
    confirm_with_method: bool = False  # `payments/confirm/` may name a payment method
    disputes: bool = False
    # Money can be reserved first and collected later, in part too (`capture="manual"`).
    separate_capture: bool = False
    # The payer approves at the provider, and only then we collect: `needs_capture` says when.
    capture_after_approval: bool = False
    hosted_checkout: bool = False  # the payer may be sent to the provider's own page (`mode="checkout"`)
    recorded_by_hand: bool = False  # no provider behind it: a person says that money came
    # Optional facets: a gateway that says True also keeps the Protocol in facets.py.
    customers: bool = False
    portal: bool = False
    invoices: bool = False
    products: bool = False
    evidence: bool = False
    transfers: bool = False
    tax: bool = False
    subscriptions: bool = False  # its Protocol is in recurring.py
    # What the payment page's own script needs, which is no secret.
    publishable_key: str | None = None
    # Its embedded payment form: which of our page's scripts drives it, the script of its own that it takes, and the
    # only origins besides ours that the page may then load from and send to.
    page_script: str | None = None
    page_source: str | None = None
    page_hosts: tuple[str, ...] = ()
    page_account: str | None = None  # a further id that its form needs, for instance of a location
    label: str | None = None  # how payers know it; None: as it is called here
    # The checkout's address and client secret can be told before the provider has been called.
    known_ahead: bool = False
    # How long it is sure to know a key again; a call as old as that is not made over, only asked about.
    keys_live: timedelta = timedelta(hours=23)
    # Whose money, and real money or not: events that say otherwise are parked. None says nothing.
    account: str | None = None
    live: bool | None = None


MISSING: Final = frozenset({"resource_missing", "invalid_resource_id", "not_found"})
"""How providers say that they have no such object, as `failure_code` of a ProviderDeclinedError."""


class ProviderDeclinedError(MoorageError):
    """The provider refused."""

    code = "provider_declined"
    kind = "invalid"


class AmountNotSupportedError(MoorageError):
    """The provider cannot take this amount in this currency: it knows fewer decimals, or not the currency."""

    code = "amount_not_supported"
    kind = "invalid"


class NotSupportedByProviderError(MoorageError):
    """The provider cannot do this."""

    code = "not_supported_by_provider"
    kind = "invalid"


class OutcomeUnknownError(MoorageError):
    """The provider did not answer; whether it acted is unknown until it has been asked."""

    code = "outcome_unknown"
    kind = "unavailable"


class InvalidSignatureError(MoorageError):
    """The event's signature is missing or wrong."""

    code = "invalid_signature"
    kind = "malformed"


class TimestampOutOfToleranceError(MoorageError):
    """The event's time lies too far from now."""

    code = "timestamp_out_of_tolerance"
    kind = "malformed"


class PaymentGateway(Protocol):
    """One provider. Every call may raise OutcomeUnknownError (no answer: ask again with `fetch`), or
    ProviderDeclinedError. `key` is the idempotency key: a repeat with the same key is harmless.
    """

    name: str
    capabilities: Capabilities

    def ahead(self, payment_id: UUID) -> tuple[str | None, str | None]:
        """(client_secret, checkout_url) where they can be told before the first call, else (None, None)."""
        ...

    async def create(self, request: IntentRequest, *, key: str) -> Intent:
        """Make the provider's object for a payment."""
        ...

    async def confirm(self, reference: str, *, payment_method: str, key: str) -> Intent:
        """Charge a method that the payer named."""
        ...

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Refuse with AmountNotSupportedError what this provider cannot take in this currency; nothing is rounded."""
        ...

    async def capture(self, reference: str, *, amount_minor: int, currency: str, key: str) -> Intent:
        """Collect what was reserved or approved: all of it or a part, once; the rest is released. What was captured
        before is answered as it is.
        """
        ...

    async def test_connection(self) -> str:
        """Ask the provider something harmless with our keys; answers its account's id. Raises as any call does,
        and ProviderDeclinedError (`failure_code` "invalid_credentials") when it does not know the keys.
        """
        ...

    async def cancel(self, reference: str, *, key: str) -> Intent:
        """Make sure that nothing can be collected any more; answers the present state (which may be succeeded)."""
        ...

    async def fetch(self, reference: str) -> Intent:
        """The present state."""
        ...

    async def find(self, payment_id: UUID) -> Intent | None:
        """The object made for our payment, when its creation's answer was lost; None if it was never made."""
        ...

    async def refund(
        self, reference: str, *, refund_id: UUID, amount_minor: int, currency: str, key: str
    ) -> ProviderRefund:
        """Give back a part or all."""
        ...

    async def find_refund(self, reference: str, refund_id: UUID) -> ProviderRefund | None:
        """The refund made for our refund, when its answer was lost; None if it was never made."""
        ...

    async def events_since(self, since: datetime) -> list[ProviderEvent]:
        """Every event since then, oldest first, for what was never delivered."""
        ...

    def records(self, since: datetime | None = None) -> AsyncIterator[ProviderRecord]:
        """Every movement of money since then (None: ever) as the provider has it now, each kind oldest first."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """Check the signature over the raw bytes and translate. Raises InvalidSignatureError or
        TimestampOutOfToleranceError.
        """
        ...

    def parse(self, body: bytes) -> ProviderEvent:
        """Translate a stored body again (it was verified when it came in)."""
        ...


@runtime_checkable
class AuthorizesAfterApproval(Protocol):
    """A gateway whose payers approve first, where money that is captured later has to be reserved by a call."""

    async def authorize(self, reference: str, *, key: str) -> Intent:
        """Reserve what the payer has approved; what is reserved already is answered as it is. Raises as any call."""
        ...


@runtime_checkable
class PreparesVerification(Protocol):
    """A gateway that needs something from its provider before `verify`, which waits for nobody."""

    async def prepare_verification(self, headers: Mapping[str, str], body: bytes) -> None:
        """Have at hand what this event is checked with. Raises OutcomeUnknownError: the event is refused with 503, and
        the provider delivers it again.
        """
        ...
