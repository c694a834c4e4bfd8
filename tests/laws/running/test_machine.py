"""Any order of booking, paying, cancelling, refunding and passing time keeps every law, checked after each step."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from moorage.providers.sandbox.signatures import HEADER, sign
from tests.laws.running import truths
from tests.laws.running.conftest import FULL
from tests.laws.running.house import RunningHouse
from tests.laws.running.people import ALL_DAY, Town

pytestmark = pytest.mark.timeout(900)


class World:
    """One running house, a practitioner with a service, two clients and an eye on the database."""

    def __init__(self, house: RunningHouse) -> None:
        self.runner = asyncio.Runner()
        self.secret = (house.home / "sandbox_webhook_secret").read_text().strip()
        self.owner: str = house.facts["tokens"]["owner"]
        self.http = httpx.Client(base_url=house.base_url, timeout=30, trust_env=False)
        self.db: asyncpg.Connection = self.runner.run(house.overseer())
        self.keeper, self.service, self.clients = self.runner.run(self._people(house))
        self.day = 0

    @staticmethod
    async def _people(house: RunningHouse) -> tuple[str, str, list[str]]:
        town = Town(house.base_url)
        keeper, _ = await town.practitioner(house.facts["tokens"]["owner"], ALL_DAY)
        terms = {"free_until_hours": 24, "late_fee_percent": 50}
        service = await town.service(keeper, horizon_days=730, cancellation=terms, deposit_percent=25)
        clients = await town.register_many(2)
        await town.close()
        return keeper, service, clients

    def ask(self, method: str, path: str, token: str, body: Any = None, key: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        answer = self.http.request(method, path, json=body, headers=headers)
        assert answer.status_code < 500, f"{method} {path} -> {answer.status_code} {answer.text}"
        return answer

    def close(self) -> None:
        self.http.close()
        self.runner.run(self.db.close())
        self.runner.close()


world: World


class Bookings(RuleBasedStateMachine):
    """What clients and their practitioner may do in any order; the model remembers each booking's status."""

    bookings = Bundle("bookings")

    def __init__(self) -> None:
        super().__init__()
        world.day += 1  # each example on days of its own
        self.first = (datetime.now(UTC) + timedelta(days=2 + world.day % 600)).replace(
            hour=8, minute=0, second=0, microsecond=0
        )
        self.status: dict[str, str] = {}
        self.taken: dict[int, str] = {}

    @rule(target=bookings, slot=st.integers(0, 5), client=st.integers(0, 1))
    def book(self, slot: int, client: int) -> Any:
        start = (self.first + timedelta(minutes=30 * slot)).isoformat()
        answer = world.ask(
            "POST", "/api/v1/bookings/", world.clients[client], {"service_id": world.service, "start_time": start}
        )
        near = [
            (other, booking)
            for other, booking in self.taken.items()
            if abs(other - slot) < 2 and self.status[booking] != "cancelled"
        ]
        if answer.status_code != 201:
            assert answer.status_code == 409, answer.text
            assert near, f"nothing overlaps {start}, yet it was refused: {answer.text}"
            return multiple()
        made = answer.json()["data"]
        for _, booking in near:  # a holder may choose again: their own overlapping hold was given back
            assert self._read(client, booking)["status"] == "cancelled"
            self.status[booking] = "cancelled"
        self.status[made["id"]] = "pending"
        self.taken[slot] = made["id"]
        return (made["id"], client)

    @rule(
        booking=bookings,
        method=st.sampled_from(["pm_card_visa", "pm_card_declined", "pm_webhook_duplicate", "pm_webhook_out_of_order"]),
    )
    def pay(self, booking: tuple[str, int], method: str) -> None:
        booking_id, client = booking
        intent = world.ask("POST", "/api/v1/payments/create-intent/", world.clients[client], {"booking_id": booking_id})
        if not intent.is_success:
            assert self.status[booking_id] != "pending" or intent.status_code == 409, intent.text
            return
        body = {"payment_id": intent.json()["data"]["payment_id"], "payment_method": method}
        paid = world.ask("POST", "/api/v1/payments/confirm/", world.clients[client], body)
        if (
            paid.status_code == 200
            and paid.json()["data"]["status"] == "succeeded"
            and self.status[booking_id] == "pending"
        ):
            self.status[booking_id] = "confirmed"

    @rule(booking=bookings, again_as_stored=st.booleans())
    def the_provider_repeats_what_it_told(self, booking: tuple[str, int], again_as_stored: bool) -> None:  # noqa: FBT001 - a drawn value
        """Every webhook about the booking's payments comes in again, freshly signed or as it was stored."""
        for event_id, body in world.runner.run(_told(booking[0])):
            if again_as_stored:
                answer = world.ask("POST", f"/api/v1/admin/provider-events/{event_id}/replay/", world.owner)
            else:
                signature = sign([world.secret], body, int(datetime.now(UTC).timestamp()))
                headers = {HEADER: signature, "Content-Type": "application/json"}
                answer = world.http.post("/webhooks/sandbox", content=body, headers=headers)
            assert answer.status_code == 200, answer.text

    @rule(booking=bookings, by_keeper=st.booleans())
    def cancel(self, booking: tuple[str, int], by_keeper: bool) -> None:  # noqa: FBT001 - a drawn value
        booking_id, client = booking
        token = world.keeper if by_keeper else world.clients[client]
        answer = world.ask("POST", f"/api/v1/bookings/{booking_id}/cancel/", token, {"reason": "changed plans"})
        assert answer.status_code == (409 if self.status[booking_id] == "cancelled" else 200), answer.text
        self.status[booking_id] = "cancelled"

    @rule(booking=bookings, slot=st.integers(0, 5))
    def reschedule(self, booking: tuple[str, int], slot: int) -> None:
        booking_id, client = booking
        start = (self.first + timedelta(minutes=30 * slot)).isoformat()
        before = self._read(client, booking_id)
        answer = world.ask(
            "POST", f"/api/v1/bookings/{booking_id}/reschedule/", world.clients[client], {"start_time": start}
        )
        after = self._read(client, booking_id)
        if answer.status_code == 200:
            for other in [at for at, who in self.taken.items() if who == booking_id]:
                del self.taken[other]
            self.taken[slot] = booking_id
        else:
            assert answer.status_code in {409, 422}, answer.text
            assert after["start_time"] == before["start_time"]
        assert after["status"] == before["status"]

    @rule(booking=bookings)
    def time_passes_until_the_hold_is_over(self, booking: tuple[str, int]) -> None:
        booking_id, _ = booking
        world.runner.run(_expire(booking_id))
        if self.status[booking_id] == "pending":
            self.status[booking_id] = "cancelled"

    @invariant()
    def every_law_holds(self) -> None:
        assert world.runner.run(truths.broken(world.db)) == {}

    @invariant()
    def statuses_are_what_people_were_told(self) -> None:
        told = world.runner.run(_statuses(list(self.status)))
        assert told == self.status

    def _read(self, client: int, booking_id: str) -> dict[str, Any]:
        answer = world.ask("GET", f"/api/v1/bookings/{booking_id}/", world.clients[client])
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])


