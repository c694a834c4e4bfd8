"""One call of the sandbox: its transaction, what strikes it, and the events that it leaves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from moorage.kernel.db import Connection
from moorage.kernel.ids import Ids
from moorage.kernel.money import half_up
from moorage.providers.sandbox.behaviour import seconds_of
from moorage.providers.sandbox.cards import Method
from moorage.providers.sandbox.errors import MissingError


class Row(Protocol):
    """A row by its columns' names."""

    def __getitem__(self, column: str, /) -> Any:
        """The column's value."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call answers. `keep` False: not kept for repeats of its idempotency key."""

    status: int
    body: dict[str, Any]
    keep: bool = True
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What the gateway knows of its merchant. `endpoints` get the webhooks; `return_origins` are where a payer may be
    sent back to ("https://example.org"); `public_url` is where the gateway itself is reached. Of each charge it keeps
    `fee_bps` basis points and `fee_fixed_minor`.
    """

    api_key: str = field(repr=False)
    public_url: str
    merchant: str = "Moorage"
    webhook_secrets: tuple[str, ...] = field(default=(), repr=False)
    endpoints: tuple[str, ...] = ()
    return_origins: frozenset[str] = frozenset()
    fee_bps: int = 0
    fee_fixed_minor: int = 0

    def fee_of(self, amount_minor: int) -> int:
        """What the gateway keeps of a charge, never more than all of it."""
        return min(amount_minor, half_up(amount_minor * self.fee_bps, 10_000) + self.fee_fixed_minor)


@dataclass(slots=True)
class Call:
    """A call under way, inside its transaction. `faults`: what misbehaves, with seconds or None for the default."""

    db: Connection
    terms: Terms
    ids: Ids
    now: datetime
    faults: dict[str, int | None] = field(default_factory=dict)
    told: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def new_id(self, prefix: str) -> str:
        """An id that says what it names."""
        return f"{prefix}_{self.ids().hex}"

    async def one(self, statement: str, *arguments: Any) -> Row:
        """The row that a statement finds or writes. Raises MissingError."""
        row = await self.db.fetchrow(statement, *arguments)
        if row is None:
            raise MissingError
        return row

    def struck_by(self, method: Method) -> None:
        """Let `method` misbehave in its own way."""
        if method.misbehaves is not None:
            self.faults.setdefault(method.misbehaves, None)

    def tell(self, event_type: str, subject: str, data: Mapping[str, Any]) -> None:
        """Leave an event about `subject` (an intent, transfer or payout) with the object's present state."""
        self.told.append((event_type, subject, dict(data)))

    async def write_events(self) -> None:
        """Write what was told, and the webhooks to send, into the call's own transaction."""
        for index, (event_type, subject, data) in enumerate(self.told):
            event_id = self.new_id("evt")
            body = {
                "id": event_id,
                "type": event_type,
                "created_at": self.now.isoformat(),
                "livemode": False,
                "data": data,
            }
            await self.db.execute(
                "INSERT INTO sandbox.events (id, event_type, subject, body) VALUES ($1, $2, $3, $4)",
                event_id,
                event_type,
                subject,
                json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(),
            )
            if "never" not in self.faults:
                await self._plan_delivery(event_id, self._delay_s(index))
        self.told.clear()

    async def _plan_delivery(self, event_id: str, delay_s: int) -> None:
        copies = 2 if "duplicate" in self.faults else 1
        await self.db.executemany(
            "INSERT INTO sandbox.deliveries (event_id, endpoint, next_at) VALUES ($1, $2, now() + $3 * interval '1 s')",
            [(event_id, endpoint, delay_s) for endpoint in self.terms.endpoints for _ in range(copies)],
        )

    def _delay_s(self, index: int) -> int:
        delay_s = seconds_of("late", self.faults) if "late" in self.faults else 0
        if "out_of_order" in self.faults:
            delay_s += (len(self.told) - 1 - index) * seconds_of("out_of_order", self.faults)
        return delay_s
