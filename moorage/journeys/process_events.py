"""Processing what providers told us, from the stored rows: each event alone, as often as it takes.

An event that cannot be processed now is tried again with growing waits, stays visible, and delays no other; after the
last try, or when it does not fit our books, it is parked for a person with one alert.
"""

import asyncio
import logging
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from moorage.domains.payments import queries
from moorage.domains.payments.errors import NotRefundableError
from moorage.domains.payments.facets import FeeGateway
from moorage.domains.payments.gateway import OutcomeUnknownError, PaymentGateway, ProviderDeclinedError
from moorage.domains.payments.gateway_values import ProviderEvent
from moorage.domains.payments.operations import (
    ClaimedEvent,
    claim_events,
    close_event,
    note_refund_reference,
    postpone_event,
)
from moorage.journeys.customers import keep_customer_told
from moorage.journeys.event_outcomes import ParkedError, WaitError
from moorage.journeys.handle_dispute import handle_dispute
from moorage.journeys.house import House
from moorage.journeys.keep_subscriptions import adopt_period, follow_subscription
from moorage.journeys.process_transfers import apply_payee, apply_transfer
from moorage.journeys.provider_answers import learned
from moorage.kernel.crash import crash_point
from moorage.kernel.db import SYSTEM, Connection, with_retries
from moorage.kernel.errors import InvalidStateError, MoorageError

# Taken events are due again after this: whoever died with them delays them by no more.
LEASE: Final = timedelta(seconds=8)
BATCH: Final = 100
AT_ONCE: Final = 8
DEFAULT_ATTEMPTS: Final = 12
_LONGEST_WAIT_S: Final = 3600

log = logging.getLogger(__name__)


async def process_due_events(house: House, *, attempts: int = DEFAULT_ATTEMPTS, limit: int = 10_000) -> int:
    """Process what is due, up to `limit`, several at once, in any number of workers. Answers how many were taken."""
    taken, turns = 0, asyncio.Semaphore(AT_ONCE)

    async def one(claimed: ClaimedEvent) -> None:
        async with turns:
            await process_event(house, claimed, attempts=attempts)

    while taken < limit:
        async with house.database.hot(SYSTEM) as db:
            batch = await claim_events(db, BATCH, LEASE)
        if not batch:
            break
        taken += len(batch)
        crash_point("after_event_claimed_before_settle")
        await asyncio.gather(*(one(claimed) for claimed in batch))
    return taken


async def process_event(house: House, claimed: ClaimedEvent, *, attempts: int = DEFAULT_ATTEMPTS) -> None:
    """Process one stored event: closed, postponed, or parked for a person. Raises nothing but what ends the process."""
    try:
        gateway = house.gateways[claimed.provider]
        await _apply(house, gateway, claimed, gateway.parse(claimed.body))
    except ParkedError as reason:
        await _park(house, claimed, str(reason))
    except (WaitError, OutcomeUnknownError) as reason:
        await _try_later(house, claimed, str(reason), attempts)
    except Exception as error:  # A poisoned event may break in any way; it may not take others along.
        log.exception("an event could not be processed", extra={"event_row": str(claimed.id)})
        await _try_later(house, claimed, f"{type(error).__name__}: {error}"[:500], attempts)
    crash_point("after_event_settled")


async def _apply(house: House, gateway: PaymentGateway, claimed: ClaimedEvent, event: ProviderEvent) -> None:
    if event.kind == "other":
        async with house.database.hot(SYSTEM) as db:
            await close_event(db, claimed.id, "ignored", "nothing to do")
        return
    _check_origin(gateway, event)
    if event.kind in {"subscription", "period"}:
        await follow_subscription(house, gateway, claimed, event)
        return
    if event.kind == "customer":
        await keep_customer_told(house, claimed, event)
        return
    if event.kind in {"transfer", "payee"}:
        apply = apply_transfer if event.kind == "transfer" else apply_payee
        await apply(house, gateway, claimed, event)
        return
    payment_id = event.payment_id
    if event.kind != "payment" or payment_id is None:
        payment_id, currency = await _find_payment(house, gateway, event)
        if event.kind != "payment" and event.currency not in (None, currency):
            raise ParkedError(f"in another currency than our payment: {event.currency}")
    if event.kind == "payment":
        await _apply_payment(house, gateway, claimed, payment_id, event)
    elif event.kind == "refund":
        await _apply_refund(house, claimed, payment_id, event)
    else:
        try:
            await handle_dispute(house, claimed.id, payment_id, event)
        except InvalidStateError as error:
            raise WaitError(error.detail) from error


async def _find_payment(house: House, gateway: PaymentGateway, event: ProviderEvent) -> tuple[UUID, str]:
    """(id, currency) of our payment that an event names by the provider's ids alone; one of a subscription's period may
    be news.
    """
    for is_new in (True, False):
        async with house.database.hot(SYSTEM) as db:
            known = await queries.payment_of_event(db, gateway.name, event)
        if known is not None:
            return known
        try:
            if not (is_new and await adopt_period(house, gateway, event.reference)):
                break
        except ProviderDeclinedError as error:
            raise WaitError(error.detail) from error
    raise WaitError("no such payment here yet")


def _check_origin(gateway: PaymentGateway, event: ProviderEvent) -> None:
    """An event of another mode or account than ours is genuine, and not about our money."""
    ours = gateway.capabilities
    if event.live is not None and ours.live is not None and event.live != ours.live:
        raise ParkedError(f"of another mode: live is {event.live}")
    if event.account is not None and ours.account is not None and event.account not in {ours.account, _payee_of(event)}:
        raise ParkedError(f"of another account: {event.account}")


