"""Practitioners are paid what they have earned: on request, or once a week by itself.

The story: one transaction reserves the money in the ledger and plans the call that sends it. The call is made after the
commit, and its answer, or an event, says whether it arrived (transfer_calls, process_transfers). Who has no account at
a provider that pays out is paid by hand: the administrators are told, and say what became of it.
"""

from datetime import date
from typing import Final
from uuid import UUID

from moorage.domains.payouts import operations, queries
from moorage.domains.payouts.operations import Asked
from moorage.domains.payouts.policy import payday
from moorage.domains.payouts.queries import PayoutRow
from moorage.journeys.house import House
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import SYSTEM, Actor, Connection, with_retries
from moorage.kernel.errors import NotFoundError
from moorage.kernel.money import format_amount

WEEKLY_AT_ONCE: Final = 200
"""How many automatic payouts are looked for at a time."""


async def request_payout(
    house: House, actor: Actor, payout_id: UUID, amount_minor: int | None, currency: str | None
) -> PayoutRow:
    """The asking practitioner's payout of `amount_minor` (None: all that is available). `payout_id` is the caller's:
    the same again is the same payout, answered as it stands. Raises ForbiddenError, InsufficientBalanceError,
    PayoutBelowMinimumError, CurrencyRequiredError.
    """
    planned = house.ids()
    asked = Asked(payout_id, planned, amount_minor, currency, house.payouts.minimum, providers(house))

    async def plan() -> str:
        async with house.database.transaction(actor) as db:
            return await operations.request_own(db, asked)

    if await with_retries(plan, repeatable=True) == "provider":
        await carry_out_now(house, [planned])
        house.bell.ring()
    else:
        await _ask_to_send(house, payout_id)
    return await _read(house, payout_id)


async def mark_paid(house: House, actor: Actor, payout_id: UUID, note: str | None) -> PayoutRow:
    """An administrator has sent a payout by hand. Again is harmless. Raises ForbiddenError, NotFoundError,
    PayoutByProviderError, InvalidStateError (it has failed).
    """
    async with house.database.transaction(actor) as db:
        await operations.mark_paid(db, payout_id, note)
    return await _read(house, payout_id)


async def mark_failed(house: House, actor: Actor, payout_id: UUID, reason: str) -> PayoutRow:
    """A payout by hand did not arrive, or came back: it is available again, once. Raises ForbiddenError, NotFoundError,
    PayoutByProviderError.
    """
    async with house.database.transaction(actor) as db:
        await operations.mark_failed(db, payout_id, reason)
    return await _read(house, payout_id)


async def pay_out_weekly(house: House) -> int:
    """Once a week: everything that is available and not too little, each practitioner and currency in a transaction of
    its own. Whoever dies in the middle goes on where it was. Answers how many payouts were made.
    """
    if not house.payouts.weekly:
        return 0
    week = payday(house.clock(), house.payouts.weekday, house.terms.business_timezone)
    async with house.database.transaction(SYSTEM) as db:
        if not await db.fetchval("SELECT payout_week_is_due($1)", week):
            return 0
    made = 0
    while True:
        async with house.database.reading(SYSTEM) as db:
            due = await queries.due_weekly(db, week, house.payouts.minimum, WEEKLY_AT_ONCE)
        if not due:
            break
        for practitioner_id, currency in due:
            made += await _pay_for_week(house, practitioner_id, currency, week)
    async with house.database.transaction(SYSTEM) as db:
        await db.execute("SELECT finish_payout_week($1)", week)
    house.bell.ring()
    return made


def providers(house: House) -> list[str]:
    """Those that pay out, the default one first."""
    able = [name for name, gateway in house.gateways.items() if gateway.capabilities.transfers]
    return sorted(able, key=lambda name: (name != house.terms.default_provider, name))


async def _pay_for_week(house: House, practitioner_id: UUID, currency: str, week: date) -> bool:
    payout_id = house.ids()
    asked = Asked(payout_id, house.ids(), None, currency, house.payouts.minimum, providers(house))

    async def plan() -> bool:
        async with house.database.transaction(SYSTEM) as db:
            if not await operations.request_weekly(db, asked, practitioner_id, week):
                return False
            await _tell_by_hand(db, payout_id)
            return True

    return await with_retries(plan)


async def _ask_to_send(house: House, payout_id: UUID) -> None:
    async with house.database.transaction(SYSTEM) as db:
        await _tell_by_hand(db, payout_id)


async def _tell_by_hand(db: Connection, payout_id: UUID) -> None:
    """The administrators are told of a payout that a person is to send, once."""
    row = await queries.payout(db, payout_id)
    if row is None or row.method != "manual":
        return
    await db.execute(
        "SELECT alert_administrators($1, $2, $3)",
        "A payout is to be sent by hand",
        f"{format_amount(row.amount_minor, row.currency)} {row.currency} is to be sent to practitioner"
        f" {row.practitioner_id} (payout {row.id}). Mark it as paid, or as failed, when you know.",
        f"payout_by_hand:{row.id}",
    )


async def _read(house: House, payout_id: UUID) -> PayoutRow:
    async with house.database.reading(SYSTEM) as db:
        row = await queries.payout(db, payout_id)
    if row is None:
        raise NotFoundError("There is no such payout.")
    return row
