"""`moorage audit`: whether the books are whole, and agree with what each provider has recorded.

Everything of ours is read in one snapshot by queries that answer only what is broken. A provider's own record is read
page by page, and compared both ways.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from moorage.domains.payments.gateway import OutcomeUnknownError, PaymentGateway, ProviderDeclinedError
from moorage.journeys.audit_checks import BOOKINGS, LEDGER, PAYMENTS
from moorage.journeys.audit_invoices import INVOICES
from moorage.journeys.audit_payouts import PAYOUTS
from moorage.journeys.audit_subscriptions import SUBSCRIPTIONS
from moorage.journeys.compare_books import Difference, compare_books
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, Connection

# More breaks of one kind than this say no more than that all is broken.
MAX_FINDINGS: Final = 1_000


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
    async with house.database.reading(SYSTEM, at_one_moment=True) as db:
        await db.execute("SET LOCAL statement_timeout = 0")
        for check, query in (LEDGER | PAYMENTS | BOOKINGS | INVOICES | SUBSCRIPTIONS | PAYOUTS).items():
            findings += await _broken(db, check, query)
    for gateway in house.gateways.values():
        if gateway.capabilities.recorded_by_hand:  # it keeps no books to compare with
            continue
        findings += await _compare(house, gateway, started - grace)
    return findings


async def _broken(db: Connection, check: str, query: str) -> list[Finding]:
    return [Finding(check, row[0], row[1]) for row in await db.fetch(f"{query} LIMIT {MAX_FINDINGS}")]


async def _compare(house: House, gateway: PaymentGateway, until: datetime) -> list[Finding]:
    """A provider's records against ours, both ways."""
    try:
        differences = await compare_books(house, gateway, None, until)
    except (OutcomeUnknownError, ProviderDeclinedError) as error:
        return [Finding("provider_can_be_asked", gateway.name, error.detail)]
    return [_finding(one) for one in differences[:MAX_FINDINGS]]


def _finding(one: Difference) -> Finding:
    if one.kind == "missing_there":
        return Finding(f"{one.movement}_is_at_the_provider", str(one.our_id), one.detail)
    return Finding(f"{one.movement}_is_in_our_books", one.reference, one.detail)
