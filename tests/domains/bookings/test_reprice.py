"""An order changes: guests, option, place; the price follows, and what is owed with it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from moorage.domains.bookings.errors import TooManyParticipantsError, UnknownOptionError
from moorage.domains.bookings.operations import OrderChange
from moorage.journeys.audit_books import audit
from moorage.journeys.provider_calls import recover_operations
from moorage.journeys.reprice_booking import reprice_booking
from moorage.kernel.errors import InvalidStateError, NotFoundError
from tests.support.bookings import Practice, start_at


@pytest.fixture
async def table(practice: Practice) -> Practice:
    """A practice whose service is priced per guest, at least 50.00, a quarter of it as deposit."""
    await practice.price_per_guest(max_participants=20)
    return practice


def guests(number: int, option: str = "adult") -> list[dict[str, str]]:
    return [{"option": option} for _ in range(number)]


async def change(practice: Practice, booking, by=None, **what) -> None:
    who = (by or practice.client).user_id
    await reprice_booking(practice.house, UUID(booking["id"]), OrderChange(**what), by=who)


async def begin_in(practice: Practice, booking, wait: timedelta) -> None:
    await practice.superuser.execute(
        "UPDATE bookings SET starts_at = now() + $2::interval, ends_at = now() + $2::interval + interval '2 hours'"
        " WHERE id = $1",
        UUID(booking["id"]),
        wait,
    )


async def test_case_26_a_price_that_changes_after_the_deposit_changes_what_is_owed(table: Practice):
    booking = await table.booked(start_at(10), participants=guests(10))
    assert (booking["total_amount"], booking["amount_paid"]) == ("200.00", "50.00")
    await change(table, booking, places=9)
    row = await table.superuser.fetchrow("SELECT * FROM bookings WHERE id = $1", UUID(booking["id"]))
    assert (row["total_minor"], row["paid_minor"], row["places"]) == (18_000, 5_000, 9)
    assert row["total_minor"] - row["paid_minor"] + row["refunded_minor"] == 13_000
    assert row["commission_minor"] == 18_000 * row["commission_bps"] // 10_000
    assert await audit(table.house) == []


async def test_what_was_paid_above_the_new_price_goes_back(table: Practice):
    booking = await table.booked(start_at(10), participants=guests(20))
    assert booking["amount_paid"] == "100.00"
    await change(table, booking, places=3)
    row = await table.superuser.fetchrow("SELECT * FROM bookings WHERE id = $1", UUID(booking["id"]))
    assert (row["total_minor"], row["paid_minor"] - row["refunded_minor"]) == (6_000, 6_000)
    assert await audit(table.house) == []


async def test_few_guests_cost_the_minimum(table: Practice):
    booking = await table.book(start_at(10), participants=guests(2))
    assert booking["total_amount"] == "50.00"
    await change(table, booking, places=1, option="child")
    assert (await table.read(booking["id"]))["total_amount"] == "50.00"


async def test_an_option_keeps_its_agreed_price_and_another_costs_what_it_costs_now(table: Practice):
    booking = await table.book(start_at(10), participants=guests(5))
    await table.superuser.execute("UPDATE price_options SET price_minor = price_minor * 3")
    await change(table, booking, places=6)
    assert (await table.read(booking["id"]))["total_amount"] == "120.00"
    await change(table, booking, option="child")
    assert (await table.read(booking["id"]))["total_amount"] == "180.00"


async def test_a_payment_of_the_old_deposit_is_stopped_before_it_is_paid(table: Practice):
    booking = await table.book(start_at(10), participants=guests(10))
    await change(table, booking, places=12)
    now = await table.read(booking["id"])
    assert now["amount_due_now"] == "60.00"
    await_status = "SELECT status FROM payments WHERE purpose_id = $1"
    assert await table.superuser.fetchval(await_status, UUID(booking["id"])) == "canceled"


async def test_a_price_that_changes_while_the_deposit_is_paid_leaves_books_that_add_up(table: Practice):
    for number, places in enumerate((4, 20)):
        booking = await table.book(start_at(10 + 2 * number), participants=guests(10))
        await asyncio.gather(table.pay(booking), change(table, booking, places=places), return_exceptions=True)
        row = await table.superuser.fetchrow("SELECT * FROM bookings WHERE id = $1", UUID(booking["id"]))
        kept = row["paid_minor"] - row["refunded_minor"]
        assert row["total_minor"] in {20_000, max(5_000, places * 2_000)}
        assert 0 <= kept <= row["total_minor"]
        assert (row["status"] == "confirmed") == (kept >= row["due_now_minor"])
    await recover_operations(table.house)
    assert await audit(table.house) == []


async def test_the_client_changes_while_cancelling_is_free_and_the_practitioner_until_it_begins(table: Practice):
    booking = await table.booked(start_at(10), participants=guests(10))
    await begin_in(table, booking, timedelta(hours=2))
    with pytest.raises(InvalidStateError):
        await change(table, booking, places=11)
    await change(table, booking, by=table.host, places=11)
    await begin_in(table, booking, timedelta(hours=-1))
    with pytest.raises(InvalidStateError):
        await change(table, booking, by=table.host, places=12)


async def test_what_cannot_be_had_changes_nothing(table: Practice):
    booking = await table.book(start_at(10), participants=guests(10))
    stranger = await table.sign_up()
    for refusal, what in (
        (TooManyParticipantsError, {"places": 21}),
        (UnknownOptionError, {"option": "crowd"}),
    ):
        with pytest.raises(refusal):
            await change(table, booking, address="1 Quay", **what)
    with pytest.raises(NotFoundError):
        await change(table, booking, by=stranger, places=2)
    row = await table.superuser.fetchrow("SELECT * FROM bookings WHERE id = $1", UUID(booking["id"]))
    assert (row["total_minor"], row["places"], row["address"]) == (20_000, 10, None)
