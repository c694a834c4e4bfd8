"""The verbs of payouts, each one call of a SQL function; all take a connection and commit nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from moorage.domains.payments.facets import PayeeAccount, ProviderTransfer
from moorage.kernel.db import Connection


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be paid out. Amount in minor units, None: all that is available; currency None: the only one there is.
    `minimum` in whole units; `providers` in the order in which they are preferred.
    """

    payout_id: UUID
    operation_id: UUID
    amount_minor: int | None
    currency: str | None
    minimum: int
    providers: Sequence[str]


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """A call about a payout that is ours to make now. `was` is the call's status before: anything but 'planned' means
    that an earlier one may have been made. Amounts in minor units; `provider_ref` is what the provider calls it.
    """

    id: UUID
    was: str
    kind: Literal["transfer", "reverse"]
    attempts: int
    provider: str
    payout_id: UUID
    payee: str
    provider_ref: str | None
    amount_minor: int
    currency: str
    returned_minor: int


async def request_own(db: Connection, asked: Asked) -> str:
    """The asking practitioner's payout, reserved; answers how it is sent, 'provider' or 'manual'. Raises
    ForbiddenError, InsufficientBalanceError, PayoutBelowMinimumError, CurrencyRequiredError.
    """
    method: str = await db.fetchval(
        "SELECT request_payout_for_asking($1, $2, $3, $4, $5, $6)",
        asked.payout_id,
        asked.operation_id,
        asked.amount_minor,
        asked.currency,
        asked.minimum,
        asked.providers,
    )
    return method


async def request_weekly(db: Connection, asked: Asked, practitioner_id: UUID, week: date) -> bool:
    """All that a practitioner has available in a currency, once a week; False when there was nothing to do."""
    made: bool = await db.fetchval(
        "SELECT request_weekly_payout($1, $2, $3, $4, $5, $6, $7)",
        asked.payout_id,
        asked.operation_id,
        practitioner_id,
        asked.currency,
        week,
        asked.minimum,
        asked.providers,
    )
    return made


async def record(db: Connection, payout_id: UUID, told: ProviderTransfer) -> str:
    """What a provider says of a payout now: 'moved', 'repeated', 'parked', 'impossible' or 'missing'."""
    outcome: str = await db.fetchval(
        "SELECT record_payout($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        payout_id,
        told.status,
        told.amount_minor,
        told.currency,
        told.payee,
        told.reference or None,
        dict(told.ids),
        told.reversed_minor,
        told.failure_code,
    )
    return outcome


async def mark_paid(db: Connection, payout_id: UUID, note: str | None) -> None:
    """An administrator's word. Raises ForbiddenError, NotFoundError, PayoutByProviderError, InvalidStateError."""
    await db.execute("SELECT mark_payout_paid($1, $2)", payout_id, note)


async def mark_failed(db: Connection, payout_id: UUID, reason: str) -> None:
    """An administrator's word. Raises ForbiddenError, NotFoundError, PayoutByProviderError."""
    await db.execute("SELECT mark_payout_failed($1, $2)", payout_id, reason)


async def claim_call(db: Connection, operation_id: UUID, lease: timedelta) -> ClaimedCall | None:
    """Take a call about a payout for making, before `lease` is over; None when it is not due or somebody has it."""
    row = await db.fetchrow("SELECT * FROM claim_payout_call($1, $2)", operation_id, lease)
    return None if row is None else ClaimedCall(**row)


async def begin_payee(db: Connection, row_id: UUID, practitioner_id: UUID, provider: str) -> Mapping[str, Any]:
    """The row (`id`, `provider_ref`) of a practitioner's account at a provider, made with `row_id` if there is none."""
    row = await db.fetchrow("SELECT id, provider_ref FROM begin_payee($1, $2, $3)", row_id, practitioner_id, provider)
    assert row is not None  # noqa: S101 - the function always answers the row
    return dict(row)


async def keep_payee(db: Connection, row_id: UUID, provider_ref: str) -> str:
    """Keep the account that was opened; answers the one in force."""
    kept: str = await db.fetchval("SELECT keep_payee($1, $2)", row_id, provider_ref)
    return kept


async def record_payee(db: Connection, provider: str, account: PayeeAccount) -> bool:
    """What a provider says of an account now; False when it is nobody's here."""
    found: bool = await db.fetchval(
        "SELECT record_payee($1, $2, $3, $4, $5)",
        provider,
        account.reference,
        account.can_be_paid,
        account.details_submitted,
        list(account.missing),
    )
    return found
