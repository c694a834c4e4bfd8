"""What clients and Stripe do about subscriptions. Each takes a Practice that collects through Stripe's fake."""

import random
from datetime import timedelta

import httpx

from moorage.journeys.process_events import process_due_events
from moorage.journeys.provider_calls import recover_operations
from moorage.journeys.reconcile import reconcile
from tests.fakes.stripe.fake import SECRET_KEY

DECLINED = "4000 0000 0000 9995"


async def priced(town, name: str, amount: int = 2_000, currency: str = "usd", **more) -> str:
    headers = {"Authorization": f"Bearer {SECRET_KEY}"}
    async with httpx.AsyncClient(base_url=town.base_url, headers=headers, trust_env=False) as stripe:
        product = (await stripe.post("/v1/products", data={"name": name})).json()
        price = {"product": product["id"], "unit_amount": amount, "currency": currency, **more}
        return (await stripe.post("/v1/prices", data=price)).json()["id"]


async def settle(kitchen, fake, *, copies: int = 1, shuffled: random.Random | None = None) -> None:
    """Webhooks and events, until nothing waits any more."""
    for _ in range(20):
        queued = len(fake.deliveries.queue)
        await fake.deliveries.deliver(copies=copies, shuffled=shuffled)
        await recover_operations(kitchen.house)
        await process_due_events(kitchen.house)
        waiting = "UPDATE webhook_events SET next_at = now() - interval '1 s' WHERE status = 'received' RETURNING id"
        if not (queued or await kitchen.superuser.fetch(waiting)):
            return
    raise AssertionError("events wait for ever")


def ok(answer, status: int = 200):
    assert answer.status_code == status, answer.text
    return answer.json()


async def begun(kitchen, *prices: str, **more):
    body = {"mode": "subscription", "price_ids": list(prices), **more}
    return ok(await kitchen.client.client.post("/api/stripe/create-checkout-session", json=body))


async def paid_on_the_page(session, card: str = "4242 4242 4242 4242") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as payer:
        return await payer.post(session["url"], data={"card": card})


async def subscribed(kitchen, fake, *prices: str) -> str:
    """A subscription that runs: the provider's id of it."""
    assert (await paid_on_the_page(await begun(kitchen, *prices))).status_code == 303
    await settle(kitchen, fake)
    [reference] = [one["id"] for one in fake.state.of("subscription")]
    return reference


async def listed(who, path: str):
    return ok(await who.client.get(f"/api/stripe/{path}"))["items"]


async def sales(kitchen) -> int:
    query = """
        SELECT coalesce(-sum(b.balance_minor), 0)::bigint FROM ledger_balances b
          JOIN ledger_accounts a ON a.no = b.account_no WHERE a.code = 'sales' AND a.currency = 'USD'
    """
    return await kitchen.superuser.fetchval(query)


async def reconciled(kitchen, *, fix: bool = False):
    now, day = kitchen.house.clock(), timedelta(days=1)
    return await reconcile(kitchen.house, kitchen.house.gateways["stripe"], now - day, now + day, fix=fix)
