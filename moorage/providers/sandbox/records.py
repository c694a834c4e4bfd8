"""Reading the sandbox's own records: single objects, and lists by the page, oldest first."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from moorage.kernel.db import Connection
from moorage.providers.sandbox.call import Row, Terms
from moorage.providers.sandbox.errors import MalformedError, MissingError
from moorage.providers.sandbox.intents import is_expired
from moorage.providers.sandbox.present import (
    account_object,
    charge_object,
    delivery_object,
    dispute_object,
    intent_object,
    payout_object,
    refund_object,
    subscription_object,
    transfer_object,
)

_OF_INTENT = ", i.id AS parent_id, i.client_reference AS parent_reference"
_VIA_CHARGE = "JOIN sandbox.charges c ON c.id = t.charge_id JOIN sandbox.intents i ON i.id = c.intent_id"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind is read: what is selected beside its columns, from where, and how a row is shown."""

    name: str
    show: Callable[[Row], dict[str, Any]]
    columns: str = ""
    joins: str = ""


_KINDS: Final = {
    "charges": _Kind(
        "charge",
        lambda row: charge_object(_parent(row), row),
        _OF_INTENT,
        "JOIN sandbox.intents i ON i.id = t.intent_id",
    ),
    "refunds": _Kind("refund", lambda row: refund_object(_parent(row), row), _OF_INTENT, _VIA_CHARGE),
    "disputes": _Kind("dispute", lambda row: dispute_object(_parent(row), row), _OF_INTENT, _VIA_CHARGE),
    "subscriptions": _Kind("subscription", subscription_object),
    "accounts": _Kind("account", account_object),
    "transfers": _Kind("transfer", transfer_object),
    "payouts": _Kind("payout", payout_object),
    "events": _Kind("event", lambda row: dict(json.loads(row["body"]))),
}


_INTENTS: Final = _Kind("intent", lambda _row: {})  # Shown by `_shown_intents`, with what was charged.


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of a list: from `since` on (inclusive), after the object with the id `after`, of one `intent`."""

    since: datetime | None = None
    after: str | None = None
    intent: str | None = None
    limit: int = 100


async def intent(db: Connection, terms: Terms, name: str, now: datetime) -> dict[str, Any]:
    """An intent by its id or its client_reference. Raises MissingError."""
    row = await intent_row(db, name)
    if row is None:
        raise MissingError("There is no such intent.")
    return (await _shown_intents(db, terms, [row], now))[0]


async def intent_row(db: Connection, name: str) -> Row | None:
    """The row of an intent by its id or its client_reference."""
    reference = _uuid(name)
    if reference is not None:
        return await db.fetchrow("SELECT * FROM sandbox.intents WHERE client_reference = $1", reference)
    return await db.fetchrow("SELECT * FROM sandbox.intents WHERE id = $1", name)


async def intents(db: Connection, terms: Terms, now: datetime, asked: Asked) -> dict[str, Any]:
    """A page of intents."""
    rows = await _rows(db, "intents", _INTENTS, asked)
    return {"data": await _shown_intents(db, terms, rows[: asked.limit], now), "has_more": len(rows) > asked.limit}


async def one(db: Connection, kind: str, name: str) -> dict[str, Any]:
    """An object of another kind ("refunds", …) by its id or its client_reference. Raises MissingError."""
    how = _KINDS[kind]
    reference = _uuid(name) if kind in ("refunds", "accounts", "transfers", "payouts", "subscriptions") else None
    column, value = ("id", name) if reference is None else ("client_reference", reference)
    row = await db.fetchrow(
        f"SELECT t.*{how.columns} FROM sandbox.{kind} t {how.joins} WHERE t.{column} = $1",  # noqa: S608 - constants
        value,
    )
    if row is None:
        raise MissingError(f"There is no such {how.name}.")
    return how.show(row)


async def many(db: Connection, kind: str, asked: Asked) -> dict[str, Any]:
    """A page of another kind: `data`, `has_more`; the next page is asked for `after` the last one's id."""
    how = _KINDS[kind]
    rows = await _rows(db, kind, how, asked)
    return {"data": [how.show(row) for row in rows[: asked.limit]], "has_more": len(rows) > asked.limit}


async def deliveries_of(db: Connection, event_id: str) -> dict[str, Any]:
    """Every delivery of one event, with how often it was tried and what was answered. Raises MissingError."""
    if not await db.fetchval("SELECT true FROM sandbox.events WHERE id = $1", event_id):
        raise MissingError("There is no such event.")
    rows = await db.fetch("SELECT * FROM sandbox.deliveries WHERE event_id = $1 ORDER BY no", event_id)
    return {"data": [delivery_object(row) for row in rows], "has_more": False}


async def _rows(db: Connection, kind: str, how: _Kind, asked: Asked) -> list[Any]:
    """One row more than asked for, so that the page can say whether there is more."""
    after_no = 0
    if asked.after is not None:
        after_no = await db.fetchval(f"SELECT no FROM sandbox.{kind} WHERE id = $1", asked.after)  # noqa: S608
        if after_no is None:
            raise MalformedError(f"There is no {how.name} to go on after.", code="invalid_cursor", param="after")
    arguments: list[Any] = [after_no, asked.limit + 1]
    conditions = ["t.no > $1"]
    if asked.since is not None:
        arguments.append(asked.since)
        conditions.append(f"t.created_at >= ${len(arguments)}")
    if asked.intent is not None:
        arguments.append(asked.intent)
        conditions.append(f"i.id = ${len(arguments)}")
    return await db.fetch(
        f"SELECT t.*{how.columns} FROM sandbox.{kind} t {how.joins}"  # noqa: S608 - constants and numbered parameters
        f" WHERE {' AND '.join(conditions)} ORDER BY t.no LIMIT $2",
        *arguments,
    )


async def _shown_intents(db: Connection, terms: Terms, rows: list[Any], now: datetime) -> list[dict[str, Any]]:
    charges = await db.fetch(
        "SELECT * FROM sandbox.charges WHERE intent_id = ANY($1) AND status = 'succeeded'", [row["id"] for row in rows]
    )
    of: Mapping[str, Row] = {charge["intent_id"]: charge for charge in charges}
    return [
        intent_object(terms, row, of.get(row["id"])) | ({"status": "expired"} if is_expired(row, now) else {})
        for row in rows
    ]


def _parent(row: Row) -> Row:
    return {"id": row["parent_id"], "client_reference": row["parent_reference"]}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
