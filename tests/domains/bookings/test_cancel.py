"""Ending a booking, by each side, early and late."""

import asyncio
from datetime import timedelta

import pytest

from moorage.domains.bookings import operations, queries
from moorage.kernel.errors import ForbiddenError, InvalidStateError, NotFoundError
from tests.builders import make_service
from tests.domains.bookings.conftest import day_at


async def cancel(scene, booking, by=None, now=None):
    by = by or scene.client
    async with scene.act(by) as db:
        return await operations.cancel(db, booking, by=by, reason="Rain.", now=now or day_at(10, days=0))


@pytest.mark.parametrize(
    ("before_start", "refund", "kept"),
    [(timedelta(hours=24), 8000, 0), (timedelta(hours=24, seconds=-1), 4000, 4000), (timedelta(minutes=1), 4000, 4000)],
)
async def test_the_client_pays_the_policys_fee_when_late(scene, before_start, refund, kept):
    service = await make_service(scene.owner, scene.practitioner, late_fee_bps=5000, free_until_hours=24)
    booking = await scene.confirmed(day_at(10), service=service)
    async with scene.act(scene.client) as db:
        preview = await queries.cancel_preview(db, booking, by=scene.client, now=day_at(10) - before_start)
    assert (preview.refund_minor, preview.fee_minor, preview.currency) == (refund, kept, "USD")
    ended = await cancel(scene, booking, now=day_at(10) - before_start)
    assert (ended.refund_minor, len(ended.operations)) == (refund, 1)
    assert await scene.balance("held:bookings") == 0
    assert await scene.balance("commission") == kept // 20
    assert await scene.balance(f"earnings_pending:{scene.practitioner.id}") == kept - kept // 20
    assert await scene.value("SELECT gross_minor FROM practitioner_months") == kept
    # The time is free again.
    await scene.held(day_at(10), client=await scene.someone())


async def test_the_policy_is_the_one_of_the_booking(scene):
    booking = await scene.confirmed(day_at(10))
    await scene.superuser.execute("UPDATE services SET free_until_hours = 8000, late_fee_bps = 10000")
    assert (await cancel(scene, booking)).refund_minor == 8000


async def test_the_practitioner_gives_everything_back_at_any_time(scene):
    booking = await scene.confirmed(day_at(10))
    ended = await cancel(scene, booking, by=scene.practitioner.user_id, now=day_at(11))
    assert ended.refund_minor == 8000
    assert (await scene.row(booking))["cancel_kind"] == "practitioner"


async def test_an_admin_too_and_a_stranger_finds_nothing(scene):
    booking = await scene.confirmed(day_at(10))
    with pytest.raises(NotFoundError):
        await cancel(scene, booking, by=await scene.someone())
    await cancel(scene, booking, by=await scene.someone(role="admin"), now=day_at(9))
    assert (await scene.row(booking))["cancel_kind"] == "admin"


async def test_twice_after_the_start_or_completed_is_refused(scene):
    booking = await scene.confirmed(day_at(10))
    with pytest.raises(InvalidStateError):
        await cancel(scene, booking, now=day_at(10))
    await cancel(scene, booking)
    with pytest.raises(InvalidStateError):
        await cancel(scene, booking)
    assert await scene.value("SELECT count(*) FROM refunds") == 1


