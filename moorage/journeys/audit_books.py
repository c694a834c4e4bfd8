"""`moorage audit`: whether the books are whole, and agree with what each provider has recorded.

Everything of ours is read in one snapshot by queries that answer only what is broken. A provider's own record is read
page by page, and compared both ways.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from moorage.domains.payments.gateway import OutcomeUnknownError, PaymentGateway, ProviderDeclinedError, ProviderRecord
from moorage.journeys.audit_checks import BOOKINGS, LEDGER, PAYMENTS
from moorage.journeys.audit_invoices import INVOICES
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, Connection

# More breaks of one kind than this say no more than that all is broken.
MAX_FINDINGS: Final = 1_000
_BATCH: Final = 500

_CHARGES = """
SELECT r.position, p.id, p.amount_minor, p.currency, p.succeeded_at IS NOT NULL AS is_recorded
  FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS r (payment_id, reference, position)
  LEFT JOIN payments p ON p.provider = $1 AND (p.id = r.payment_id OR p.provider_ref = r.reference)
"""
_REFUNDS = """
SELECT r.position, f.id, f.amount_minor, f.currency, f.status
  FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS r (refund_id, reference, position)
  LEFT JOIN (refunds f JOIN payments p ON p.id = f.payment_id AND p.provider = $1)
    ON f.id = r.refund_id OR f.provider_ref = r.reference
"""
_DISPUTES = """
SELECT r.position, d.id, d.amount_minor, d.currency, d.status
  FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS r (payment_id, reference, position)
  LEFT JOIN disputes d ON d.provider = $1 AND d.provider_ref = r.reference
"""
_OUR_CHARGES = "SELECT id, amount_minor FROM payments WHERE provider = $1 AND succeeded_at <= $2"
_OUR_REFUNDS = """
SELECT f.id, f.amount_minor FROM refunds f JOIN payments p ON p.id = f.payment_id
 WHERE p.provider = $1 AND f.status = 'succeeded' AND f.updated_at <= $2
"""
_OUR_DISPUTES = "SELECT id, amount_minor FROM disputes WHERE provider = $1 AND created_at <= $2"


@dataclass(frozen=True, slots=True)
class Finding:
    """One break: the rule, the row or account that breaks it, and how."""

    check: str
    subject: str
    detail: str


async def audit(house: House, *, grace: timedelta = timedelta(0)) -> list[Finding]:
    """Check everything; an empty list means that the books are whole. What a provider recorded within the last `grace`
    may still be on its way to us, and is left out.
    """
    started = house.clock()
    findings: list[Finding] = []
    async with house.database.reading(SYSTEM) as db:
        await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await db.execute("SET LOCAL statement_timeout = 0")
        for check, query in (LEDGER | PAYMENTS | BOOKINGS | INVOICES).items():
            findings += await _broken(db, check, query)
    for gateway in house.gateways.values():
        if gateway.capabilities.recorded_by_hand:  # it keeps no books to compare with
            continue
        findings += await _compare(house, gateway, started - grace)
    return findings


async def _broken(db: Connection, check: str, query: str) -> list[Finding]:
    return [Finding(check, row[0], row[1]) for row in await db.fetch(f"{query} LIMIT {MAX_FINDINGS}")]


async def _compare(house: House, gateway: PaymentGateway, until: datetime) -> list[Finding]:
    """A provider's records against ours, then ours against what was seen of theirs."""
    findings: list[Finding] = []
    seen: dict[str, set[UUID]] = {"charge": set(), "refund": set(), "dispute": set()}
    try:
        async for batch in _batches(gateway, until):
            async with house.database.reading(SYSTEM) as db:
                findings += await _compare_batch(db, gateway.name, batch, seen)
    except (OutcomeUnknownError, ProviderDeclinedError) as error:
        return [Finding("provider_can_be_asked", gateway.name, error.detail)]
    async with house.database.reading(SYSTEM) as db:
        for kind, query in (("charge", _OUR_CHARGES), ("refund", _OUR_REFUNDS), ("dispute", _OUR_DISPUTES)):
            async for row in db.cursor(query, gateway.name, until, prefetch=_BATCH):
                if row["id"] not in seen[kind]:
                    detail = f"{row['amount_minor']} is in our books, and not in {gateway.name}'s"
                    findings.append(Finding(f"{kind}_is_at_the_provider", str(row["id"]), detail))
    return findings[:MAX_FINDINGS]


async def _batches(gateway: PaymentGateway, until: datetime) -> AsyncIterator[list[ProviderRecord]]:
    """What the provider recorded until then, in lists of one kind."""
    batch: list[ProviderRecord] = []
    async for record in gateway.records():
        if batch and (len(batch) == _BATCH or batch[0].kind != record.kind):
            yield batch
            batch = []
        if record.recorded_at <= until:
            batch.append(record)
    if batch:
        yield batch


async def _compare_batch(
    db: Connection, provider: str, batch: list[ProviderRecord], seen: dict[str, set[UUID]]
) -> list[Finding]:
    kind = batch[0].kind
    query = {"charge": _CHARGES, "refund": _REFUNDS, "dispute": _DISPUTES}[kind]
    ids = [record.refund_id if kind == "refund" else record.payment_id for record in batch]
    references = [record.payment_reference if kind == "charge" else record.reference for record in batch]
    findings = []
    for row in await db.fetch(query, provider, ids, references):
        record = batch[row["position"] - 1]
        if row["id"] is not None:
            seen[kind].add(row["id"])
        wrong = _difference(record, row)
        if wrong is not None:
            findings.append(Finding(f"{kind}_is_in_our_books", record.reference, wrong))
    return findings


def _difference(record: ProviderRecord, row: Any) -> str | None:
    """How our row differs from the provider's record; None when they agree."""
    told = f"{record.amount_minor} {record.currency} {record.status}"
    if row["id"] is None:
        return f"{told} at the provider, and unknown here" if record.status != "failed" else None
    if (row["amount_minor"], row["currency"]) != (record.amount_minor, record.currency):
        return f"{told} at the provider, {row['amount_minor']} {row['currency']} here ({row['id']})"
    if record.kind == "charge":
        return None if row["is_recorded"] else f"{told} at the provider, and not succeeded here ({row['id']})"
    if row["status"] != record.status:
        return f"{told} at the provider, {row['status']} here ({row['id']})"
    return None
