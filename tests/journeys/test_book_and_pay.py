"""Booking and paying with the sandbox on the other side: in time, late, given back; and what becomes of the earning."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from moorage.domains.bookings.errors import UnknownProviderError
from moorage.domains.bookings.operations import HoldRequest
from moorage.journeys.book_and_pay import release_expired_holds, start_checkout
from moorage.journeys.cancel_and_refund import cancel_booking
from moorage.journeys.complete import complete_booking, release_due_earnings
from moorage.kernel.ids import uuid7
from tests.builders import make_user


async def expire(shop, booking):
    for table, column, key in (("bookings", "hold_expires_at", "id"), ("claims", "expires_at", "booking_id")):
        await shop.db.execute(
            f"UPDATE {table} SET {column} = now() - interval '1 second' WHERE {key} = $1",
            booking,
        )


async def pay_at_the_provider(shop, held):
    """On the provider's own page, where nobody asks us whether the hold still stands."""
    reference = await shop.db.fetchval("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    await shop.town.gateway.confirm(reference, payment_method="pm_card_visa", key=f"page-{held.id}")
    await shop.settle()


async def status(shop, held):
    return tuple(await shop.db.fetchrow("SELECT status, cancel_kind FROM bookings WHERE id = $1", held.id))


async def test_paying_late_on_the_providers_page_gets_the_time_while_it_is_free(shop):
    held = await shop.ready()
    await expire(shop, held.id)
    assert await release_expired_holds(shop.house) == 1
    assert await status(shop, held) == ("cancelled", "expired")
    await pay_at_the_provider(shop, held)
    assert await status(shop, held) == ("confirmed", None)
    assert await shop.audit() == []


async def test_paying_late_for_what_somebody_else_has_is_paid_back_by_itself(shop):
    held = await shop.ready()
    await expire(shop, held.id)
    starts_at, service = await shop.db.fetchrow("SELECT starts_at, service_id FROM bookings WHERE id = $1", held.id)
    other = await make_user(shop.db)
    wanted = HoldRequest(uuid7(), other, None, service, uuid7(), uuid7(), "sandbox", starts_at=starts_at)
    reference = await shop.db.fetchval("SELECT provider_ref FROM payments WHERE id = $1", held.payment_id)
    # Both at once: the provider collects while the time goes to somebody else.
    await shop.town.gateway.confirm(reference, payment_method="pm_card_visa", key=f"page-{held.id}")
    await start_checkout(shop.house, wanted)
    await shop.settle()
    assert await status(shop, held) == ("cancelled", "not_available")
    refund = await shop.db.fetchrow("SELECT amount_minor, status FROM refunds WHERE payment_id = $1", held.payment_id)
    assert tuple(refund) == (8000, "succeeded")
    assert await shop.audit() == []


async def test_an_unknown_provider_is_refused_before_anything_is_held(shop):
    wanted = HoldRequest(uuid7(), shop.client_id, None, shop.service, uuid7(), uuid7(), "abacus")
    with pytest.raises(UnknownProviderError):
        await start_checkout(shop.house, wanted)


async def test_whoever_cancels_is_told_of_a_refund_that_has_been_made(shop):
    held = await shop.paid()
    ended = await cancel_booking(shop.house, held.id, by=shop.client_id, reason=None)
    assert ended.refund_minor == 8000
    assert await shop.db.fetchval("SELECT status FROM refunds WHERE payment_id = $1", held.payment_id) == "succeeded"
    assert await shop.audit() == []


async def test_an_earning_is_released_once_its_refund_window_is_over(shop):
    held = await shop.paid()
    await shop.db.execute("UPDATE bookings SET starts_at = starts_at - interval '9 days' WHERE id = $1", held.id)
    await complete_booking(shop.house, held.id, by=shop.practitioner.user_id)
    assert await release_due_earnings(shop.house) == 0
    past = datetime.now(UTC) - timedelta(seconds=1)
    await shop.db.execute("UPDATE earnings SET available_at = $1 WHERE booking_id = $2", past, held.id)
    released = await asyncio.gather(*(release_due_earnings(shop.house) for _ in range(4)))
    assert sum(released) == 1
    assert await shop.db.fetchval("SELECT status FROM earnings WHERE booking_id = $1", held.id) == "available"
