"""A provider's own record of money against our books, both ways: what `moorage audit` and `moorage reconcile` share.

A provider's record is read page by page; ours is asked for by the ids that it carries, then what is ours and was not
seen there is told too.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from moorage.domains.payments.gateway import PaymentGateway
from moorage.domains.payments.gateway_values import Movement, ProviderRecord
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, Connection

_BATCH: Final = 500
# A movement just inside the period on one side may be just outside of it on the other.
_MARGIN: Final = timedelta(days=1)

_CHARGES = """
SELECT r.position, p.id, p.id AS payment_id, p.amount_minor, p.currency, p.status,
       p.succeeded_at IS NOT NULL AS is_recorded
  FROM unnest($2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY AS r (payment_id, parent, reference, position)
  LEFT JOIN payments p ON p.id = find_payment($1, r.payment_id, ARRAY[r.parent, r.reference])
"""
_REFUNDS = """
SELECT r.position, f.id, coalesce(f.payment_id, find_payment($1, r.payment_id, ARRAY[r.parent])) AS payment_id,
       f.amount_minor, f.currency, f.status, true AS is_recorded
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[]) WITH ORDINALITY AS r
       (payment_id, parent, reference, refund_id, position)
  LEFT JOIN LATERAL (
    SELECT own.* FROM refunds own JOIN payments p ON p.id = own.payment_id AND p.provider = $1
     WHERE own.id = r.refund_id OR own.provider_ref = r.reference
     ORDER BY (own.id = r.refund_id) IS TRUE DESC LIMIT 1) AS f ON true
"""
_DISPUTES = """
SELECT r.position, d.id, coalesce(d.payment_id, find_payment($1, r.payment_id, ARRAY[r.parent])) AS payment_id,
       d.amount_minor, d.currency, d.status, true AS is_recorded
  FROM unnest($2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY AS r (payment_id, parent, reference, position)
  LEFT JOIN disputes d ON d.provider = $1 AND d.provider_ref = r.reference
"""
# What has failed here is back, and so it has to be there.
_TRANSFERS = """
SELECT r.position, t.id, NULL::uuid AS payment_id, t.amount_minor, t.currency,
       CASE t.status WHEN 'failed' THEN 'failed' ELSE 'succeeded' END AS status, true AS is_recorded
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[]) WITH ORDINALITY AS r
       (payment_id, parent, reference, payout_id, position)
  LEFT JOIN payouts t ON t.provider = $1 AND (t.id = r.payout_id OR t.provider_ref = r.reference)
"""
_THEIRS: Final = {"charge": _CHARGES, "refund": _REFUNDS, "dispute": _DISPUTES, "transfer": _TRANSFERS}
_OURS: Final[Mapping[Movement, str]] = {
    "charge": """
        SELECT id, id AS payment_id, coalesce(provider_ref, id::text) AS reference, amount_minor, currency, status,
               succeeded_at AS at
          FROM payments WHERE provider = $1 AND succeeded_at >= $2 AND succeeded_at < $3
    """,
    "refund": """
        SELECT f.id, f.payment_id, coalesce(f.provider_ref, f.id::text) AS reference, f.amount_minor, f.currency,
               f.status, f.updated_at AS at
          FROM refunds f JOIN payments p ON p.id = f.payment_id
         WHERE p.provider = $1 AND f.status = 'succeeded' AND f.updated_at >= $2 AND f.updated_at < $3
    """,
    "dispute": """
        SELECT id, payment_id, provider_ref AS reference, amount_minor, currency, status, created_at AS at
          FROM disputes WHERE provider = $1 AND created_at >= $2 AND created_at < $3
    """,
    "transfer": """
        SELECT id, NULL::uuid AS payment_id, coalesce(provider_ref, id::text) AS reference, amount_minor, currency,
               status, paid_at AS at
          FROM payouts WHERE provider = $1 AND status = 'paid' AND paid_at >= $2 AND paid_at < $3
    """,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One movement of money on which the two books differ. `reference` is the provider's id of it, else ours;
    `our_id` and `payment_id` our rows where we know them; `record` the provider's word where it has one.
    """

    kind: Literal["missing_here", "missing_there", "different"]
    movement: Movement
    reference: str
    our_id: UUID | None
    payment_id: UUID | None
    detail: str
    recorded_at: datetime
    record: ProviderRecord | None = None


