"""What providers tell of payouts and payees. What has arrived may come back, so an event is never the last word: the
present state is asked for, and any order of the same events ends the same.
"""

from typing import cast
from uuid import UUID

from moorage.domains.payments.facets import TransferGateway
from moorage.domains.payments.gateway import OutcomeUnknownError, PaymentGateway, ProviderDeclinedError
from moorage.domains.payments.gateway_values import ProviderEvent
from moorage.domains.payments.operations import ClaimedEvent, close_event
from moorage.domains.payouts import operations, queries
from moorage.journeys.event_outcomes import ParkedError, WaitError
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM, with_retries


async def apply_transfer(house: House, gateway: PaymentGateway, claimed: ClaimedEvent, event: ProviderEvent) -> None:
    """A payout of ours has changed. Raises WaitError (it is not here, or not at the provider yet), ParkedError (of
    another amount, currency or account than ours, or nobody's here).
    """
    payout_id = await _meant(house, claimed, event)
    try:
        present = await cast("TransferGateway", gateway).find_transfer(payout_id)
    except ProviderDeclinedError as error:
        raise OutcomeUnknownError from error
    if present is None:
        raise WaitError("the provider does not show it yet")
    if event.payee not in {None, present.payee}:
        raise ParkedError(f"a payout to another account: {event.payee}")

    async def write() -> str:
        async with house.database.transaction(SYSTEM) as db:
            outcome = await operations.record(db, payout_id, present)
            if outcome in {"moved", "repeated"}:
                await close_event(db, claimed.id, "processed", f"payout {present.status}: {outcome}")
            return outcome

    outcome = await with_retries(write, repeatable=True)
    if outcome == "parked":
        told = f"{present.amount_minor} {present.currency} {present.payee} {present.reference}"
        raise ParkedError(f"another amount, currency, account or object than ours: {told}")
    if outcome == "impossible":
        raise ParkedError(f"{present.status} at the provider, and failed here: its money is available again")


async def _meant(house: House, claimed: ClaimedEvent, event: ProviderEvent) -> UUID:
    """The payout that an event is about; it has the same amount."""
    payout_id = event.payout_id
    async with house.database.reading(SYSTEM) as db:
        if payout_id is None and event.reference is not None:
            payout_id = await queries.payout_at(db, claimed.provider, event.reference)
        ours = None if payout_id is None else await queries.payout(db, payout_id)
    if payout_id is None:
        raise ParkedError("money for a payee that nobody here has asked to be sent")
    if ours is None:
        raise WaitError("no such payout here yet")
    if (ours.provider, ours.amount_minor, ours.currency) != (claimed.provider, event.amount_minor, event.currency):
        raise ParkedError(f"a payout of another amount or currency: {event.amount_minor} {event.currency}")
    return payout_id


async def apply_payee(house: House, gateway: PaymentGateway, claimed: ClaimedEvent, event: ProviderEvent) -> None:
    """A payee's account has changed, or their bank has refused what was paid on from there: then they are told. Raises
    WaitError when it is nobody's here (yet), ParkedError when the event comes from another account than it tells of.
    """
    if event.payee is None or event.account not in {None, event.payee}:
        raise ParkedError(f"of another account: {event.account}")
    async with house.database.reading(SYSTEM) as db:
        ours = await queries.payee_at(db, claimed.provider, event.payee)
    if ours is None:
        raise WaitError("an account that is nobody's here")
    try:
        present = await cast("TransferGateway", gateway).fetch_payee(event.payee)
    except ProviderDeclinedError as error:
        raise OutcomeUnknownError from error
    async with house.database.transaction(SYSTEM) as db:
        await operations.record_payee(db, claimed.provider, present)
        if event.failure_code is not None:
            await db.execute(
                "SELECT tell_payee_refused($1, $2, $3, $4)",
                claimed.provider,
                event.payee,
                event.failure_code,
                claimed.id,
            )
        await close_event(db, claimed.id, "processed", f"payee: can be paid is {present.can_be_paid}")
