"""The ledger's verbs. Each is one call of a SQL function and commits nothing of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from moorage.kernel.db import Connection

POST: Final = "SELECT post($1, $2, $3, $4, $5, $6, $7, $8)"
"""One statement, its own transaction on a bare connection."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One balanced transaction: accounts by their codes with amounts in minor units of `currency`, debits positive and
    credits negative. `cause` is what cannot post twice.
    """

    id: UUID
    kind: str
    reference_type: str
    reference_id: UUID
    cause: str
    currency: str
    accounts: Sequence[str]
    amounts_minor: Sequence[int]


async def post(db: Connection, posting: Posting) -> bool:
    """Post; False when the cause was posted before. Raises UnbalancedTransactionError, InsufficientBalanceError,
    UnknownAccountError.
    """
    posted: bool = await db.fetchval(
        POST,
        posting.id,
        posting.kind,
        posting.reference_type,
        posting.reference_id,
        posting.cause,
        posting.currency,
        posting.accounts,
        posting.amounts_minor,
    )
    return posted


async def release_earnings(db: Connection, now: datetime, limit: int = 500) -> int:
    """Make earnings available whose time has come by `now`, at most `limit`; answers how many."""
    released: int = await db.fetchval("SELECT release_earnings($1, NULL, $2)", now, limit)
    return released