async def _expire(booking_id: str) -> None:
    """Let the hold's time pass, then let whoever cleans do so, as the worker does every few seconds."""
    async with world.db.transaction():
        await world.db.execute(
            "UPDATE bookings SET hold_expires_at = now() - interval '1 second' WHERE id = $1 AND status = 'pending'",
            booking_id,
        )
        await world.db.execute(
            "UPDATE claims SET expires_at = now() - interval '1 second' WHERE booking_id = $1 AND kind = 'hold'",
            booking_id,
        )
    await world.db.execute("SELECT release_expired_holds()")


async def _told(booking_id: str) -> list[tuple[str, bytes]]:
    """The stored events about a booking's payments: their rows' ids and their bodies as they came in."""
    rows = await world.db.fetch(
        """
        SELECT w.id::text, w.body FROM payments p
          JOIN webhook_events w ON position(convert_to(p.id::text, 'UTF8') IN w.body) > 0
         WHERE p.purpose_id = $1::uuid ORDER BY w.received_at
        """,
        booking_id,
    )
    return [(row["id"], row["body"]) for row in rows]


async def _statuses(bookings: list[str]) -> dict[str, str]:
    rows = await world.db.fetch("SELECT id::text, status FROM bookings WHERE id = ANY ($1::uuid[])", bookings)
    return {row["id"]: row["status"] for row in rows}


@pytest.fixture
def open_world(house: RunningHouse) -> Iterator[World]:
    """The machine's world, made once for all its examples."""
    global world  # noqa: PLW0603 - a state machine has no other way to be told
    world = World(house)
    yield world
    with contextlib.suppress(httpx.HTTPError):
        world.close()


def test_any_order_of_events_keeps_every_law(open_world: World) -> None:
    assert open_world
    run_state_machine_as_test(
        Bookings,
        settings=settings(
            max_examples=100 if FULL else 8,
            stateful_step_count=30 if FULL else 12,
            deadline=None,
            derandomize=not FULL,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
