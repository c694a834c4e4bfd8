"""Moving a booking, alone and against each other."""

import asyncio
from datetime import UTC, datetime

import pytest

from moorage.domains.bookings import operations
from moorage.domains.bookings.errors import HoldExpiredError, SlotUnavailableError
from moorage.kernel.errors import InvalidStateError, NotFoundError
from tests.builders import make_service, make_session
from tests.domains.bookings.conftest import day_at


async def move(scene, booking, starts_at=None, *, session=None, by=None, now=None):
    by = by or scene.client
    async with scene.act(by) as db:
        await operations.reschedule(
            db, booking, by=by, starts_at=starts_at, session_id=session, now=now or datetime.now(UTC)
        )


async def test_a_booking_moves_with_its_claim_and_both_sides_are_told(scene):
    booking = await scene.confirmed(day_at(10))
    await move(scene, booking, day_at(14))
    row = await scene.row(booking)
    assert (row["starts_at"], row["ends_at"], row["reschedule_count"]) == (day_at(14), day_at(15), 1)
    assert await scene.value("SELECT lower(during) FROM claims WHERE booking_id = $1", booking) == day_at(14)
    assert await scene.value("SELECT count(*) FROM mails WHERE cause LIKE 'booking_rescheduled:%'") == 2
    await scene.held(day_at(10), client=await scene.someone())


async def test_its_own_time_does_not_stand_in_the_way(scene):
    service = await make_service(scene.owner, scene.practitioner, slot_interval_minutes=30)
    booking = await scene.confirmed(day_at(10), service=service)
    await move(scene, booking, day_at(10, 30))
    assert (await scene.row(booking))["starts_at"] == day_at(10, 30)


async def test_refused_all_stands_as_it_was(scene):
    booking = await scene.confirmed(day_at(10))
    await scene.held(day_at(12), client=await scene.someone())
    for start in (day_at(12), day_at(17), day_at(10, 5)):
        with pytest.raises(SlotUnavailableError):
            await move(scene, booking, start)
    with pytest.raises(NotFoundError):
        await move(scene, booking, day_at(14), by=await scene.someone())
    row = await scene.row(booking)
    assert (row["starts_at"], row["reschedule_count"]) == (day_at(10), 0)
    assert await scene.value("SELECT lower(during) FROM claims WHERE booking_id = $1", booking) == day_at(10)


async def test_an_expired_hold_makes_room_and_does_not_move_itself(scene):
    booking, blocking = await scene.confirmed(day_at(10)), await scene.held(day_at(12), client=await scene.someone())
    await scene.expire(blocking)
    await move(scene, booking, day_at(12))
    assert (await scene.row(blocking))["cancel_kind"] == "expired"
    lapsed = await scene.held(day_at(14))
    await scene.expire(lapsed)
    with pytest.raises(HoldExpiredError):
        await move(scene, lapsed, day_at(15))


async def test_what_is_over_does_not_move(scene):
    booking = await scene.confirmed(day_at(10))
    with pytest.raises(InvalidStateError):
        await move(scene, booking, day_at(14), now=day_at(10))
    await scene.value("SELECT refund_minor FROM cancel_booking($1, $2, NULL, now())", booking, scene.client)
    with pytest.raises(InvalidStateError):
        await move(scene, booking, day_at(14))


async def test_a_workshops_booking_moves_with_its_places(scene):
    service = await make_service(scene.owner, scene.practitioner, service_type="workshop", max_participants=1)
    first, second = [await make_session(scene.owner, service, day_at(hour)) for hour in (10, 13)]
    booking = await scene.confirmed(service=service, session_id=first)
    await move(scene, booking, session=second)
    assert (await scene.row(booking))["session_id"] == second
    assert await scene.value("SELECT array_agg(places_taken ORDER BY starts_at) FROM sessions") == [0, 1]
    other = await scene.confirmed(service=service, session_id=first, client=await scene.someone())
    with pytest.raises(SlotUnavailableError):
        await move(scene, booking, day_at(10))
    assert (await scene.row(other))["session_id"] == first
    with pytest.raises(SlotUnavailableError):
        await move(scene, booking, day_at(11))


async def test_a_course_keeps_its_dates(scene):
    service = await make_service(scene.owner, scene.practitioner, service_type="course", max_participants=1)
    session = await make_session(scene.owner, service, day_at(10))
    booking = await scene.confirmed(service=service)
    with pytest.raises(InvalidStateError):
        await move(scene, booking, session=session)


async def test_swaps_at_once_never_deadlock(scene):
    workshop = await make_service(scene.owner, scene.practitioner, service_type="workshop", max_participants=1)
    left, right = [await make_session(scene.owner, workshop, day_at(hour, days=5)) for hour in (10, 13)]
    times = [await scene.confirmed(day_at(10)), await scene.confirmed(day_at(13))]
    seats = [await scene.confirmed(service=workshop, session_id=s, client=await scene.someone()) for s in (left, right)]
    owners = [(await scene.row(seat))["client_id"] for seat in seats]
    for _ in range(10):
        results = await asyncio.gather(
            move(scene, times[0], day_at(13)),
            move(scene, times[1], day_at(10)),
            move(scene, seats[0], session=right, by=owners[0]),
            move(scene, seats[1], session=left, by=owners[1]),
            return_exceptions=True,
        )
        assert {type(result) for result in results} <= {SlotUnavailableError, type(None)}
    assert await scene.value("SELECT count(*) FROM claims WHERE active") == 4
    assert await scene.value("SELECT array_agg(places_taken) FROM sessions") == [1, 1]


async def test_movers_and_bookers_of_one_time_have_one_winner(scene):
    bookings = [await scene.confirmed(day_at(hour), client=await scene.someone()) for hour in (9, 10, 11)]
    owners = [(await scene.row(booking))["client_id"] for booking in bookings]
    clients = [await scene.someone() for _ in range(3)]
    results = await asyncio.gather(
        *(move(scene, booking, day_at(15), by=owner) for booking, owner in zip(bookings, owners, strict=True)),
        *(scene.hold(day_at(15), client=client) for client in clients),
        return_exceptions=True,
    )
    assert sum(isinstance(result, SlotUnavailableError) for result in results) == 5
    assert await scene.value("SELECT count(*) FROM claims WHERE active AND lower(during) = $1", day_at(15)) == 1
    assert await scene.value("SELECT count(*) FROM claims WHERE active") in {3, 4}