def _payee_of(event: ProviderEvent) -> str | None:
    """Events of a payee come from the payee's account, not from ours."""
    return event.payee if event.kind == "payee" else None


async def _apply_payment(
    house: House, gateway: PaymentGateway, claimed: ClaimedEvent, payment_id: UUID, event: ProviderEvent
) -> None:
    """Success is final, and read from the event. Any other state may be yesterday's: the present one is asked for."""
    status, method, failure = event.intent_status, event.payment_method, event.failure_code
    data, amount_minor = {"event": event.event_id, "type": event.event_type, **learned(event)}, event.amount_minor
    if status != "succeeded" and event.reference is not None:
        present = await gateway.fetch(event.reference)
        status, method, failure = present.status, present.payment_method, present.failure_code
        data = {**data, "needs_capture": present.needs_capture, "ids": {**event.ids, **present.ids}}
        data["needs_authorization"] = present.needs_authorization
        if status == "succeeded" and present.amount_minor != amount_minor:
            amount_minor = present.amount_minor  # collected in part since

    if status == "succeeded" and isinstance(gateway, FeeGateway):
        data |= await _fee(gateway, event)

    async def settle() -> str:
        async with house.database.hot(SYSTEM) as db:
            outcome: str = await db.fetchval(
                "SELECT settle_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                claimed.id,
                payment_id,
                status,
                amount_minor,
                event.currency,
                event.reference,
                method,
                failure,
                f"{claimed.provider}_webhook",
                data,
                house.clock(),
            )
            return outcome

    outcome = await with_retries(settle, repeatable=True)
    if outcome == "missing":
        raise WaitError("no such payment here yet")
    if outcome == "parked":
        told = f"{event.amount_minor} {event.currency} {event.reference}"
        raise ParkedError(f"another amount, currency or object than ours: {told}")


async def _fee(gateway: FeeGateway, event: ProviderEvent) -> dict[str, Any]:
    """What the provider keeps, where the event names its booking alone. No answer: the event is tried again later; that
    the money came is told by other events too.
    """
    booking = event.ids.get("balance_transaction")
    if booking is None or event.fee_minor is not None:
        return {}
    fee = await gateway.fetch_fee(booking)
    return {"fee_minor": fee.amount_minor, "fee_currency": fee.currency}


async def _apply_refund(house: House, claimed: ClaimedEvent, payment_id: UUID, event: ProviderEvent) -> None:
    async def settle() -> None:
        async with house.database.transaction(SYSTEM) as db:
            outcome = await _record_refund(house, db, payment_id, event)
            status = "ignored" if outcome in {"impossible", "released"} else "processed"
            await close_event(db, claimed.id, status, f"refund {event.refund_status}: {outcome}")

    try:
        await with_retries(settle, repeatable=True)
    except NotRefundableError as error:  # What was given back had come first: of that we have not heard yet.
        raise WaitError(error.detail) from error
    except MoorageError as error:
        if error.kind == "conflict":  # The provider gave back what our books cannot: for a person.
            raise ParkedError(f"{error.code}: {error.detail}") from error
        raise


async def _record_refund(house: House, db: Connection, payment_id: UUID, event: ProviderEvent) -> str:
    fees = [asdict(fee) for fee in event.fees]
    data = {"event": event.event_id, "type": event.event_type, **({"fees": fees} if fees else {})}
    if event.may_be_release and await queries.is_release(db, payment_id, event.amount_minor or 0):
        return "released"
    if event.refund_id is None:  # Made in the provider's own dashboard.
        external: str = await db.fetchval(
            "SELECT settle_external_refund($1, $2, $3, $4, $5, $6)",
            house.ids(),
            payment_id,
            event.amount_minor,
            event.refund_reference,
            event.refund_status,
            data,
        )
        return external
    ours = await queries.refund_amount(db, event.refund_id, payment_id)
    if ours is None:
        raise WaitError("no such refund here yet")
    if ours != event.amount_minor:
        raise ParkedError(f"a refund of another amount: {event.amount_minor}")
    if event.refund_status == "pending":
        if event.refund_reference is not None:
            await note_refund_reference(db, event.refund_id, event.refund_reference)
        return "noted"
    outcome: str = await db.fetchval(
        "SELECT settle_refund($1, $2, $3, $4, $5)",
        event.refund_id,
        event.refund_status == "succeeded",
        event.refund_reference,
        event.failure_code,
        data,
    )
    return outcome


async def _try_later(house: House, claimed: ClaimedEvent, reason: str, attempts: int) -> None:
    if claimed.attempts >= attempts:
        await _park(house, claimed, f"given up after {claimed.attempts} tries: {reason}")
        return
    wait = timedelta(seconds=min(2 ** (claimed.attempts - 1), _LONGEST_WAIT_S))

    async def write() -> None:
        async with house.database.hot(SYSTEM) as db:
            await postpone_event(db, claimed.id, reason, wait)

    await with_retries(write, repeatable=True)


async def _park(house: House, claimed: ClaimedEvent, reason: str) -> None:
    """Set aside for a person, with one alert."""

    async def write() -> None:
        async with house.database.transaction(SYSTEM) as db:
            await close_event(db, claimed.id, "parked", reason)
            await db.execute(
                "SELECT alert_administrators($1, $2, $3)",
                f"An event of {claimed.provider} waits for you",
                f"{claimed.event_type} ({claimed.id}) could not be applied: {reason}\n\nNothing was done by it.",
                f"event_parked:{claimed.id}",
            )

    await with_retries(write, repeatable=True)
