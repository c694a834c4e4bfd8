"""Payments as the catering contract takes them in and shows them. Amounts are cents, but a refund is asked for in whole
units.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from moorage.domains.payments.queries import PaymentRow, RefundRow
from moorage.journeys.start_payment import StartedPayment
from moorage.kernel.money import format_amount
from moorage.web.fields import CurrencyCode, Email, Id, LongText, MinorUnits, MoneyNumber, Name, ShortText, StrictModel

PaymentType = Literal["deposit", "balance", "addon", "full"]
PURPOSES: Final[dict[str, str]] = {
    "deposit": "booking_deposit",
    "balance": "booking_balance",
    "addon": "booking_add_on",
    "full": "booking_full",
    "invoice": "invoice",
    "subscription": "subscription",
    "free": "free_amount",
}
TYPES: Final = {purpose: name for name, purpose in PURPOSES.items()}
Url = Annotated[str, Field(min_length=1, max_length=2_000)]


Metadata = Annotated[dict[str, JsonValue], Field(max_length=50)]


class LineItem(StrictModel):
    """One line of what is paid for; `amount` is of one piece."""

    name: Name
    amount: MinorUnits
    quantity: Annotated[int, Field(ge=1, le=10_000)] = 1
    description: ShortText = ""


class CheckoutIn(StrictModel):
    """What is paid for on the payment page: lines, or prices of the mirrored catalog. With a booking, a part of what
    it owes. With `mode` `subscription`: recurring prices, by the ids that the provider has for them.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"line_items": [{"name": "Deposit", "amount": 10000, "quantity": 1}], "currency": "USD"}]
        }
    )

    booking_id: Id | None = None
    line_items: Annotated[list[LineItem], Field(min_length=1, max_length=100)] | None = None
    price_ids: Annotated[list[Name], Field(min_length=1, max_length=100)] | None = None
    mode: Literal["payment", "subscription"] = "payment"
    currency: CurrencyCode | None = None
    success_url: Url | None = None
    cancel_url: Url | None = None
    customer_email: Email | None = None
    metadata: Metadata = Field(default_factory=dict)


class IntentIn(StrictModel):
    """What is paid in the client's own page. With a booking, a part of what it owes."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"amount": 10000, "currency": "USD", "payment_type": "full"}]}
    )

    booking_id: Id | None = None
    amount: MinorUnits
    currency: CurrencyCode | None = None
    payment_type: PaymentType


class RefundIn(StrictModel):
    """What goes back, in whole units; without `amount` all that is left."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "payment_id": "01a1f0c2-7d1e-7b8a-9c57-3f1f6f5c0b11",
                    "amount": "50.00",
                    "reason": "customer_request",
                }
            ]
        }
    )

    payment_id: Id
    amount: MoneyNumber | None = None
    reason: Literal["customer_request", "duplicate", "fraudulent", "other"]
    notes: LongText | None = None


class CheckoutSession(BaseModel):
    """Where to pay. `session_id` and `url` are null while the provider has not answered (202)."""

    session_id: str | None
    url: str | None
    payment_id: UUID
    expires_at: datetime | None
    tax: int = Field(description="The tax in the amount, as far as it is known")
    status: str = Field(examples=["pending"])

    @classmethod
    def of(cls, started: StartedPayment) -> "CheckoutSession":
        """The view of a payment that was started."""
        payment = started.payment
        return cls(
            session_id=payment.provider_ids.get("checkout_session") or payment.provider_ref or str(payment.id),
            url=started.checkout_url,
            payment_id=payment.id,
            expires_at=started.expires_at,
            tax=payment.tax_minor,
            status=payment.status,
        )


class PaymentIntent(BaseModel):
    """How to pay in the client's own page. `customer_id` is the provider's, where it keeps customers."""

    client_secret: str | None
    payment_intent_id: str | None
    payment_id: UUID
    customer_id: str | None
    status: str = Field(examples=["pending"])

    @classmethod
    def of(cls, started: StartedPayment, customer: str | None) -> "PaymentIntent":
        """The view of a payment that was started."""
        payment = started.payment
        return cls(
            client_secret=started.client_secret,
            payment_intent_id=payment.provider_ids.get("payment_intent") or payment.provider_ref or str(payment.id),
            payment_id=payment.id,
            customer_id=payment.provider_ids.get("customer") or customer,
            status=payment.status,
        )


class CateringPayment(BaseModel):
    """A payment. Amounts are cents; `payment_type` also says `invoice`, `subscription` (a period of it) and `free`."""

    id: UUID
    booking_id: UUID | None
    invoice_id: UUID | None
    subscription_id: UUID | None
    description: str | None
    customer_id: UUID | None
    customer_email: str | None
    amount: int = Field(examples=[10000])
    refunded_amount: int = Field(examples=[5000])
    refund_pending: int
    tax: int
    fee: int | None = Field(description="What the provider keeps, once it has told")
    fee_currency: str | None = Field(description="That of our account at the provider")
    currency: str = Field(examples=["USD"])
    status: str = Field(examples=["succeeded"])
    payment_type: str = Field(examples=["deposit"])
    method: str = Field(examples=["visa 4242"])
    provider: str = Field(examples=["sandbox"])
    provider_reference: str | None
    failure_code: str | None
    metadata: dict[str, Any]
    created_at: datetime
    paid_at: datetime | None

    @classmethod
    def of(cls, row: PaymentRow) -> "CateringPayment":
        """The view of one row."""
        return cls(
            id=row.id,
            booking_id=row.purpose_id if row.purpose.startswith("booking_") else None,
            invoice_id=row.purpose_id if row.purpose == "invoice" else None,
            subscription_id=row.purpose_id if row.purpose == "subscription" else None,
            description=row.description,
            customer_id=row.payer_id,
            customer_email=row.payer_email,
            amount=row.amount_minor,
            refunded_amount=row.refunded_minor,
            refund_pending=row.refund_pending_minor,
            tax=row.tax_minor,
            fee=row.fee_minor,
            fee_currency=row.fee_currency,
            currency=row.currency,
            status=row.status,
            payment_type=TYPES.get(row.purpose, row.purpose),
            method=row.payment_method or row.provider,
            provider=row.provider,
            provider_reference=row.provider_ref,
            failure_code=row.failure_code,
            metadata=dict(row.metadata),
            created_at=row.created_at,
            paid_at=row.succeeded_at,
        )


class CateringRefund(BaseModel):
    """A refund. `amount` is in whole units, as it is asked for; `amount_cents` the same in cents."""

    id: UUID
    payment_id: UUID
    amount: str = Field(examples=["50.00"])
    amount_cents: int = Field(examples=[5000])
    tax_cents: int = Field(description="Of the amount, what is tax.", examples=[0])
    currency: str = Field(examples=["USD"])
    status: Literal["pending", "succeeded", "failed"]
    reason: str = Field(examples=["customer_request"])
    notes: str | None
    provider_reference: str | None
    failure_code: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: RefundRow) -> "CateringRefund":
        """The view of one row."""
        return cls(
            id=row.id,
            payment_id=row.payment_id,
            amount=format_amount(row.amount_minor, row.currency),
            amount_cents=row.amount_minor,
            tax_cents=row.tax_minor,
            currency=row.currency,
            status=row.status,
            reason=row.reason,
            notes=row.notes,
            provider_reference=row.provider_ref,
            failure_code=row.failure_code,
            created_at=row.created_at,
        )