async def test_twenty_cancellations_at_once_refund_once(scene):
    booking = await scene.confirmed(day_at(10))
    results = await asyncio.gather(*(cancel(scene, booking) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(result, InvalidStateError) for result in results) == 19
    assert await scene.value("SELECT sum(amount_minor) FROM refunds") == 8000


async def test_an_unpaid_booking_stops_collecting(scene):
    booking = await scene.held(day_at(10))
    ended = await cancel(scene, booking)
    assert (ended.refund_minor, ended.operations) == (0, [])
    assert await scene.value("SELECT status FROM payments") == "canceled"


async def test_what_the_provider_knows_of_is_canceled_there(scene):
    booking = await scene.held(day_at(10))
    await scene.superuser.execute("UPDATE payments SET provider_ref = 'known', status = 'requires_action'")
    ended = await cancel(scene, booking)
    assert await scene.value("SELECT kind FROM provider_operations WHERE id = $1", ended.operations[0]) == "cancel"


async def test_of_deposit_and_balance_the_newest_goes_back_first(scene):
    service = await make_service(scene.owner, scene.practitioner, deposit_minor=3000, late_fee_bps=5000)
    booking = await scene.confirmed(day_at(10), service=service)
    balance = await scene.value(
        "SELECT open_payment(new_id(), new_id(), 'booking_balance', $1, $2, 5000, 'USD', 'sandbox')",
        booking,
        scene.client,
    )
    balance = await scene.value("SELECT id FROM payments WHERE purpose = 'booking_balance'")
    await scene.pay(booking, payment=balance)
    ended = await cancel(scene, booking, now=day_at(9))
    assert ended.refund_minor == 4000
    assert [tuple(r) for r in await scene.superuser.fetch("SELECT payment_id, amount_minor FROM refunds")] == [
        (balance, 4000)
    ]


async def test_a_deposit_below_the_fee_is_kept_whole(scene):
    service = await make_service(scene.owner, scene.practitioner, deposit_minor=1000, late_fee_bps=5000)
    booking = await scene.confirmed(day_at(10), service=service)
    assert (await cancel(scene, booking, now=day_at(9))).refund_minor == 0


async def attend(scene, verb, booking, by=None, now=None):
    by = by or scene.practitioner.user_id
    async with scene.act(by) as db:
        return await verb(db, booking, by=by, now=now or day_at(11), refund_window_hours=24)


async def test_completing_schedules_the_earning(scene):
    booking = await scene.confirmed(day_at(10))
    with pytest.raises(ForbiddenError):
        await attend(scene, operations.complete, booking, by=scene.client)
    await attend(scene, operations.complete, booking, now=day_at(11) + timedelta(minutes=5))
    row = await scene.row(booking)
    assert (row["status"], row["attended"]) == ("completed", True)
    assert await scene.value("SELECT available_at FROM earnings") == day_at(11, 5) + timedelta(hours=24)
    with pytest.raises(InvalidStateError):
        await attend(scene, operations.complete, booking)


async def test_a_no_show_keeps_what_the_policy_says(scene):
    service = await make_service(scene.owner, scene.practitioner, late_fee_bps=7500)
    booking = await scene.confirmed(day_at(10), service=service)
    with pytest.raises(InvalidStateError):
        await attend(scene, operations.mark_no_show, booking, now=day_at(9))
    ended = await attend(scene, operations.mark_no_show, booking)
    row = await scene.row(booking)
    assert (row["status"], row["attended"], ended.refund_minor, len(ended.operations)) == ("completed", False, 2000, 1)


async def change(scene, booking, by, requests=None, people=None):
    async with scene.act(by) as db:
        await operations.change(db, booking, by=by, special_requests=requests, participants=people)


async def test_each_side_writes_what_is_theirs(scene):
    from moorage.domains.bookings.errors import ParticipantsFixedError  # noqa: PLC0415

    booking = await scene.confirmed(day_at(10))
    await change(scene, booking, scene.client, "Quiet, please.", [{"name": "Bo"}])
    await change(scene, booking, scene.practitioner.user_id, None, [{"attended": True, "notes": "On time."}])
    person = await scene.superuser.fetchrow("SELECT name, attended, notes FROM booking_participants")
    assert tuple(person) == ("Bo", True, "On time.")
    assert (await scene.row(booking))["special_requests"] == "Quiet, please."
    for by, people, error in (
        (scene.client, [{"attended": True}], ForbiddenError),
        (scene.client, [{"notes": "x"}], ForbiddenError),
        (scene.client, [{}, {}], ParticipantsFixedError),
        (scene.client, [{"option": "Child"}], ParticipantsFixedError),
        (await scene.someone(), [{"name": "Eve"}], NotFoundError),
    ):
        with pytest.raises(error):
            await change(scene, booking, by, None, people)
