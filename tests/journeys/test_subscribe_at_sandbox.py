"""A subscription without any provider's keys: the sandbox collects it, and its webhooks come in any order."""

from moorage.journeys.audit_subscriptions import SUBSCRIPTIONS
from tests.support.shop import Shop

MONTHLY = "price_month_2000_usd"


def ok(answer, status: int = 200):
    assert answer.status_code == status, answer.text
    return answer.json()


async def begun(shop: Shop, *prices: str):
    body = {"mode": "subscription", "price_ids": list(prices)}
    return ok(await shop.client.post("/api/stripe/create-checkout-session", json=body))


async def subscribed(shop: Shop, *prices: str):
    """(the session, the sandbox's subscription)"""
    session = await begun(shop, *prices)
    form = {"action": "card", "number": "4242424242424242", "expiry": "12/34", "cvc": "123", "name": "Ada Marsh"}
    assert (await shop.town.payer.post(session["url"], data=form)).status_code == 303
    [there] = (await shop.town.api.get("/subscriptions")).json()["data"]
    return session, there


async def listed(client, path: str):
    return ok(await client.get(f"/api/stripe/{path}"))["items"]


async def settled(shop: Shop) -> None:
    """Events, until nothing waits any more."""
    for _ in range(5):
        await shop.settle()
        await shop.due_now()


async def test_it_is_begun_paid_again_and_ended_whatever_the_order_of_events(shop: Shop):
    session, there = await subscribed(shop, MONTHLY, MONTHLY)
    await shop.town.api.post(f"/subscriptions/{there['id']}/renew", json={})
    told = await shop.webhooks()
    await shop.deliver(*reversed(told), *told)
    await settled(shop)
    [one] = await listed(shop.client, "subscriptions")
    assert (one["status"], one["amount"], one["interval"], one["provider"]) == ("active", 4_000, "month", "sandbox")
    later, first = await listed(shop.client, "payments?payment_type=subscription")
    assert first["id"] == session["payment_id"]
    assert {(pay["status"], pay["amount"], pay["subscription_id"]) for pay in (first, later)} == {
        ("succeeded", 4_000, one["id"])
    }
    assert await shop.balance("clearing:sandbox") == await shop.balance("sales") == 8_000
    assert await shop.audit() == []
    refund = {"payment_id": later["id"], "amount": "15.00", "reason": "other"}
    ok(await shop.seller.post("/api/stripe/refund", json=refund), 403)
    await shop.db.execute("UPDATE users SET role = 'admin' WHERE id = $1", shop.practitioner.user_id)
    ok(await shop.seller.post("/api/stripe/refund", json=refund))
    ending = ok(await shop.client.post(f"/api/stripe/subscriptions/{one['id']}/cancel", json={}))
    assert (ending["status"], ending["cancel_at_period_end"]) == ("active", True)
    ended = ok(await shop.client.post(f"/api/stripe/subscriptions/{one['id']}/cancel", json={"at_period_end": False}))
    assert ended["status"] == "canceled"
    await settled(shop)
    assert await shop.balance("sales") == 6_500
    assert await shop.audit() == []


BREAKS = [
    ("paid_period_has_its_subscription", "UPDATE payments SET succeeded_at = now() - interval '1 hour'"),
    ("period_is_one_payment", """UPDATE payments SET provider_ids = '{"invoice": "pi_1"}'"""),
]


async def test_the_audit_finds_a_period_of_nothing_and_one_that_was_paid_twice(shop: Shop):
    _, there = await subscribed(shop, MONTHLY)
    await shop.town.api.post(f"/subscriptions/{there['id']}/renew", json={})
    await settled(shop)
    unseen = []
    for check, sql in BREAKS:
        tried = shop.db.transaction()
        await tried.start()
        await shop.db.execute("SET LOCAL session_replication_role = replica")
        await shop.db.execute("DELETE FROM subscriptions")
        await shop.db.execute(sql)
        if not await shop.db.fetch(SUBSCRIPTIONS[check]):
            unseen.append(check)
        await tried.rollback()
    assert (unseen, {check for check, _ in BREAKS}) == ([], set(SUBSCRIPTIONS))


async def test_a_period_that_is_refused_is_a_failed_payment(shop: Shop):
    _, there = await subscribed(shop, MONTHLY)
    await shop.town.api.post(f"/subscriptions/{there['id']}/renew", json={"payment_method": "pm_card_declined"})
    await shop.deliver(*await shop.webhooks())
    await settled(shop)
    [one] = await listed(shop.client, "subscriptions")
    [failed] = await listed(shop.client, "payments?status=failed")
    assert (one["status"], failed["failure_code"], failed["subscription_id"]) == (
        "past_due",
        "card_declined",
        one["id"],
    )
    assert await shop.balance("sales") == 2_000
    assert await shop.audit() == []
