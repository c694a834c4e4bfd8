"""Workshops by places and courses as a whole."""

import asyncio

import pytest

from moorage.domains.bookings.errors import InvalidStartError, SlotUnavailableError
from moorage.domains.bookings.operations import People
from moorage.kernel.errors import NotFoundError
from moorage.kernel.ids import uuid7
from tests.builders import make_service, make_session
from tests.domains.bookings.conftest import day_at


def places(number):
    return People([None] * number, [None] * number, [None] * number)


async def taken(scene, session):
    return await scene.value("SELECT places_taken FROM sessions WHERE id = $1", session)


async def workshop(scene, **columns):
    columns.setdefault("max_participants", 10)
    service = await make_service(scene.owner, scene.practitioner, service_type="workshop", **columns)
    return service, await make_session(scene.owner, service, day_at(10))


async def course(scene, capacity=2):
    service = await make_service(scene.owner, scene.practitioner, service_type="course", max_participants=capacity)
    return service, [await make_session(scene.owner, service, day_at(10, days=days)) for days in (2, 3, 4)]


async def test_a_workshop_is_booked_by_its_session_or_its_start_and_priced_by_place(scene):
    service, session = await workshop(scene)
    _, by_session = await scene.hold(service=service, session_id=session, people=places(3))
    _, by_start = await scene.hold(day_at(10), service=service, client=await scene.someone())
    assert (by_session["total_minor"], by_start["total_minor"]) == (24000, 8000)
    assert by_session["session_id"] == by_start["session_id"] == session
    assert await taken(scene, session) == 4
    with pytest.raises(NotFoundError):
        await scene.hold(service=service, session_id=uuid7())
    with pytest.raises(SlotUnavailableError):
        await scene.hold(day_at(11), service=service)
    with pytest.raises(InvalidStartError):
        await scene.hold(service=service)


async def test_of_two_hundred_clients_exactly_the_capacity_get_a_place(scene):
    service, session = await workshop(scene)
    clients = [await scene.someone() for _ in range(200)]
    results = await asyncio.gather(
        *(scene.hold(service=service, session_id=session, client=client) for client in clients), return_exceptions=True
    )
    assert sum(isinstance(result, tuple) for result in results) == 10
    assert sum(isinstance(result, SlotUnavailableError) for result in results) == 190
    assert await taken(scene, session) == 10


async def test_places_of_expired_holds_are_free_at_that_instant(scene):
    service, session = await workshop(scene)
    held = [
        await scene.held(service=service, session_id=session, client=await scene.someone(), people=places(5))
        for _ in range(2)
    ]
    with pytest.raises(SlotUnavailableError):
        await scene.hold(service=service, session_id=session, client=await scene.someone())
    await scene.expire(held[0])
    clients = [await scene.someone() for _ in range(20)]
    results = await asyncio.gather(
        *(scene.hold(service=service, session_id=session, client=client) for client in clients), return_exceptions=True
    )
    assert sum(isinstance(result, tuple) for result in results) == 5
    assert await taken(scene, session) == 10


async def test_the_same_client_choosing_the_same_workshop_again_replaces_the_hold(scene):
    service, session = await workshop(scene)
    first = await scene.held(service=service, session_id=session, people=places(3))
    await scene.held(service=service, session_id=session, people=places(2))
    assert (await scene.row(first))["status"] == "cancelled"
    assert await taken(scene, session) == 2


async def test_the_same_id_again_takes_no_second_place(scene):
    service, session = await workshop(scene)
    booking = uuid7()
    await asyncio.gather(*(scene.hold(service=service, session_id=session, booking_id=booking) for _ in range(10)))
    assert await taken(scene, session) == 1


async def test_a_course_is_one_booking_with_a_child_for_each_date(scene):
    service, sessions = await course(scene)
    booking, held = await scene.hold(service=service)
    assert (held["total_minor"], held["has_children"]) == (8000, True)
    assert (held["starts_at"], held["ends_at"]) == (day_at(10, days=2), day_at(11, days=4))
    children = await scene.superuser.fetch("SELECT * FROM bookings WHERE parent_id = $1 ORDER BY starts_at", booking)
    assert [child["session_id"] for child in children] == sessions
    assert {child["total_minor"] for child in children} == {0}
    assert [await taken(scene, session) for session in sessions] == [1, 1, 1]
    with pytest.raises(InvalidStartError):
        await scene.hold(day_at(10, days=2), service=service)


async def test_a_course_is_all_or_none(scene):
    service, sessions = await course(scene)
    await scene.superuser.execute("UPDATE sessions SET places_taken = 2 WHERE id = $1", sessions[1])
    with pytest.raises(SlotUnavailableError):
        await scene.hold(service=service)
    assert [await taken(scene, session) for session in sessions] == [0, 2, 0]
    assert await scene.value("SELECT count(*) FROM bookings") == 0


async def test_enrolments_at_once_fill_a_course_exactly(scene):
    service, sessions = await course(scene, capacity=3)
    clients = [await scene.someone() for _ in range(30)]
    results = await asyncio.gather(
        *(scene.hold(service=service, client=client) for client in clients), return_exceptions=True
    )
    assert sum(isinstance(result, tuple) for result in results) == 3
    assert sum(isinstance(result, SlotUnavailableError) for result in results) == 27
    assert [await taken(scene, session) for session in sessions] == [3, 3, 3]


async def test_paying_confirms_a_course_with_its_dates_and_cancelling_frees_them(scene):
    service, sessions = await course(scene)
    booking = await scene.confirmed(service=service)
    statuses = "SELECT array_agg(DISTINCT status) FROM bookings WHERE id = $1 OR parent_id = $1"
    assert await scene.value(statuses, booking) == ["confirmed"]
    await scene.value("SELECT refund_minor FROM cancel_booking($1, $2, NULL, now())", booking, scene.client)
    assert await scene.value(statuses, booking) == ["cancelled"]
    assert [await taken(scene, session) for session in sessions] == [0, 0, 0]


async def test_an_expired_course_paid_late_is_taken_again_whole_or_refunded_whole(scene):
    service, sessions = await course(scene, capacity=1)
    first = await scene.held(service=service)
    await scene.expire(first)
    assert await scene.value("SELECT release_expired_holds()") == 1
    second = await scene.held(service=service, client=await scene.someone())
    assert await scene.pay(first) == "moved"
    assert (await scene.row(first))["cancel_kind"] == "not_available"
    assert await scene.value("SELECT sum(amount_minor) FROM refunds") == 8000
    await scene.expire(second)
    await scene.value("SELECT release_expired_holds()")
    await scene.pay(second)
    assert (await scene.row(second))["status"] == "confirmed"
    assert [await taken(scene, session) for session in sessions] == [1, 1, 1]
