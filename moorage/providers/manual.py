"""Money by hand as a provider that nobody can call: what moves it is an administrator's word (journeys)."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from uuid import UUID

from moorage.domains.payments.gateway import (
    Capabilities,
    InvalidSignatureError,
    NotSupportedByProviderError,
    ProviderDeclinedError,
)
from moorage.domains.payments.gateway_values import Intent, IntentRequest, ProviderEvent, ProviderRecord, ProviderRefund
from moorage.kernel.money import exponent


class ManualGateway:
    """Cash, checks, bank transfers, Zelle, Venmo. It keeps no books of its own, and tells nothing."""

    name = "manual"
    capabilities = Capabilities(recorded_by_hand=True)

    def ahead(self, payment_id: UUID) -> tuple[str | None, str | None]:
        """There is no page to pay on."""
        del payment_id
        return None, None

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Any amount of any currency. Raises InvalidCurrencyError."""
        del amount_minor
        exponent(currency)

    async def create(self, request: IntentRequest, *, key: str) -> Intent:
        """Raises ProviderDeclinedError: it is recorded when it comes, not asked for."""
        del request, key
        raise ProviderDeclinedError(failure_code="recorded_by_hand")

    async def confirm(self, reference: str, *, payment_method: str, key: str) -> Intent:
        """Raises NotSupportedByProviderError."""
        del reference, payment_method, key
        raise NotSupportedByProviderError

    async def capture(self, reference: str, *, amount_minor: int, currency: str, key: str) -> Intent:
        """Raises NotSupportedByProviderError."""
        del reference, amount_minor, currency, key
        raise NotSupportedByProviderError

    async def cancel(self, reference: str, *, key: str) -> Intent:
        """Raises NotSupportedByProviderError: what was only noted is cancelled without a call."""
        del reference, key
        raise NotSupportedByProviderError

    async def fetch(self, reference: str) -> Intent:
        """Raises NotSupportedByProviderError: there is nobody to ask."""
        del reference
        raise NotSupportedByProviderError

    async def find(self, payment_id: UUID) -> Intent | None:
        """Nothing is made anywhere."""
        del payment_id
        return None

    async def refund(
        self, reference: str, *, refund_id: UUID, amount_minor: int, currency: str, key: str
    ) -> ProviderRefund:
        """Pending: a person hands it over, and says so."""
        del reference, key
        return ProviderRefund(f"by_hand:{refund_id}", "pending", amount_minor, currency)

    async def find_refund(self, reference: str, refund_id: UUID) -> ProviderRefund | None:
        """Nothing is made anywhere."""
        del reference, refund_id
        return None

    async def test_connection(self) -> str:
        """There is nothing to reach."""
        return "manual"

    async def events_since(self, since: datetime) -> list[ProviderEvent]:
        """It tells nothing."""
        del since
        return []

    async def records(self, since: datetime | None = None) -> AsyncIterator[ProviderRecord]:
        """It keeps no books of its own."""
        del since
        return
        yield

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """Raises InvalidSignatureError: nobody can speak for it."""
        del headers, body, now
        raise InvalidSignatureError

    def parse(self, body: bytes) -> ProviderEvent:
        """Raises InvalidSignatureError."""
        del body
        raise InvalidSignatureError
