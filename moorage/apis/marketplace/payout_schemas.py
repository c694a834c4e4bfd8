"""What payouts look like in the marketplace contract, going in and coming out."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from moorage.domains.payouts.queries import PayoutMethod, PayoutRow, PayoutStatus
from moorage.journeys.connect_payee import Connection
from moorage.kernel.money import format_amount
from moorage.web.fields import CurrencyCode, LongText, MoneyText, ShortText, StrictModel, refusal


class PayoutIn(StrictModel):
    """How much, in whole units; nothing: all that is available. The currency may be left out where there is one."""

    amount: MoneyText | None = None
    currency: CurrencyCode | None = None


class PaidIn(StrictModel):
    """How it was sent, for the practitioner and the books."""

    note: LongText | None = None


class FailedIn(StrictModel):
    """Why it did not arrive."""

    reason: Annotated[ShortText, Field(min_length=1, examples=["account_closed"])]


def _two_letters(text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()):
        raise refusal("invalid_format", "is a country by its two letters, like US")
    return text


class ConnectIn(StrictModel):
    """Where the practitioner is paid, and where the provider sends them back to."""

    country: Annotated[str, AfterValidator(_two_letters), Field(examples=["US"])] | None = None
    return_url: Annotated[str, Field(max_length=2048)] | None = None
    refresh_url: Annotated[str, Field(max_length=2048)] | None = None


class PayoutView(BaseModel):
    """One payout. `requested`: reserved and to be sent; `in_transit`: sent; `failed`: back, and available again."""

    id: UUID
    practitioner_id: UUID
    status: PayoutStatus
    amount: str = Field(examples=["120.00"])
    returned_amount: str = Field(description="What came back of it", examples=["0.00"])
    currency: str
    method: PayoutMethod = Field(description="Sent through a provider, or by hand")
    provider: str
    reference: str | None = Field(description="What the provider calls it")
    failure_code: str | None
    note: str | None
    week: date | None = Field(description="The payday of an automatic payout")
    paid_at: datetime | None
    failed_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: PayoutRow) -> "PayoutView":
        """The view of one row."""
        return cls(
            id=row.id,
            practitioner_id=row.practitioner_id,
            status=row.status,
            amount=format_amount(row.amount_minor, row.currency),
            returned_amount=format_amount(row.returned_minor, row.currency),
            currency=row.currency,
            method=row.method,
            provider=row.provider,
            reference=row.provider_ref,
            failure_code=row.failure_code,
            note=row.note,
            week=row.week,
            paid_at=row.paid_at,
            failed_at=row.failed_at,
            created_at=row.created_at,
        )


class ConnectView(BaseModel):
    """A practitioner's account at the provider that pays out, and where they tell it what it wants to know."""

    provider: str
    account: str
    can_be_paid: bool
    details_submitted: bool
    missing: list[str] = Field(description="What the provider still wants to know, in its own words")
    url: str = Field(description="The provider's page, good for a short while")

    @classmethod
    def of(cls, made: Connection) -> "ConnectView":
        """The view of an account."""
        return cls(
            provider=made.provider,
            account=made.account.reference,
            can_be_paid=made.account.can_be_paid,
            details_submitted=made.account.details_submitted,
            missing=list(made.account.missing),
            url=made.url,
        )
