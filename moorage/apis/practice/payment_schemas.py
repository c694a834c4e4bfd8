"""Payments as the practice contract shows them, and its words for them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from moorage.domains.payments import states
from moorage.domains.payments.queries import PaymentRow
from moorage.kernel.money import format_amount
from moorage.web.fields import refusal

PaymentStatus = Literal["pending", "completed", "failed", "refunded"]
Provider = Literal["stripe", "paypal", "square", "razorpay", "sandbox"]
# The core's words, by ours.
STATUSES: Final[Mapping[PaymentStatus, tuple[states.PaymentStatus, ...]]] = {
    "pending": ("pending", "requires_action", "processing"),
    "completed": ("succeeded", "partially_refunded", "disputed"),
    "failed": ("failed", "canceled"),
    "refunded": ("refunded", "charged_back"),
}
_WORDS: Final = {core: word for word, all_of_it in STATUSES.items() for core in all_of_it}
# Members of a payment's metadata that are ours, not the client's: what it is for, and what was noted of it.
OURS: Final = "moorage:"
LINKS: Final = "moorage:links"
NOTES: Final = "moorage:notes"
PAID_AT: Final = "moorage:payment_date"
# Our fields for a provider's ids: whose, which of its ids, and how our own reference begins where it is that one.
_IDS: Final = {
    "stripe_payment_intent_id": ("stripe", "payment_intent", "pi_"),
    "stripe_customer_id": ("stripe", "customer", None),
    "stripe_charge_id": ("stripe", "charge", None),
    "paypal_order_id": ("paypal", "order", ""),
    "paypal_payment_id": ("paypal", "capture", None),
    "paypal_payer_id": ("paypal", "payer", None),
}


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(repr(value)) > 10_000:
        raise refusal("too_long", "holds at most 10,000 characters in all")
    if any(name.startswith(OURS) for name in value):
        raise refusal("invalid_choice", f"has no names that begin with {OURS}")
    return value


Metadata = Annotated[dict[str, Any], AfterValidator(_small)]


class Payment(BaseModel):
    """A payment. `payment_method` is the provider's name, or how money came by hand."""

    id: UUID
    user_id: UUID | None
    amount: str = Field(examples=["20.00"])
    amount_refunded: str = Field(examples=["0.00"])
    currency: str
    payment_method: str = Field(examples=["stripe"])
    status: PaymentStatus
    stripe_payment_intent_id: str | None
    stripe_customer_id: str | None
    stripe_charge_id: str | None
    paypal_order_id: str | None
    paypal_payment_id: str | None
    paypal_payer_id: str | None
    service_id: str | None
    appointment_id: str | None
    training_id: str | None
    metadata: dict[str, Any]
    notes: str | None
    payment_date: AwareDatetime | None
    created_at: AwareDatetime

    @classmethod
    def of(cls, row: PaymentRow) -> Self:
        """As the contract shows it."""
        links = row.metadata.get(LINKS, {})
        of_booking = str(row.purpose_id) if row.purpose.startswith("booking_") and not links else None
        return cls(
            id=row.id,
            user_id=row.payer_id,
            amount=format_amount(row.amount_minor, row.currency),
            amount_refunded=format_amount(row.refunded_minor, row.currency),
            currency=row.currency,
            payment_method=method_of(row),
            status=word(row.status),
            **provider_fields(row),
            service_id=links.get("service_id"),
            appointment_id=links.get("appointment_id", of_booking),
            training_id=links.get("training_id"),
            metadata={name: value for name, value in row.metadata.items() if not name.startswith(OURS)},
            notes=row.metadata.get(NOTES),
            payment_date=row.metadata.get(PAID_AT, row.succeeded_at),
            created_at=row.created_at,
        )


def word(status: states.PaymentStatus) -> PaymentStatus:
    """The core's status in this contract's words."""
    return _WORDS[status]


def method_of(row: PaymentRow) -> str:
    """The provider's name, or how money came by hand."""
    return row.payment_method or states.BY_HAND if row.provider == states.BY_HAND else row.provider


def provider_fields(row: PaymentRow) -> dict[str, str | None]:
    """The provider's ids under this contract's names."""
    found: dict[str, str | None] = {}
    for name, (provider, key, beginning) in _IDS.items():
        known = row.provider_ids.get(key)
        if known is None and beginning is not None and (row.provider_ref or "").startswith(beginning):
            known = row.provider_ref
        found[name] = known if row.provider == provider else None
    return found
