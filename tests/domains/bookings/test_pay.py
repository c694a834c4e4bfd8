"""What a payment does to a booking, in time, late, twice, and in two parts."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from moorage.domains.bookings import operations
from moorage.domains.bookings.errors import HoldExpiredError
from moorage.journeys.audit_checks import BOOKINGS
from moorage.kernel.errors import ForbiddenError, InvalidStateError, NotFoundError
from moorage.kernel.ids import uuid7
from tests.builders import make_service
from tests.domains.bookings.conftest import day_at


async def open_balance(scene, booking, amount):
    payment = uuid7()
    await scene.superuser.execute(
        "SELECT open_payment($1, $2, 'booking_balance', $3, $4, $5, 'USD', 'sandbox')",
        payment, uuid7(), booking, scene.client, amount,
    )  # fmt: skip
    return payment


async def test_paying_confirms_tells_both_sides_once_and_records_the_earning(scene):
    booking = await scene.held(day_at(10))
    assert await scene.pay(booking) == "moved"
    assert await scene.pay(booking) == "repeated"
    row = await scene.row(booking)
    assert (row["status"], row["paid_minor"], row["hold_expires_at"]) == ("confirmed", 8000, None)
    claim = await scene.superuser.fetchrow("SELECT kind, expires_at FROM claims WHERE booking_id = $1", booking)
    assert tuple(claim) == ("booking", None)
    assert await scene.value("SELECT count(*) FROM mails") == 2
    assert await scene.balance("commission") == 400
    assert await scene.balance(f"earnings_pending:{scene.practitioner.id}") == 7600
    assert await scene.balance("held:bookings") == 0
    assert await scene.value("SELECT gross_minor FROM practitioner_months") == 8000


async def test_the_house_itself_sells(scene):
    await scene.superuser.execute("UPDATE practitioners SET is_house = true")
    await scene.confirmed(day_at(10))
    assert (await scene.balance("sales"), await scene.balance("commission")) == (8000, 0)


async def test_a_deposit_confirms_and_the_balance_adds_up_to_the_cent(scene):
    service = await make_service(scene.owner, scene.practitioner, price_minor=10_001, deposit_bps=3333)
    booking = await scene.confirmed(day_at(10), service=service)
    row = await scene.row(booking)
    assert (row["status"], row["paid_minor"], row["due_now_minor"]) == ("confirmed", 3333, 3333)
    assert await scene.pay(booking, payment=await open_balance(scene, booking, 6668)) == "moved"
    assert (await scene.row(booking))["paid_minor"] == 10_001
    assert await scene.balance("commission") == row["commission_minor"] == 500
    assert await scene.balance(f"earnings_pending:{scene.practitioner.id}") == 9501


@pytest.mark.parametrize("trouble", ["refund", "dispute"])
async def test_a_part_that_was_given_back_or_disputed_before_the_confirmation_is_earned_as_far_as_it_was_kept(
    scene, trouble
):
    booking = await scene.held(day_at(10))
    part = await open_balance(scene, booking, 5000)
    await scene.pay(booking, payment=part)
    if trouble == "refund":
        await scene.superuser.execute(
            "SELECT settle_external_refund($1, $2, 1000, 're_1', 'succeeded', '{}')", uuid7(), part
        )
    else:
        await scene.superuser.execute("SELECT record_dispute($1, $2, 'dp_1', 1000, 'opened')", uuid7(), part)
    rest = 4000 if trouble == "refund" else 3000
    await scene.pay(booking, payment=await open_balance(scene, booking, rest))
    assert (await scene.row(booking))["status"] == "confirmed"
    assert await scene.balance("held:bookings") == 0
    assert await scene.balance(f"earnings_pending:{scene.practitioner.id}") == 7600
    assert await scene.superuser.fetch(BOOKINGS["confirmed_money_is_earned"]) == []
    if trouble == "dispute":
        assert await scene.value("SELECT held_at IS NOT NULL FROM earnings WHERE payment_id = $1", part)
        await scene.superuser.execute("SELECT record_dispute($1, $2, 'dp_1', 1000, 'lost')", uuid7(), part)
        assert await scene.balance(f"earnings_pending:{scene.practitioner.id}") == 6650


async def test_a_part_is_earned_when_the_practitioner_confirms_without_the_rest(scene):
    booking = await scene.held(day_at(10))
    await scene.pay(booking, payment=await open_balance(scene, booking, 5000))
    async with scene.act(scene.practitioner.user_id) as db:
        await db.fetchval("SELECT confirm_booking($1, $2, now())", booking, scene.practitioner.user_id)
    assert (await scene.row(booking))["status"] == "confirmed"
    assert (await scene.balance("held:bookings"), await scene.balance("commission")) == (0, 250)


async def test_a_second_payment_of_the_same_goes_back(scene):
    booking = await scene.held(day_at(10))
    second = await open_balance(scene, booking, 8000)
    await scene.pay(booking)
    assert await scene.pay(booking, payment=second) == "moved"
    row = await scene.row(booking)
    assert (row["status"], row["paid_minor"], row["refunded_minor"]) == ("confirmed", 16_000, 8000)
    assert await scene.value("SELECT payment_id FROM refunds") == second
    assert await scene.balance(f"earnings_pending:{scene.practitioner.id}") == 7600


@pytest.mark.parametrize("cleaned", [True, False])
async def test_paying_late_takes_the_time_again_while_it_is_free(scene, cleaned):
    booking = await scene.held(day_at(10))
    await scene.expire(booking)
    if cleaned:
        assert await scene.value("SELECT release_expired_holds()") == 1
        assert (await scene.row(booking))["cancel_kind"] == "expired"
    await scene.pay(booking)
    row = await scene.row(booking)
    assert (row["status"], row["cancel_kind"], row["paid_minor"]) == ("confirmed", None, 8000)
    claim = await scene.superuser.fetchrow("SELECT kind, active FROM claims WHERE booking_id = $1", booking)
    assert tuple(claim) == ("booking", True)


@pytest.mark.parametrize("cleaned", [True, False])
async def test_paying_late_for_what_is_gone_brings_the_money_back(scene, cleaned):
    booking = await scene.held(day_at(10))
    await scene.expire(booking)
    if cleaned:
        await scene.value("SELECT release_expired_holds()")
    other = await scene.held(day_at(10), client=await scene.someone())
    await scene.pay(booking)
    assert [(await scene.row(b))["status"] for b in (booking, other)] == ["cancelled", "pending"]
    assert await scene.value("SELECT sum(amount_minor) FROM refunds WHERE status = 'pending'") == 8000
    assert (await scene.balance("held:bookings"), await scene.balance("clearing:sandbox")) == (0, 0)
    assert await scene.value("SELECT cause LIKE 'booking_not_available%' FROM mails")


async def test_paying_after_the_start_brings_the_money_back(scene):
    booking = await scene.held(day_at(10))
    await scene.expire(booking)
    await scene.pay(booking, now=day_at(10))
    assert (await scene.row(booking))["cancel_kind"] == "not_available"
    assert await scene.value("SELECT count(*) FROM claims WHERE active") == 0


async def test_paying_what_was_cancelled_brings_the_money_back(scene):
    booking = await scene.held(day_at(10))
    await scene.superuser.execute("UPDATE payments SET provider_ref = $1", f"ref_{scene.rows[booking]}")
    await scene.value("SELECT refund_minor FROM cancel_booking($1, $2, NULL, now())", booking, scene.client)
    await scene.pay(booking)
    row = await scene.row(booking)
    assert (row["status"], row["paid_minor"], row["refunded_minor"]) == ("cancelled", 8000, 8000)


async def test_a_late_payment_and_a_new_hold_at_once_never_both_win(scene):
    for hour in (9, 10, 11, 12, 13, 14, 15, 16):
        booking = await scene.held(day_at(hour))
        await scene.expire(booking)
        other = await scene.someone()
        await asyncio.gather(scene.pay(booking), scene.hold(day_at(hour), client=other), return_exceptions=True)
        assert await scene.value("SELECT count(*) FROM claims WHERE active AND lower(during) = $1", day_at(hour)) == 1
        row = await scene.row(booking)
        assert (row["status"], row["refunded_minor"]) in {("confirmed", 0), ("cancelled", 8000)}


async def test_the_cleaner_leaves_what_has_not_expired(scene):
    kept, gone = await scene.held(day_at(10)), await scene.held(day_at(12))
    await scene.expire(gone)
    assert await scene.value("SELECT release_expired_holds()") == 1
    assert [(await scene.row(b))["status"] for b in (kept, gone)] == ["pending", "cancelled"]
    # It may still be paid for.
    assert await scene.value("SELECT status FROM payments WHERE purpose_id = $1", gone) == "pending"


async def test_the_practitioner_confirms_without_a_payment_here(scene):
    booking = await scene.held(day_at(10))
    now = datetime.now(UTC)
    with pytest.raises(ForbiddenError):
        async with scene.act(scene.client) as db:
            await operations.confirm(db, booking, by=scene.client, now=now)
    stranger = await scene.someone()
    with pytest.raises(NotFoundError):
        async with scene.act(stranger) as db:
            await operations.confirm(db, booking, by=stranger, now=now)
    by = scene.practitioner.user_id
    async with scene.act(by) as db:
        await operations.confirm(db, booking, by=by, now=now)
    assert (await scene.row(booking))["status"] == "confirmed"
    assert await scene.value("SELECT status FROM payments WHERE purpose_id = $1", booking) == "canceled"
    assert await scene.value("SELECT count(*) FROM earnings") == 0
    with pytest.raises(InvalidStateError):
        async with scene.act(by) as db:
            await operations.confirm(db, booking, by=by, now=now)


async def test_a_hold_is_extended_once(scene):
    booking = await scene.held(day_at(10))
    async with scene.act(scene.client) as db:
        until = await operations.extend_hold(db, booking, by=scene.client, minutes=40)
    assert until > datetime.now(UTC) + timedelta(minutes=39)
    assert await scene.value("SELECT expires_at FROM claims WHERE booking_id = $1", booking) == until
    with pytest.raises(InvalidStateError):
        async with scene.act(scene.client) as db:
            await operations.extend_hold(db, booking, by=scene.client, minutes=40)
    await scene.expire(booking)
    with pytest.raises(HoldExpiredError):
        async with scene.act(scene.client) as db:
            await operations.extend_hold(db, booking, by=scene.client, minutes=40)
