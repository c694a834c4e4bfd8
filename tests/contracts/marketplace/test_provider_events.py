"""Admins see what providers told us and have it processed once more; nobody else does."""

from moorage.journeys.process_events import process_due_events
from moorage.kernel.ids import uuid7
from tests.support.shop import Shop

URL = "/api/v1/admin/provider-events/"


async def test_an_admin_lists_parked_events_and_replays_one(shop: Shop):
    held = await shop.ready()
    reference = await shop.value("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    await shop.town.api.post(f"/intents/{reference}/confirm", json={"payment_method": "pm_card_visa"})
    await shop.deliver(*await shop.webhooks())
    await shop.db.execute("UPDATE webhook_events SET status = 'parked', outcome = 'by hand'")
    await shop.db.execute("UPDATE users SET role = 'admin' WHERE id = $1", shop.practitioner.user_id)
    listed = (await shop.seller.get(f"{URL}?status=parked&provider=sandbox")).json()["data"]
    assert listed["count"] == len(listed["results"]) > 0
    assert {event["outcome"] for event in listed["results"]} == {"by hand"}
    for event in listed["results"]:
        assert (await shop.seller.post(f"{URL}{event['id']}/replay/")).status_code == 200
    await process_due_events(shop.house)
    assert await shop.status(held) == ("confirmed", "succeeded")
    assert (await shop.seller.get(f"{URL}?status=parked")).json()["data"]["count"] == 0
    assert (await shop.seller.post(f"{URL}{uuid7()}/replay/")).status_code == 404


async def test_nobody_else_does(shop: Shop):
    for client in (shop.client, shop.seller):
        assert (await client.get(URL)).status_code == 403
        assert (await client.post(f"{URL}{uuid7()}/replay/")).status_code == 403
    assert (await shop.town.payer.get(URL)).status_code == 401
