"""Transfers to connected accounts and payouts to banks, out of balances that follow from what was recorded.

What is paid out of one currency's balances happens one after the other (an advisory lock per currency), so that two at
once never take the same money.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from moorage.kernel.db import Connection
from moorage.providers.sandbox.accounts import refuse_closed
from moorage.providers.sandbox.behaviour import seconds_of
from moorage.providers.sandbox.call import Answer, Call, Row
from moorage.providers.sandbox.errors import MissingError, StateError
from moorage.providers.sandbox.present import payout_object, transfer_object

# account (null: the merchant's own), currency, balance. A dispute takes the money until it is won.
_BALANCES = """
SELECT account, currency, sum(amount)::bigint AS balance_minor FROM (
  SELECT NULL AS account, currency, amount_minor - refunded_minor - refund_pending_minor AS amount
    FROM sandbox.charges WHERE status = 'succeeded'
  UNION ALL SELECT NULL, currency, -amount_minor FROM sandbox.disputes WHERE status <> 'won'
  UNION ALL SELECT NULL, currency, reversed_minor - amount_minor FROM sandbox.transfers
  UNION ALL SELECT account, currency, amount_minor - reversed_minor FROM sandbox.transfers
  UNION ALL SELECT account, currency, -amount_minor FROM sandbox.payouts WHERE status <> 'failed'
) AS movement
"""


@dataclass(frozen=True, slots=True)
class NewTransfer:
    """What to move to which connected account."""

    account: str
    amount_minor: int
    currency: str
    description: str = ""
    client_reference: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewPayout:
    """What to pay to the bank of `account` (None: the merchant's own)."""

    amount_minor: int
    currency: str
    account: str | None = None
    client_reference: UUID | None = None


async def balances(db: Connection) -> Sequence[Row]:
    """Every balance: account (None: the merchant's own), currency, balance_minor."""
    return await db.fetch(_BALANCES + "GROUP BY account, currency ORDER BY account NULLS FIRST, currency")


async def create_transfer(call: Call, new: NewTransfer) -> Answer:
    """Move money to a connected account. 201, or 200 when `client_reference` has done so before. Raises StateError
    `insufficient_balance`, `payee_not_ready`, `client_reference_used`.
    """
    await _take_turn(call, new.currency)
    existing = await call.db.fetchrow(
        "SELECT * FROM sandbox.transfers WHERE client_reference = $1", new.client_reference
    )
    if existing is not None:
        _refuse_other(existing, new)
        return Answer(200, transfer_object(existing))
    await refuse_closed(call, new.account)
    await _refuse_overdraft(call, None, new.currency, new.amount_minor)
    row = await call.one(
        """
        INSERT INTO sandbox.transfers (id, client_reference, account, amount_minor, currency, description)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING *
        """,
        call.new_id("tr"),
        new.client_reference,
        new.account,
        new.amount_minor,
        new.currency,
        new.description,
    )
    return _told_transfer(call, row, "transfer.created", 201)


async def reverse_transfer(call: Call, transfer_id: str, amount_minor: int) -> Answer:
    """Take back a part or all of a transfer. Raises MissingError, StateError `reversal_exceeds_transfer`,
    `insufficient_balance`.
    """
    currency = await call.db.fetchval("SELECT currency FROM sandbox.transfers WHERE id = $1", transfer_id)
    if currency is None:
        raise MissingError("There is no such transfer.")
    await _take_turn(call, currency)
    transfer = await call.one("SELECT * FROM sandbox.transfers WHERE id = $1", transfer_id)
    if amount_minor > transfer["amount_minor"] - transfer["reversed_minor"]:
        raise StateError("More than is left of the transfer.", code="reversal_exceeds_transfer", param="amount_minor")
    await _refuse_overdraft(call, transfer["account"], currency, amount_minor)
    row = await call.one(
        "UPDATE sandbox.transfers SET reversed_minor = reversed_minor + $2 WHERE id = $1 RETURNING *",
        transfer_id,
        amount_minor,
    )
    return _told_transfer(call, row, "transfer.reversed", 200)


async def create_payout(call: Call, new: NewPayout) -> Answer:
    """Pay to a bank: pending, then paid (or failed) by itself or by `resolve_payout`. 201, or 200 when
    `client_reference` has done so before. Raises StateError `insufficient_balance`, `client_reference_used`.
    """
    await _take_turn(call, new.currency)
    existing = await call.db.fetchrow("SELECT * FROM sandbox.payouts WHERE client_reference = $1", new.client_reference)
    if existing is not None:
        _refuse_other(existing, new)
        return Answer(200, payout_object(existing))
    await _refuse_overdraft(call, new.account, new.currency, new.amount_minor)
    fails = "payout_fails" in call.faults
    row = await call.one(
        """
        INSERT INTO sandbox.payouts (id, client_reference, account, amount_minor, currency, failure_code, ripe_at)
        VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 s') RETURNING *
        """,
        call.new_id("po"),
        new.client_reference,
        new.account,
        new.amount_minor,
        new.currency,
        "account_closed" if fails else None,
        seconds_of("payout_fails", call.faults),
    )
    return _told_payout(call, row, 201)


async def resolve_payout(
    call: Call, payout_id: str, status: Literal["paid", "failed"], failure_code: str | None = None
) -> Answer:
    """Decide a payout; one that was paid may still come back (failed). Raises MissingError, StateError."""
    payout = await call.one("SELECT * FROM sandbox.payouts WHERE id = $1 FOR UPDATE", payout_id)
    if payout["status"] == status:
        return Answer(200, payout_object(payout))
    if payout["status"] == "failed":
        raise StateError("The payout has failed.", code="payout_failed")
    row = await call.one(
        "UPDATE sandbox.payouts SET status = $2, failure_code = $3, ripe_at = NULL, updated_at = now() WHERE id = $1"
        " RETURNING *",
        payout_id,
        status,
        None if status == "paid" else failure_code or "account_closed",
    )
    return _told_payout(call, row, 200)


async def _take_turn(call: Call, currency: str) -> None:
    await call.db.execute("SELECT pg_advisory_xact_lock(hashtextextended('sandbox.balance:' || $1, 0))", currency)


async def _refuse_overdraft(call: Call, account: str | None, currency: str, amount_minor: int) -> None:
    left = await call.db.fetchval(
        f"SELECT balance_minor FROM ({_BALANCES} WHERE account IS NOT DISTINCT FROM $1 AND currency = $2"  # noqa: S608
        " GROUP BY account, currency) AS balance",
        account,
        currency,
    )
    if amount_minor > (left or 0):
        raise StateError(f"The balance is {left or 0}.", code="insufficient_balance", param="amount_minor")


def _refuse_other(existing: Row, new: NewTransfer | NewPayout) -> None:
    if (existing["amount_minor"], existing["currency"], existing["account"]) != (
        new.amount_minor,
        new.currency,
        new.account,
    ):
        raise StateError("This reference belongs to something else.", code="client_reference_used")


def _told_transfer(call: Call, row: Row, event_type: str, status: int) -> Answer:
    body = transfer_object(row)
    call.tell(event_type, row["id"], body)
    return Answer(status, body)


def _told_payout(call: Call, row: Row, status: int) -> Answer:
    body = payout_object(row)
    call.tell(f"payout.{row['status']}", row["id"], body)
    return Answer(status, body)
