"""Subscriptions in the database: the answer asked for later stands, a period told by many at once is one payment, and
nobody reads another's.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg

from moorage.domains.payments.recurring import ProviderSubscription, SubscriptionItem, SubscriptionPeriod
from moorage.domains.payments.states import SubscriptionStatus
from moorage.domains.payments.subscriptions import told_period, told_subscription
from moorage.kernel.ids import uuid7
from moorage.kernel.pools import prepare_session
from tests.builders import make_user
from tests.support.databases import connection_to

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def told(status: SubscriptionStatus = "active", **more) -> ProviderSubscription:
    items = (SubscriptionItem("price_1", "Lunch", 2_000),)
    return ProviderSubscription("sub_1", status, "USD", items, "month", 1, NOW, customer="cus_1", **more)


def period(**more) -> SubscriptionPeriod:
    facts = {"status": "succeeded", "amount_minor": 2_000, "currency": "USD", "ids": {"payment_intent": "pi_1"}, **more}
    return SubscriptionPeriod("in_1", "sub_1", starts_at=NOW, ends_at=NOW + timedelta(days=30), **facts)


async def keep(db: asyncpg.Connection, subscription, billed=None, *, asked_at: datetime = NOW) -> str:
    outcome: str = await db.fetchval(
        "SELECT settle_period(NULL, $1, $2, 'stripe', $3, $4, $5, $6)",
        uuid7(),
        uuid7(),
        told_subscription(subscription),
        None if billed is None else told_period(billed),
        asked_at,
        NOW,
    )
    return outcome


async def test_what_was_asked_for_later_stands(worker):
    assert await keep(worker, told("active"), asked_at=NOW) == "noted"
    await keep(worker, told("canceled"), asked_at=NOW + timedelta(seconds=2))
    await keep(worker, told("past_due"), asked_at=NOW + timedelta(seconds=1))
    [row] = await worker.fetch("SELECT status, told_at FROM subscriptions")
    assert tuple(row) == ("canceled", NOW + timedelta(seconds=2))


async def test_a_period_told_many_times_at_once_is_one_payment(database, worker):
    async def once() -> str:
        async with connection_to(database.worker_dsn) as connection:
            await prepare_session(connection)
            return await keep(connection, told(), period())

    outcomes = await asyncio.gather(*(once() for _ in range(8)))
    assert sorted(outcomes) == ["moved", *["repeated"] * 7]
    assert await worker.fetchval("SELECT count(*) FROM subscriptions") == 1
    [row] = await worker.fetch("SELECT status, amount_minor, provider_ref, provider_ids FROM payments")
    assert (row["status"], row["amount_minor"], row["provider_ref"]) == ("succeeded", 2_000, "in_1")
    assert row["provider_ids"] == {"payment_intent": "pi_1", "invoice": "in_1"}
    assert await worker.fetchval("SELECT count(*) FROM ledger_transactions WHERE kind = 'payment'") == 1


async def test_a_period_of_another_amount_than_its_payment_is_for_a_person(worker):
    await keep(worker, told(), period())
    assert await keep(worker, told(), period(amount_minor=2_001)) == "parked"


async def test_a_subscription_is_its_payers_to_read(superuser, worker, web):
    payer, other, admin = [await make_user(superuser, role=role) for role in ("user", "user", "admin")]
    await worker.execute("SELECT keep_customer($1, 'stripe', 'cus_1', $2, NULL)", uuid7(), payer)
    await keep(worker, told())
    seen = {}
    for who in (payer, other, admin, None):
        await web.execute("SELECT set_config('request.jwt.claim.sub', $1, false)", str(who or ""))
        seen[who] = await web.fetchval("SELECT count(*) FROM subscriptions")
    assert seen == {payer: 1, other: 0, admin: 1, None: 0}
