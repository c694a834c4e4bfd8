"""How the sandbox misbehaves by setting: for the next N calls, or for a share of them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from moorage.kernel.db import Connection
from moorage.providers.sandbox.cards import Misbehaviour

Operation = Literal[
    "create",
    "confirm",
    "challenge",
    "capture",
    "cancel",
    "refund",
    "dispute",
    "transfer",
    "payout",
    "resolve",
    "fetch",
    "list",
]
Fault = Literal[
    Misbehaviour,
    "decline",
    "challenge",
    "slow",  # processing first, paid after `seconds`
    "refund_pending",  # a refund stays pending until it is resolved (or succeeds after `seconds`)
    "refund_fails",  # pending, then failed after `seconds`
    "payout_fails",  # pending, then failed after `seconds`
]
_CHANGING: Final = frozenset(
    {"create", "confirm", "challenge", "capture", "cancel", "refund", "dispute", "transfer", "payout"}
)
_STRIKES: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(("error_before", "error_after", "timeout_after", "answer_after_webhook"), _CHANGING),
    **dict.fromkeys(("duplicate", "out_of_order", "late", "never"), _CHANGING | {"resolve"}),
    **dict.fromkeys(("decline", "challenge", "slow"), frozenset({"confirm"})),
    **dict.fromkeys(("refund_pending", "refund_fails"), frozenset({"refund"})),
    "payout_fails": frozenset({"payout"}),
}
"""What a fault strikes unless its setting names operations."""
_DEFAULT_SECONDS: Final = {"timeout_after": 30, "late": 5, "out_of_order": 1, "slow": 3, "refund_fails": 2}


@dataclass(frozen=True, slots=True)
class Setting:
    """One fault's setting. `percent` of calls, or all of the next `next_calls`; `seconds` where time matters."""

    percent: int = 0
    next_calls: int = 0
    seconds: int | None = None
    operations: tuple[str, ...] | None = None


def seconds_of(fault: str, faults: Mapping[str, int | None]) -> int:
    """How long the fault's delay is: as set, else its own default."""
    given = faults.get(fault)
    return _DEFAULT_SECONDS.get(fault, 1) if given is None else given


async def draw(db: Connection, operation: Operation, dice: random.Random) -> dict[str, int | None]:
    """Which faults strike this call (fault: its seconds, None for the default); uses up one of the next N."""
    struck: dict[str, int | None] = {}
    for row in await db.fetch("SELECT * FROM sandbox.faults WHERE percent > 0 OR next_calls > 0"):
        fault = row["fault"]
        if operation not in (row["operations"] or _STRIKES[fault]):
            continue
        used = row["next_calls"] > 0 and await db.fetchval(
            "UPDATE sandbox.faults SET next_calls = next_calls - 1 WHERE fault = $1 AND next_calls > 0 RETURNING true",
            fault,
        )
        if used or dice.randrange(100) < row["percent"]:
            struck[fault] = row["seconds"]
    return struck


async def behave(db: Connection, settings: Mapping[str, Setting]) -> None:
    """Misbehave like this from now on, and in no other way. Call in a transaction."""
    await db.execute("DELETE FROM sandbox.faults")
    await db.executemany(
        "INSERT INTO sandbox.faults (fault, percent, next_calls, seconds, operations) VALUES ($1, $2, $3, $4, $5)",
        [
            (fault, one.percent, one.next_calls, one.seconds, list(one.operations) if one.operations else None)
            for fault, one in settings.items()
        ],
    )


async def behaviour(db: Connection) -> dict[str, Setting]:
    """The settings in force."""
    rows = await db.fetch("SELECT * FROM sandbox.faults ORDER BY fault")
    return {
        row["fault"]: Setting(
            row["percent"], row["next_calls"], row["seconds"], tuple(row["operations"]) if row["operations"] else None
        )
        for row in rows
    }