async def compare_books(
    house: House, gateway: PaymentGateway, since: datetime | None, until: datetime
) -> list[Difference]:
    """Everything recorded from `since` (None: ever) until before `until`. Raises as the gateway's `records` does."""
    found: list[Difference] = []
    seen: dict[str, set[UUID]] = {movement: set() for movement in _THEIRS}
    asked_since = None if since is None else since - _MARGIN
    async for batch in _batches(gateway, asked_since, until + _MARGIN):
        async with house.database.reading(SYSTEM) as db:
            told = await _compare_batch(db, gateway.name, batch, seen)
        found += [one for one in told if (since is None or one.recorded_at >= since) and one.recorded_at < until]
    from_when = since or datetime.min.replace(tzinfo=until.tzinfo)
    async with house.database.reading(SYSTEM) as db:
        for movement in _OURS:
            found += await _not_there(db, gateway.name, movement, seen[movement], from_when, until)
    return found


async def _not_there(  # noqa: PLR0917 - what is asked for, and of whom
    db: Connection, provider: str, movement: Movement, seen: set[UUID], since: datetime, until: datetime
) -> list[Difference]:
    found = []
    async for row in db.cursor(_OURS[movement], provider, since, until, prefetch=_BATCH):
        if row["id"] not in seen:
            detail = f"{row['amount_minor']} {row['currency']} is in our books, and not in {provider}'s ({row['id']})"
            found.append(
                Difference(
                    "missing_there",
                    movement,
                    row["reference"],
                    row["id"],
                    row["payment_id"],
                    detail,
                    row["at"],
                )
            )
    return found


async def _batches(
    gateway: PaymentGateway, since: datetime | None, until: datetime
) -> AsyncIterator[list[ProviderRecord]]:
    """What the provider recorded in that time, in lists of one kind."""
    batch: list[ProviderRecord] = []
    async for record in gateway.records(since):
        if batch and (len(batch) == _BATCH or batch[0].kind != record.kind):
            yield batch
            batch = []
        if record.recorded_at < until:
            batch.append(record)
    if batch:
        yield batch


async def _compare_batch(
    db: Connection, provider: str, batch: list[ProviderRecord], seen: dict[str, set[UUID]]
) -> list[Difference]:
    movement = batch[0].kind
    arguments: list[Any] = [
        [record.payment_id for record in batch],
        [record.payment_reference for record in batch],
        [record.reference for record in batch],
    ]
    if movement == "refund":
        arguments.append([record.refund_id for record in batch])
    elif movement == "transfer":
        arguments.append([record.payout_id for record in batch])
    found = []
    for row in await db.fetch(_THEIRS[movement], provider, *arguments):
        record = batch[row["position"] - 1]
        if row["id"] is not None:
            seen[movement].add(row["id"])
        difference = _difference(record, row)
        if difference is not None:
            kind, detail = difference
            found.append(
                Difference(
                    kind, movement, record.reference, row["id"], row["payment_id"], detail, record.recorded_at, record
                )
            )
    return found


def _difference(record: ProviderRecord, row: Any) -> tuple[Literal["missing_here", "different"], str] | None:
    """How our row differs from the provider's record; None when they agree."""
    told = f"{record.amount_minor} {record.currency} {record.status} at the provider"
    if row["id"] is None:
        return ("missing_here", f"{told}, and unknown here") if record.status != "failed" else None
    if (row["amount_minor"], row["currency"]) != (record.amount_minor, record.currency):
        return "different", f"{told}, {row['amount_minor']} {row['currency']} here ({row['id']})"
    if record.kind == "charge":
        return None if row["is_recorded"] else ("missing_here", f"{told}, and {row['status']} here ({row['id']})")
    if row["status"] != record.status:
        return "different", f"{told}, {row['status']} here ({row['id']})"
    return None
