"""What an intent that bills a period means to its subscription. The caller has locked the intent."""

from datetime import datetime

from moorage.providers.sandbox.call import Call, Row
from moorage.providers.sandbox.cards import Method
from moorage.providers.sandbox.present import subscription_object
from moorage.providers.sandbox.prices import period_end


async def period_paid(call: Call, intent: Row, method: Method) -> None:
    """A period is paid: the first begins with that, a later one has begun. Its method pays the next one too."""
    subscription = await lock_subscription(call, intent["subscription_id"])
    if subscription["status"] == "incomplete":
        ends_at = period_end(call.now, subscription["interval_unit"], call.now)
        await begin_period(call, subscription["id"], call.now, ends_at)
        await call.db.execute(
            "UPDATE sandbox.intents SET period_starts_at = $2, period_ends_at = $3 WHERE id = $1",
            intent["id"],
            call.now,
            ends_at,
        )
    await move_subscription(call, subscription, "active", method=method)


async def period_declined(call: Call, intent: Row) -> None:
    """A later period's attempt was refused; a first one's leaves everything open."""
    subscription = await lock_subscription(call, intent["subscription_id"])
    if subscription["status"] == "active":
        await move_subscription(call, subscription, "past_due")


async def period_given_up(call: Call, intent: Row) -> None:
    """Nothing will be paid for it any more: a subscription that was never paid is over."""
    subscription = await lock_subscription(call, intent["subscription_id"])
    if subscription["status"] == "incomplete":
        await move_subscription(call, subscription, "expired")


async def lock_subscription(call: Call, subscription_id: str) -> Row:
    """The subscription, locked until the call ends. Raises MissingError."""
    return await call.one("SELECT * FROM sandbox.subscriptions WHERE id = $1 FOR UPDATE", subscription_id)


async def begin_period(call: Call, subscription_id: str, starts_at: datetime, ends_at: datetime) -> Row:
    """The next period runs from now on. The caller has locked it."""
    return await call.one(
        """
        UPDATE sandbox.subscriptions SET started_at = coalesce(started_at, $2), period_starts_at = $2,
               period_ends_at = $3, updated_at = now() WHERE id = $1 RETURNING *
        """,
        subscription_id,
        starts_at,
        ends_at,
    )


async def move_subscription(call: Call, subscription: Row, status: str, *, method: Method | None = None) -> Row:
    """Move it and tell so, unless it is there or over already. The caller has locked it."""
    if subscription["status"] in {"canceled", "expired"}:
        return subscription
    moved = await call.one(
        """
        UPDATE sandbox.subscriptions SET status = $2, method = coalesce($3, method), updated_at = now(),
               ended_at = CASE WHEN $2 IN ('canceled', 'expired') THEN $4::timestamptz END
         WHERE id = $1 RETURNING *
        """,
        subscription["id"],
        status,
        method.name if method else None,
        call.now,
    )
    call.tell("subscription.updated", subscription["id"], subscription_object(moved))
    return moved
