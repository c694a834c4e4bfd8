"""`moorage reconcile`: a provider's list of what it moved, against ours, for a time; daily, or when asked.

Each difference is kept once, until it is gone. `fix` settles what can be settled from the provider's word alone: money
that came or went without our hearing of it. What else differs is for a person, and says so.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, cast

from moorage.domains.payments import queries
from moorage.domains.payments.facets import TransferGateway
from moorage.domains.payments.gateway import PaymentGateway
from moorage.domains.payments.gateway_values import ProviderEvent, ProviderRecord
from moorage.domains.payments.operations import move_cursor, record_dispute
from moorage.domains.payouts import operations as payouts
from moorage.journeys.compare_books import Difference, compare_books
from moorage.journeys.house import House
from moorage.journeys.keep_subscriptions import adopt_period
from moorage.kernel.db import SYSTEM, Connection
from moorage.kernel.errors import InvalidStateError, MoorageError

log = logging.getLogger(__name__)
_REASON: Final = "reconciliation"
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Found:
    """A difference, and what became of it: `outcome` is "fixed", or why a person has to look; "" when nobody tried."""

    difference: Difference
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What comparing has found; `new` of them were not known before."""

    provider: str
    found: list[Found]
    new: int

    @property
    def open(self) -> list[Found]:
        """What still differs."""
        return [one for one in self.found if one.outcome != "fixed"]


async def reconcile(
    house: House, gateway: PaymentGateway, since: datetime, until: datetime, *, fix: bool = False
) -> Reconciliation:
    """Compare what was moved from `since` until before `until`. Raises OutcomeUnknownError and ProviderDeclinedError
    when the provider cannot be asked.
    """
    found = [Found(one) for one in await compare_books(house, gateway, since, until)]
    new = await _keep(house, gateway.name, since, until, found)
    if fix and found:
        found = [replace(one, outcome=await _fix(house, gateway, one.difference)) for one in found]
        await _keep(house, gateway.name, since, until, [one for one in found if one.outcome != "fixed"])
    return Reconciliation(gateway.name, found, new)


async def reconcile_daily(house: House) -> int:
    """Compare the days that are over and were not compared yet, with every provider that keeps books; tells the
    administrators of what is new. Answers how much that is. Called now and then: it does each day once.
    """
    new = 0
    today = house.clock().replace(hour=0, minute=0, second=0, microsecond=0)
    for name, gateway in house.gateways.items():
        if gateway.capabilities.recorded_by_hand:
            continue
        async with house.database.hot(SYSTEM) as db:
            since = await queries.polled_until(db, f"reconciled:{name}") or today - _ONE_DAY
        if since >= today:
            continue
        try:
            result = await reconcile(house, gateway, since, today)
        except MoorageError as error:  # asked again next time; no other provider waits for it
            log.warning("a provider's books could not be compared", extra={"provider": name, "error": error.code})
            continue
        async with house.database.transaction(SYSTEM) as db:
            await move_cursor(db, f"reconciled:{name}", today)
            if result.new:
                await _tell(db, result, today)
        new += result.new
    return new


async def _keep(house: House, provider: str, since: datetime, until: datetime, found: list[Found]) -> int:
    rows = [
        {
            "kind": one.difference.kind,
            "movement": one.difference.movement,
            "provider_ref": one.difference.reference,
            "payment_id": None if one.difference.payment_id is None else str(one.difference.payment_id),
            "details": {"detail": one.difference.detail, "recorded_at": one.difference.recorded_at.isoformat()},
        }
        for one in found
    ]
    async with house.database.hot(SYSTEM) as db:
        new: int = await db.fetchval("SELECT keep_findings($1, $2, $3, $4)", provider, since, until, rows)
    return new


async def _tell(db: Connection, result: Reconciliation, day: datetime) -> None:
    lines = [f"{one.difference.kind} {one.difference.movement}: {one.difference.detail}" for one in result.open[:50]]
    await db.execute(
        "SELECT alert_administrators($1, $2, $3)",
        f"{result.provider}'s books and ours differ",
        "\n".join([f"{len(result.open)} differences, {result.new} of them new:", "", *lines]),
        f"reconciled:{result.provider}:{day:%Y-%m-%d}",
    )


