"""The shapes of payments in the marketplace contract. Amounts are decimal strings in whole units."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from moorage.domains.payments.queries import PaymentRow
from moorage.domains.payments.states import PaymentStatus
from moorage.kernel.money import format_amount
from moorage.web.fields import Id, StrictModel

Method = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9_:\-]+$", examples=["pm_card_visa"])]
ProviderName = Annotated[str, Field(min_length=1, max_length=40, examples=["sandbox"])]


class CreateIntentBody(StrictModel):
    """What is to be paid. How much is the server's to say."""

    booking_id: Id
    provider: ProviderName | None = None


class ConfirmBody(StrictModel):
    """Which payment, and with what."""

    payment_id: Id
    payment_method: Method


class IntentView(BaseModel):
    """How to pay."""

    payment_id: UUID
    provider: str
    status: PaymentStatus
    amount: str = Field(examples=["80.00"])
    currency: str = Field(examples=["USD"])
    client_secret: str | None
    checkout_url: str | None

    @classmethod
    def of(cls, row: PaymentRow) -> "IntentView":
        """The view of a payment that is to be paid."""
        return cls(
            payment_id=row.id,
            provider=row.provider,
            status=row.status,
            amount=format_amount(row.amount_minor, row.currency),
            currency=row.currency,
            client_secret=row.client_secret,
            checkout_url=row.checkout_url,
        )


class PaymentView(BaseModel):
    """A payment as its payer sees it."""

    id: UUID
    provider: str
    status: PaymentStatus
    amount: str = Field(examples=["80.00"])
    refunded_amount: str = Field(examples=["0.00"])
    currency: str = Field(examples=["USD"])
    purpose: str = Field(examples=["booking_full"])
    booking_id: UUID | None
    payment_method: str | None
    failure_code: str | None = Field(examples=["card_declined"])
    client_secret: str | None
    checkout_url: str | None
    created_at: datetime
    succeeded_at: datetime | None

    @classmethod
    def of(cls, row: PaymentRow) -> "PaymentView":
        """The view of one row; where to pay is told while it can be paid."""
        payable = row.status in ("pending", "requires_action", "failed")
        return cls(
            id=row.id,
            provider=row.provider,
            status=row.status,
            amount=format_amount(row.amount_minor, row.currency),
            refunded_amount=format_amount(row.refunded_minor, row.currency),
            currency=row.currency,
            purpose=row.purpose,
            booking_id=row.purpose_id if row.purpose.startswith("booking_") else None,
            payment_method=row.payment_method,
            failure_code=row.failure_code,
            client_secret=row.client_secret if payable else None,
            checkout_url=row.checkout_url if payable else None,
            created_at=row.created_at,
            succeeded_at=row.succeeded_at,
        )
