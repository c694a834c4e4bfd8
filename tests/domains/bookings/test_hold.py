"""Holding a session's time: what it writes, what it costs, what it refuses."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from moorage.domains.bookings.errors import (
    InvalidStartError,
    OptionRequiredError,
    OwnServiceError,
    ServiceUnavailableError,
    SlotUnavailableError,
    TooManyParticipantsError,
    UnknownOptionError,
)
from moorage.domains.bookings.operations import People
from moorage.kernel.errors import InvalidRangeError, NotFoundError
from moorage.kernel.ids import uuid7
from tests.builders import make_service
from tests.domains.bookings.conftest import day_at


def people(*options):
    return People([None] * len(options), [None] * len(options), list(options))


async def test_a_hold_keeps_the_time_and_opens_its_payment(scene):
    booking, held = await scene.hold(day_at(10))
    row = await scene.row(booking)
    assert (row["status"], row["total_minor"], row["due_now_minor"], row["commission_minor"]) == (
        "pending",
        8000,
        8000,
        400,
    )
    assert held["ends_at"] - held["starts_at"] == timedelta(minutes=60)
    claim = await scene.superuser.fetchrow("SELECT * FROM claims WHERE booking_id = $1", booking)
    assert (claim["kind"], claim["active"], claim["expires_at"]) == ("hold", True, row["hold_expires_at"])
    payment = await scene.superuser.fetchrow("SELECT * FROM payments WHERE id = $1", held["payment_id"])
    assert (payment["purpose"], payment["amount_minor"], payment["status"]) == ("booking_full", 8000, "pending")
    assert await scene.value("SELECT kind FROM provider_operations WHERE payment_id = $1", payment["id"]) == "create"


async def test_a_taken_time_is_refused_and_the_neighbours_are_not(scene):
    await scene.held(day_at(10))
    other = await scene.someone()
    with pytest.raises(SlotUnavailableError):
        await scene.hold(day_at(10), client=other)
    await scene.hold(day_at(9), client=other)
    await scene.hold(day_at(11), client=other)


async def test_what_is_not_listed_is_refused(scene):
    for start in (day_at(8), day_at(17), day_at(10, 7), day_at(10, days=61), day_at(10, days=-1)):
        with pytest.raises(SlotUnavailableError):
            await scene.hold(start)


async def test_the_same_id_again_is_the_same_booking(scene):
    booking, _ = await scene.hold(day_at(10))
    _, again = await scene.hold(day_at(10), booking_id=booking)
    assert again["repeated"] is True
    assert await scene.value("SELECT count(*) FROM payments") == 1
    with pytest.raises(NotFoundError):
        await scene.hold(day_at(12), booking_id=booking, client=await scene.someone())


async def test_the_same_id_twenty_times_at_once_is_one_booking(scene):
    booking = uuid7()
    held = await asyncio.gather(*(scene.hold(day_at(10), booking_id=booking) for _ in range(20)))
    assert sum(not row["repeated"] for _, row in held) == 1
    assert (await scene.row(booking))["status"] == "pending"
    assert await scene.value("SELECT count(*) FROM bookings") == 1


async def test_the_end_has_to_be_the_end(scene):
    with pytest.raises(InvalidRangeError):
        await scene.hold(day_at(10), ends_at=day_at(12))
    await scene.hold(day_at(10), ends_at=day_at(11))


async def test_only_what_is_offered_by_a_verified_practitioner_to_somebody_else(scene):
    with pytest.raises(OwnServiceError):
        await scene.hold(day_at(10), client=scene.practitioner.user_id)
    with pytest.raises(NotFoundError):
        await scene.hold(day_at(10), service=uuid7())
    with pytest.raises(InvalidStartError):
        await scene.hold()
    idle = await make_service(scene.owner, scene.practitioner, is_active=False)
    with pytest.raises(ServiceUnavailableError):
        await scene.hold(day_at(10), service=idle)
    with pytest.raises(TooManyParticipantsError):
        await scene.hold(day_at(10), people=people(None, None))


async def test_options_are_priced_by_the_server_for_each_participant(scene):
    service = await make_service(
        scene.owner, scene.practitioner, options={"Adult": 5000, "Child": 2500}, max_participants=3
    )
    with pytest.raises(OptionRequiredError):
        await scene.hold(day_at(10), service=service)
    with pytest.raises(UnknownOptionError):
        await scene.hold(day_at(10), service=service, people=people("Adult", "Dog"))
    with pytest.raises(UnknownOptionError):
        await scene.hold(day_at(10), people=people("Adult"))
    booking, held = await scene.hold(day_at(10), service=service, people=people("Adult", "Child", "Child"))
    assert (held["total_minor"], held["prices_minor"]) == (10000, [5000, 2500, 2500])
    assert (
        await scene.value("SELECT sum(price_minor) FROM booking_participants WHERE booking_id = $1", booking) == 10000
    )


async def test_a_session_without_options_costs_the_same_for_all_who_come(scene):
    service = await make_service(scene.owner, scene.practitioner, max_participants=3)
    _, held = await scene.hold(day_at(10), service=service, people=people(None, None))
    assert held["total_minor"] == 8000


@pytest.mark.parametrize(
    ("columns", "due"),
    [({"deposit_bps": 2500}, 2000), ({"deposit_minor": 3000}, 3000), ({"deposit_minor": 9000}, 8000), ({}, 8000),
     ({"deposit_bps": 3333, "price_minor": 10005}, 3335), ({"deposit_bps": 1, "price_minor": 100}, 1)],
)  # fmt: skip
async def test_a_deposit_is_what_is_due_now(scene, columns, due):
    service = await make_service(scene.owner, scene.practitioner, **columns)
    _, held = await scene.hold(day_at(10), service=service)
    assert held["due_now_minor"] == due
    assert await scene.value("SELECT amount_minor FROM payments WHERE id = $1", held["payment_id"]) == due


async def test_what_costs_nothing_is_confirmed_at_once(scene):
    service = await make_service(scene.owner, scene.practitioner, price_minor=0)
    booking, held = await scene.hold(day_at(10), service=service)
    assert (held["status"], held["payment_id"], held["hold_expires_at"]) == ("confirmed", None, None)
    assert await scene.value("SELECT kind FROM claims WHERE booking_id = $1", booking) == "booking"
    assert await scene.value("SELECT count(*) FROM mails") == 2


@pytest.mark.parametrize(
    ("currency", "gross", "bps"),
    [("USD", 500_000, 500), ("USD", 500_001, 400), ("USD", 1_000_000, 400), ("USD", 1_000_001, 300),
     ("JPY", 5_000, 500), ("JPY", 5_001, 400), ("KWD", 5_000_001, 400)],
)  # fmt: skip
async def test_the_commission_follows_the_months_confirmed_gross(scene, currency, gross, bps):
    await scene.superuser.execute(
        "INSERT INTO practitioner_months VALUES ($1, month_of(now()), $2, $3)", scene.practitioner.id, currency, gross
    )
    service = await make_service(scene.owner, scene.practitioner, currency=currency, price_minor=10_010)
    booking = await scene.held(day_at(10), service=service)
    row = await scene.row(booking)
    assert (row["commission_bps"], row["commission_minor"]) == (bps, (10_010 * bps + 5_000) // 10_000)


async def test_a_practitioners_own_rate_overrides_the_tiers_and_the_house_takes_none(scene):
    await scene.superuser.execute("UPDATE practitioners SET commission_bps = 1234")
    assert (await scene.hold(day_at(10)))[1]["commission_minor"] == 987
    await scene.superuser.execute("UPDATE practitioners SET is_house = true")
    assert (await scene.hold(day_at(12)))[1]["commission_minor"] == 0


async def test_the_holder_may_choose_their_own_held_time_again(scene):
    first = await scene.held(day_at(10))
    second = await scene.held(day_at(10))
    assert [(await scene.row(b))["status"] for b in (first, second)] == ["cancelled", "pending"]
    # Never called at the provider, so it is canceled at once.
    assert await scene.value("SELECT status FROM payments WHERE purpose_id = $1", first) == "canceled"
    # Another client's hold, and a paid booking of one's own, are not replaced.
    with pytest.raises(SlotUnavailableError):
        await scene.hold(day_at(10), client=await scene.someone())
    await scene.pay(second)
    with pytest.raises(SlotUnavailableError):
        await scene.hold(day_at(10))
    assert (await scene.row(second))["status"] == "confirmed"


async def test_a_refused_choice_leaves_the_old_hold_as_it_was(scene):
    first = await scene.held(day_at(10))
    await scene.held(day_at(11), client=await scene.someone())
    long = await make_service(scene.owner, scene.practitioner, duration_minutes=120)
    with pytest.raises(SlotUnavailableError):
        await scene.hold(day_at(10), service=long)
    with pytest.raises(InvalidRangeError):
        await scene.hold(day_at(10), ends_at=day_at(12))
    assert (await scene.row(first))["status"] == "pending"


async def test_an_expired_hold_is_free_at_that_instant(scene):
    first = await scene.held(day_at(10))
    await scene.expire(first)
    second = await scene.held(day_at(10), client=await scene.someone())
    assert ((await scene.row(first))["cancel_kind"], (await scene.row(second))["status"]) == ("expired", "pending")


async def test_notice_and_horizon_hold_at_their_edges(scene):
    service = await make_service(scene.owner, scene.practitioner, min_notice_minutes=120, horizon_days=5)
    with pytest.raises(SlotUnavailableError):
        await scene.hold(day_at(10), service=service, now=day_at(8) + timedelta(microseconds=1))
    await scene.hold(day_at(10), service=service, now=day_at(8))
    with pytest.raises(SlotUnavailableError):
        await scene.hold(day_at(10, days=9), service=service, now=day_at(8))
    await scene.hold(day_at(10, days=8), service=service, now=day_at(8))


async def test_ten_parallel_requests_for_one_start_have_one_winner(scene):
    clients = [await scene.someone() for _ in range(10)]
    results = await asyncio.gather(*(scene.hold(day_at(10), client=c) for c in clients), return_exceptions=True)
    assert sum(isinstance(r, tuple) for r in results) == 1
    assert sum(isinstance(r, SlotUnavailableError) for r in results) == 9


async def test_overlapping_requests_at_once_have_one_winner(scene):
    half = await make_service(scene.owner, scene.practitioner, slot_interval_minutes=30)
    for hour in (9, 11, 13, 15):
        clients = [await scene.someone() for _ in range(2)]
        results = await asyncio.gather(
            scene.hold(day_at(hour), service=half, client=clients[0]),
            scene.hold(day_at(hour, 30), service=half, client=clients[1]),
            return_exceptions=True,
        )
        assert sorted(type(r).__name__ for r in results) == ["SlotUnavailableError", "tuple"]


async def test_every_listed_start_books_and_every_unlisted_is_refused(scene):
    service = await make_service(
        scene.owner, scene.practitioner, slot_interval_minutes=30, buffer_before_minutes=10, buffer_after_minutes=20
    )
    now = datetime.now(UTC)
    await scene.held(day_at(12), service=service)
    probe = day_at(0)
    while probe < day_at(0, days=4):
        listed = await scene.value(
            "SELECT count(*) FROM list_starts($1, $2, $2::timestamptz + interval '1 microsecond', $3)",
            service,
            probe,
            now,
        )
        client = await scene.someone()
        if listed:
            await scene.held(probe, service=service, client=client, now=now)
        else:
            with pytest.raises(SlotUnavailableError):
                await scene.hold(probe, service=service, client=client, now=now)
        probe += timedelta(minutes=15)
    assert await scene.value("SELECT count(*) FROM claims WHERE active") >= 5
