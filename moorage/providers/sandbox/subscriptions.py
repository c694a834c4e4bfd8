"""Subscriptions: begun with the intent of their first period, billed again when a period is over, and ended.

Locks: an intent's row, then its subscription's; the intent of a new period is nobody else's yet.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from moorage.providers.sandbox.call import Answer, Call, Row
from moorage.providers.sandbox.cards import BY_NAME, Method
from moorage.providers.sandbox.errors import SandboxError, StateError
from moorage.providers.sandbox.intents import NewIntent, cancel_intent, confirm_intent, create_intent
from moorage.providers.sandbox.periods import begin_period, lock_subscription, move_subscription
from moorage.providers.sandbox.present import subscription_object
from moorage.providers.sandbox.prices import period_end, price


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What is to be paid by the period: ids of prices, one named twice being two pieces. Both references are the
    merchant's own ids: of the subscription, and of the intent that its first period is paid by.
    """

    prices: Sequence[str]
    description: str
    return_url: str
    client_reference: UUID
    intent_reference: UUID
    payer_email: str | None = None


async def create_subscription(call: Call, new: NewSubscription) -> Answer:
    """Begin one: 201 with the intent that pays its first period, which begins when that is paid; 200 when the
    `intent_reference` is known. Raises MissingError for a price, SandboxError `mixed_prices`.
    """
    chosen = [(price(name), pieces) for name, pieces in Counter(new.prices).items()]
    if len({(one.currency, one.interval) for one, _ in chosen}) > 1:
        raise SandboxError("These prices have several currencies or periods.", code="mixed_prices", param="prices")
    total = sum(one.amount_minor * pieces for one, pieces in chosen)
    first = NewIntent(
        total,
        chosen[0][0].currency,
        new.description,
        new.return_url,
        new.intent_reference,
        new.payer_email,
        lines=[{"name": one.name, "amount_minor": one.amount_minor, "quantity": pieces} for one, pieces in chosen],
    )
    answer = await create_intent(call, first)
    if answer.status == 200:
        return answer
    subscription_id = call.new_id("sub")
    await call.db.execute(
        """
        INSERT INTO sandbox.subscriptions (id, client_reference, items, amount_minor, currency, interval_unit,
                                           payer_email, return_url)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        subscription_id,
        new.client_reference,
        [
            {"price": one.id, "name": one.name, "amount_minor": one.amount_minor, "quantity": pieces}
            for one, pieces in chosen
        ],
        total,
        chosen[0][0].currency,
        chosen[0][0].interval,
        new.payer_email,
        new.return_url,
    )
    await call.db.execute(
        "UPDATE sandbox.intents SET subscription_id = $2 WHERE id = $1", answer.body["id"], subscription_id
    )
    return Answer(201, {**answer.body, "subscription": subscription_id})


async def renew_subscription(call: Call, subscription_id: str, method: Method | None = None) -> Answer:
    """Its period is over, whatever the time is: the next one is billed to `method`, else to what paid the last; or it
    ends, where that was asked for or the period was not paid. Raises StateError when none runs.
    """
    subscription = await lock_subscription(call, subscription_id)
    if subscription["status"] not in {"active", "past_due"}:
        raise StateError(f"No period of it runs: it is {subscription['status']}.")
    if subscription["cancel_at_period_end"] or subscription["status"] == "past_due":
        return Answer(200, subscription_object(await move_subscription(call, subscription, "canceled")))
    starts_at = subscription["period_ends_at"]
    ends_at = period_end(starts_at, subscription["interval_unit"], subscription["started_at"])
    while ends_at <= call.now:  # Nobody is billed for the time in which the gateway was switched off.
        starts_at, ends_at = ends_at, period_end(ends_at, subscription["interval_unit"], subscription["started_at"])
    subscription = await begin_period(call, subscription_id, starts_at, ends_at)
    await _bill(call, subscription, method or BY_NAME[subscription["method"]])
    return Answer(200, subscription_object(await lock_subscription(call, subscription_id)))


async def _bill(call: Call, subscription: Row, method: Method) -> None:
    """Charge the period that runs."""
    billed = await create_intent(
        call,
        NewIntent(
            subscription["amount_minor"],
            subscription["currency"],
            ", ".join(item["name"] for item in subscription["items"])[:200],
            subscription["return_url"],
            payer_email=subscription["payer_email"],
        ),
    )
    intent_id = billed.body["id"]
    await call.db.execute(
        "UPDATE sandbox.intents SET subscription_id = $2, period_starts_at = $3, period_ends_at = $4 WHERE id = $1",
        intent_id,
        subscription["id"],
        subscription["period_starts_at"],
        subscription["period_ends_at"],
    )
    answer = await confirm_intent(call, intent_id, method)
    if answer.body.get("status") == "challenge":  # The payer has to be asked, and is not here.
        await move_subscription(call, subscription, "past_due")


async def cancel_subscription(call: Call, subscription_id: str, *, at_period_end: bool) -> Answer:
    """End it now, or when the period is over that is paid; again is harmless. What is not paid yet ends at once. Raises
    MissingError.
    """
    unpaid = await call.db.fetchval(
        "SELECT id FROM sandbox.intents WHERE subscription_id = $1 AND status IN ('open', 'declined', 'challenge')"
        " ORDER BY no LIMIT 1 FOR UPDATE",
        subscription_id,
    )
    subscription = await lock_subscription(call, subscription_id)
    if subscription["status"] in {"canceled", "expired"}:
        return Answer(200, subscription_object(subscription))
    subscription = await call.one(
        "UPDATE sandbox.subscriptions SET canceled_at = coalesce(canceled_at, $2), cancel_at_period_end = $3"
        " WHERE id = $1 RETURNING *",
        subscription_id,
        call.now,
        at_period_end,
    )
    if at_period_end and subscription["status"] == "active":
        moved = await move_subscription(call, subscription, "active")
        return Answer(200, subscription_object(moved))
    moved = await move_subscription(call, subscription, "canceled")
    if unpaid is not None:
        await cancel_intent(call, unpaid)
    return Answer(200, subscription_object(moved))
