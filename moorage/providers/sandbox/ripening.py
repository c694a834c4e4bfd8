"""What happens by itself after a while: slow payments arrive, banks dispute, refunds and payouts are decided."""

from moorage.providers.sandbox.call import Call
from moorage.providers.sandbox.cards import BY_NAME
from moorage.providers.sandbox.disputes import open_dispute
from moorage.providers.sandbox.errors import SandboxError, StateError
from moorage.providers.sandbox.intents import collect, lock_intent
from moorage.providers.sandbox.periods import lock_subscription, move_subscription
from moorage.providers.sandbox.refunds import resolve_refund
from moorage.providers.sandbox.subscriptions import renew_subscription
from moorage.providers.sandbox.transfers import resolve_payout

_RIPE = """
(SELECT 'intent' AS what, id FROM sandbox.intents WHERE status = 'processing' AND ripe_at <= now() LIMIT 1)
UNION ALL (SELECT 'dispute', intent_id FROM sandbox.charges WHERE dispute_at <= now() LIMIT 1)
UNION ALL (SELECT 'subscription', id FROM sandbox.subscriptions
            WHERE status IN ('active', 'past_due') AND period_ends_at <= now() LIMIT 1)
UNION ALL (SELECT 'refund', id FROM sandbox.refunds WHERE status = 'pending' AND ripe_at <= now() LIMIT 1)
UNION ALL (SELECT 'payout', id FROM sandbox.payouts WHERE status = 'pending' AND ripe_at <= now() LIMIT 1)
LIMIT 1
"""


async def ripen_one(call: Call) -> bool:
    """Move one ripe thing on, in the caller's transaction; False when nothing is ripe. Two at once are harmless: the
    second finds, behind the row's lock, that it has been done.
    """
    ripe = await call.db.fetchrow(_RIPE)
    if ripe is None:
        return False
    what, name = ripe["what"], ripe["id"]
    if what == "intent":
        intent = await lock_intent(call, name)
        if intent["status"] == "processing":
            await collect(call, intent, BY_NAME[intent["method"]])
    elif what == "dispute":
        await _dispute(call, name)
    elif what == "subscription":
        await _renew(call, name)
    elif what == "refund":
        await _decide_refund(call, name)
    else:
        await _decide_payout(call, name)
    return True


async def _renew(call: Call, subscription_id: str) -> None:
    subscription = await lock_subscription(call, subscription_id)
    if await call.db.fetchval("SELECT $1::timestamptz <= now()", subscription["period_ends_at"]):
        try:
            await renew_subscription(call, subscription_id)
        except StateError:
            return  # Ended meanwhile.
        except SandboxError:  # Nothing can be billed for it any more: its merchant has moved away.
            await move_subscription(call, subscription, "canceled")


async def _dispute(call: Call, intent_id: str) -> None:
    await lock_intent(call, intent_id)
    due = await call.db.fetchval(
        "UPDATE sandbox.charges SET dispute_at = NULL WHERE intent_id = $1 AND dispute_at <= now() RETURNING true",
        intent_id,
    )
    if due:
        try:
            await open_dispute(call, intent_id, "fraudulent")
        except StateError:
            return  # Refunded or disputed meanwhile: there is nothing left to take back.


async def _decide_refund(call: Call, refund_id: str) -> None:
    outcome = await call.db.fetchval("SELECT ripens_to FROM sandbox.refunds WHERE id = $1", refund_id)
    try:
        await resolve_refund(call, refund_id, outcome or "succeeded")
    except StateError:
        return  # Decided meanwhile, the other way.


async def _decide_payout(call: Call, payout_id: str) -> None:
    failure_code = await call.db.fetchval("SELECT failure_code FROM sandbox.payouts WHERE id = $1", payout_id)
    try:
        await resolve_payout(call, payout_id, "failed" if failure_code else "paid", failure_code)
    except StateError:
        return  # Decided meanwhile, the other way.
