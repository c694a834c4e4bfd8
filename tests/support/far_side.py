"""Telling stories with a provider's fake on the far side: everything that is due happens when a test says so."""

from uuid import UUID

from moorage.journeys.process_events import process_due_events
from moorage.journeys.provider_calls import carry_out, recover_operations


async def settle(shop, fake, *, copies: int = 1) -> None:
    """Calls, webhooks (`copies` of each) and events, until nothing waits any more."""
    for _ in range(20):
        planned = await shop.superuser.fetch("SELECT id FROM provider_operations WHERE status = 'planned'")
        for row in planned:
            await carry_out(shop.house, row["id"])
        queued = len(fake.deliveries.queue)
        assert await fake.deliveries.deliver(copies=copies) == queued * copies
        await process_due_events(shop.house)
        await recover_operations(shop.house)
        waiting = "UPDATE webhook_events SET next_at = now() - interval '1 s' WHERE status = 'received' RETURNING id"
        if not (planned or queued or await shop.superuser.fetch(waiting)):
            return


async def booking_and_payment(shop, booking) -> tuple:
    """(the booking's status, its latest payment's status, who that is paid at)."""
    row = await shop.superuser.fetchrow(
        "SELECT b.status, p.status, p.provider FROM bookings b JOIN payments p ON p.purpose_id = b.id WHERE b.id = $1",
        UUID(booking["id"]),
    )
    return tuple(row)
