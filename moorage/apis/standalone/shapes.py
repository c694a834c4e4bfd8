"""What the standalone payments app takes in and gives out. Amounts are whole units."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from moorage.domains.payments import gateway_values
from moorage.domains.payments.gateway import PaymentGateway
from moorage.kernel.money import format_amount
from moorage.web.fields import CurrencyCode, MoneyNumber, ShortText, StrictModel

Url = Annotated[str, Field(max_length=2_000, json_schema_extra={"format": "uri"})]


class CreateIn(StrictModel):
    """What to collect, at which provider."""

    provider: ShortText
    amount: MoneyNumber
    currency: CurrencyCode = "USD"
    description: ShortText = "A trial payment"
    return_url: Url | None = None
    cancel_url: Url | None = None
    capture_method: Literal["automatic", "manual"] = "automatic"
    mode: Literal["intent", "checkout"] = "intent"


class CaptureIn(StrictModel):
    """Which of the provider's payments to collect, and how much of it."""

    provider: ShortText
    reference: ShortText
    amount: MoneyNumber
    currency: CurrencyCode = "USD"


class TrialIn(StrictModel):
    """The small payment to try with; without one the keys alone are tried."""

    amount: MoneyNumber | None = None
    currency: CurrencyCode = "USD"


class Payment(BaseModel):
    """A payment as the provider has it. `reference` is the provider's id, `payment_id` ours that travels with it."""

    provider: str
    reference: str
    payment_id: UUID | None
    status: str
    amount: str = Field(examples=["20.00"])
    currency: str
    needs_capture: bool
    client_secret: str | None
    publishable_key: str | None
    approval_url: str | None
    ids: Mapping[str, str]
    provider_data: Mapping[str, Any]

    @classmethod
    def of(cls, at: PaymentGateway, intent: gateway_values.Intent, payment_id: UUID | None = None) -> Self:
        """What the provider answered."""
        return cls(
            provider=at.name,
            reference=intent.reference,
            payment_id=payment_id,
            status=intent.status,
            amount=format_amount(intent.amount_minor, intent.currency),
            currency=intent.currency,
            needs_capture=intent.needs_capture,
            client_secret=intent.client_secret,
            publishable_key=at.capabilities.publishable_key,
            approval_url=intent.checkout_url,
            ids=intent.ids,
            provider_data=intent.raw,
        )


class Trial(BaseModel):
    """How a provider took it; `error` is the code of its refusal."""

    provider: str
    success: bool
    account: str | None = None
    reference: str | None = None
    status: str | None = None
    approval_url: str | None = None
    error: str | None = Field(default=None, examples=["provider_declined"])
    message: str | None = None


class Delivery(BaseModel):
    """A delivery whose signature is right, and what it would mean."""

    valid: Literal[True] = True
    event_id: str
    event_type: str
    kind: str
    reference: str | None
    status: str | None


class Health(BaseModel):
    """That this process runs, and which providers it has keys for."""

    status: Literal["healthy"] = "healthy"
    service: Literal["moorage-payments"] = "moorage-payments"
    version: str
    database: Literal["none"] = "none"
    providers: list[str]
