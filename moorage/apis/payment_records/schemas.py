"""The shapes of payment records. Amounts are decimals in whole units, exact; ids integers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from moorage.domains.payments.records import RecordRow
from moorage.kernel.money import format_amount, parse_amount
from moorage.web.fields import CurrencyCode, Email, MoneyNumber, StrictModel, refusal

PaymentStatus = Literal["pending", "processing", "succeeded", "failed", "canceled", "refunded"]
Provider = Literal["stripe", "paypal", "square", "razorpay", "other"]

STATUS_OF: Final[Mapping[str, PaymentStatus]] = {
    "pending": "pending",
    "requires_action": "pending",
    "processing": "processing",
    "succeeded": "succeeded",
    # Money was collected and some of it is still here; `refunded` says that nothing is.
    "partially_refunded": "succeeded",
    "disputed": "succeeded",
    "refunded": "refunded",
    "charged_back": "refunded",
    "failed": "failed",
    "canceled": "canceled",
}
"""The core's states as this contract says them."""

# This contract's names of the columns that differ.
COLUMN_OF: Final = {"payment_id": "gateway_payment_id", "booking_id": "booking_no", "property_id": "property_no"}
FIXED: Final = (
    "id",
    "payment_id",
    "payment_status",
    "currency",
    "amount_total",
    "user_id",
    "provider",
    "created_at",
    "updated_at",
)
"""What PUT takes only as it is."""


def _not_blank(value: str) -> str:
    if value != value.strip() or not value:
        raise refusal("invalid_format", "is not an id: it is empty, or has space around it")
    return value


Token = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_not_blank)]
"""An id of another system's: Stripe's may have 255 characters."""

Number = Annotated[int, Field(ge=1, le=2**53 - 1)]
"""A running number: ours, or of the site's other services."""

Subject = Annotated[int | str, Field(description="Who it is at the site: the token's `user_id` or `sub`")]


class RecordIn(StrictModel):
    """A payment to be recorded. `user_id` is the token's whatever is sent."""

    payment_id: Token
    amount_total: MoneyNumber
    currency: CurrencyCode
    provider: Provider
    payment_status: PaymentStatus = "pending"
    checkout_session_id: Token | None = None
    payment_method_id: Token | None = None
    payment_method_types: Annotated[list[Token] | None, Field(max_length=50)] = None
    customer_id: Token | None = None
    customer_email: Email | None = None
    booking_id: Number | None = None
    property_id: Number | None = None
    user_id: Subject | None = None
    description: Annotated[str | None, Field(max_length=5_000)] = None


class RecordChanges(StrictModel):
    """What is to be said of a payment from now on; what is left out stays. The fixed fields may be sent along as they
    are.
    """

    checkout_session_id: Token | None = None
    payment_method_id: Token | None = None
    payment_method_types: Annotated[list[Token] | None, Field(max_length=50)] = None
    customer_id: Token | None = None
    customer_email: Email | None = None
    booking_id: Number | None = None
    property_id: Number | None = None
    description: Annotated[str | None, Field(max_length=5_000)] = None
    id: Number | None = None
    payment_id: Token | None = None
    payment_status: PaymentStatus | None = None
    currency: CurrencyCode | None = None
    amount_total: MoneyNumber | None = None
    user_id: Subject | None = None
    provider: Provider | None = None
    created_at: Annotated[str | None, Field(max_length=40)] = None
    updated_at: Annotated[str | None, Field(max_length=40)] = None


class StatusIn(StrictModel):
    """Where a payment has come."""

    payment_status: PaymentStatus


class RecordOut(BaseModel):
    """A recorded payment. `user_id` is null where its payer has no account at the site."""

    id: int
    checkout_session_id: str | None
    payment_id: str
    payment_method_id: str | None
    payment_method_types: list[str]
    payment_status: PaymentStatus
    currency: str
    amount_total: Annotated[str, WithJsonSchema({"type": "string", "examples": ["80.00"]})]
    customer_id: str | None
    customer_email: str | None
    booking_id: int | None
    property_id: int | None
    user_id: int | str | None
    provider: str
    created_at: datetime
    updated_at: datetime
    description: str | None

    @classmethod
    def of(cls, row: RecordRow) -> "RecordOut":
        """`row` in this contract's words."""
        subject = row.subject
        return cls(
            id=row.no,
            checkout_session_id=row.checkout_session_id,
            payment_id=row.gateway_payment_id,
            payment_method_id=row.payment_method_id,
            payment_method_types=list(row.payment_method_types),
            payment_status=STATUS_OF[row.status],
            currency=row.currency,
            amount_total=format_amount(row.amount_minor, row.currency),
            customer_id=row.customer_id,
            customer_email=row.customer_email,
            booking_id=row.booking_no,
            property_id=row.property_no,
            user_id=int(subject) if subject is not None and _is_number(subject) else subject,
            provider=row.provider,
            created_at=row.created_at,
            updated_at=row.updated_at,
            description=row.description,
        )


class RecordPage(BaseModel):
    """One page of records, the newest first: `total` of them on `pages` pages."""

    items: list[RecordOut]
    total: int
    page: int
    page_size: int
    pages: int


def columns_of(body: RecordIn | RecordChanges) -> dict[str, Any]:
    """What was sent of the descriptive fields, by column."""
    sent = body.model_dump(exclude_unset=True)
    fixed = set(FIXED) - {"payment_id"} if isinstance(body, RecordIn) else set(FIXED)
    if "payment_method_types" in sent:
        sent["payment_method_types"] = sent["payment_method_types"] or []
    return {COLUMN_OF.get(name, name): value for name, value in sent.items() if name not in fixed}


def changed_field(body: RecordChanges, row: RecordRow) -> str | None:
    """The first fixed field that was sent with another value than the record has."""
    known = RecordOut.of(row)
    for name in FIXED:
        if name not in body.model_fields_set:
            continue
        sent, held = getattr(body, name), getattr(known, name)
        if name == "amount_total":
            is_same = sent is not None and parse_amount(sent, row.currency) == row.amount_minor
        elif name in ("created_at", "updated_at"):
            is_same = sent is not None and _instant(sent) == held
        else:
            is_same = sent == held
        if not is_same:
            return name
    return None


def _instant(text: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo is not None else None


def _is_number(subject: str) -> bool:
    """Whether a subject is an integer as integers are written: `007` is a name."""
    return subject.isascii() and subject.isdigit() and len(subject) <= 15 and str(int(subject)) == subject