async def _fix(house: House, gateway: PaymentGateway, difference: Difference) -> str:
    """Settle a difference by the provider's word: "fixed", or why not."""
    record = difference.record
    if record is None:
        return "the provider does not know it: look it up there"
    try:
        if record.kind == "transfer":
            return await _fix_transfer(house, gateway, difference)
        if record.kind == "dispute" and difference.payment_id is not None:
            return await _fix_dispute(house, gateway, difference, record)
        if difference.payment_id is None:
            is_period = record.kind == "charge" and await adopt_period(house, gateway, record.payment_reference)
            return "fixed" if is_period else "no payment of ours: find out what it was for"
        fix = _fix_charge if record.kind == "charge" else _fix_refund
        return await fix(house, difference, record)
    except MoorageError as error:
        return f"{error.code}: {error.detail}"


async def _fix_charge(house: House, difference: Difference, record: ProviderRecord) -> str:
    if difference.kind != "missing_here":
        return "another amount than ours: decide by hand"
    async with house.database.transaction(SYSTEM) as db:
        outcome = await db.fetchval(
            "SELECT settle_payment($1, 'succeeded', $2, $3, $4, NULL, NULL, $5, $6, $7)",
            difference.payment_id,
            record.amount_minor,
            record.currency,
            record.payment_reference,
            _REASON,
            {"record": record.reference},
            house.clock(),
        )
    return "fixed" if outcome in {"moved", "repeated"} else f"it does not fit our payment ({outcome})"


async def _fix_refund(house: House, difference: Difference, record: ProviderRecord) -> str:
    data = {"record": record.reference}
    async with house.database.transaction(SYSTEM) as db:
        if difference.our_id is None:
            outcome = await db.fetchval(
                "SELECT settle_external_refund($1, $2, $3, $4, $5, $6)",
                house.ids(),
                difference.payment_id,
                record.amount_minor,
                record.reference,
                record.status,
                data,
            )
        elif record.status not in {"succeeded", "failed"}:
            return "decide by hand"
        else:
            ours = await queries.refund(db, difference.our_id)
            if ours is None or ours.amount_minor != record.amount_minor:
                return "another amount than ours: decide by hand"
            outcome = await db.fetchval(
                "SELECT settle_refund($1, $2, $3, $4, $5)",
                difference.our_id,
                record.status == "succeeded",
                record.reference,
                None if record.status == "succeeded" else _REASON,
                data,
            )
    return "fixed" if outcome in {"moved", "repeated"} else f"our refund is over ({outcome}): decide by hand"


async def _fix_transfer(house: House, gateway: PaymentGateway, difference: Difference) -> str:
    if difference.our_id is None:
        return "no payout of ours: find out what it was for"
    present = await cast("TransferGateway", gateway).find_transfer(difference.our_id)
    if present is None:
        return "the provider does not show it any more: decide by hand"
    async with house.database.transaction(SYSTEM) as db:
        outcome = await payouts.record(db, difference.our_id, present)
    return "fixed" if outcome == "moved" else f"our payout is over ({outcome}): decide by hand"


async def _fix_dispute(house: House, gateway: PaymentGateway, difference: Difference, record: ProviderRecord) -> str:
    if record.status not in {"opened", "under_review", "won", "lost"}:
        return "decide by hand"
    event = ProviderEvent(
        event_id=f"{_REASON}:{record.reference}",
        event_type=_REASON,
        kind="dispute",
        dispute_reference=record.reference,
        dispute_status=record.status,
        amount_minor=record.amount_minor,
        currency=record.currency,
    )
    assert difference.payment_id is not None  # noqa: S101 - checked by the caller
    async with house.database.transaction(SYSTEM) as db:
        try:
            outcome = await record_dispute(db, house.ids(), difference.payment_id, event)
        except InvalidStateError as error:
            return f"{gateway.name}: {error.detail}"
    return "fixed" if outcome in {"moved", "repeated"} else f"our dispute is over ({outcome}): decide by hand"
