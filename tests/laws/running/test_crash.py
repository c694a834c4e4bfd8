"""The product is killed, at random and at every named point, while people pay, cancel and are refunded.

After each restart, within the promised minute: nothing acknowledged is lost, nobody was charged or refunded twice, the
sandbox's own record and the ledger agree to the cent, and no paid booking is without its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from moorage.kernel.crash import CRASH_POINTS
from moorage.kernel.ids import uuid7
from tests.laws.running import truths
from tests.laws.running.conftest import FULL
from tests.laws.running.house import ROOT, RunningHouse
from tests.laws.running.people import ALL_DAY, Town

METHODS = (
    "pm_card_visa",
    "pm_timeout_after_charge",
    "pm_webhook_duplicate",
    "pm_webhook_out_of_order",
    "pm_500_after",
    "pm_500_before",
    "pm_card_declined",
    "pm_webhook_never",
)

pytestmark = pytest.mark.timeout(900)


@dataclass
class Remembered:
    """What the product acknowledged to people before it died."""

    confirmed: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)


@dataclass
class Stage:
    """One house with a practitioner and clients to make load with."""

    house: RunningHouse
    service: str = ""
    keeper: str = ""
    clients: list[str] = field(default_factory=list)
    next_hour: int = 0
    remembered: Remembered = field(default_factory=Remembered)

    async def set(self) -> None:
        town = Town(self.house.base_url)
        self.keeper, _ = await town.practitioner(self.house.facts["tokens"]["owner"], ALL_DAY)
        self.service = await town.service(self.keeper, slot_interval_minutes=60, horizon_days=730)
        self.clients = await town.register_many(8)
        await town.close()

    def take_start(self) -> str:
        self.next_hour += 1
        return (_base() + timedelta(hours=self.next_hour)).isoformat()

    async def load(self, seconds: float) -> None:
        """Clients book, pay with every misbehaviour, and some cancel, until the time is up or the house is gone."""
        town = Town(self.house.base_url)
        town.http.timeout = httpx.Timeout(8)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(self._one_client(town, index) for index in range(len(self.clients))))
        except TimeoutError:
            pass
        finally:
            await town.close()

    async def earn(self) -> None:
        """One booking is paid, and what it earned is available."""
        town, token = Town(self.house.base_url), self.clients[0]
        booking = (await town.book(token, self.service, start_time=self.take_start())).json()["data"]
        paid = await town.pay(token, booking, "pm_card_visa")
        assert paid.status_code == 200, paid.text
        await town.close()
        db = await self.house.overseer()
        earned = "UPDATE earnings SET available_at = now() - interval '1 minute' WHERE booking_id = $1"
        await db.execute(earned, UUID(booking["id"]))
        await db.execute("SELECT release_earnings(now(), $1)", UUID(booking["id"]))
        await db.close()

    async def _one_client(self, town: Town, index: int) -> None:
        chance = random.Random(index)
        while True:
            try:
                await self._book_pay_cancel(town, self.clients[index], chance)
            except httpx.HTTPError:
                if not self.house.is_alive():
                    return
                await asyncio.sleep(0.1)

    async def _book_pay_cancel(self, town: Town, token: str, chance: random.Random) -> None:
        answer = await town.book(token, self.service, start_time=self.take_start())
        if answer.status_code != 201:
            return
        booking = answer.json()["data"]
        paid = await town.pay(token, booking, chance.choice(METHODS))
        if paid.status_code == 200 and paid.json()["data"]["status"] == "succeeded":
            self.remembered.confirmed.add(booking["id"])
        if paid.is_success and chance.random() < 0.4:
            cancelled = await town.ask("POST", f"/api/v1/bookings/{booking['id']}/cancel/", token, {})
            if cancelled.status_code == 200:
                self.remembered.cancelled.add(booking["id"])


def _base() -> datetime:
    return (datetime.now(UTC) + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)


async def _everything_is_whole(stage: Stage) -> None:
    db = await stage.house.overseer()
    try:
        await truths.settle_down(db)
        assert await truths.broken(db) == {}
        await _nothing_acknowledged_is_lost(db, stage.remembered)
    finally:
        await db.close()
    assert _findings(stage.house, "audit") == []


async def _nothing_acknowledged_is_lost(db: asyncpg.Connection, remembered: Remembered) -> None:
    rows = await db.fetch("SELECT id::text, status FROM bookings")
    status = {row["id"]: row["status"] for row in rows}
    for booking in remembered.confirmed - remembered.cancelled:
        assert status[booking] in {"confirmed", "cancelled"}, booking
    for booking in remembered.cancelled:
        assert status[booking] == "cancelled", booking
    refunded_twice = await db.fetch(
        "SELECT payment_id FROM refunds WHERE status <> 'failed' GROUP BY payment_id HAVING count(*) > 1"
    )
    assert refunded_twice == []


def _findings(house: RunningHouse, *command: str) -> list[Any]:
    """The findings of `moorage audit --json` or `reconcile`, as its user would run it."""
    done = subprocess.run(
        [sys.executable, "-m", "moorage", *command, "--json"],
        cwd=ROOT,
        env={
            **os.environ,
            "MOORAGE_HOME": str(house.home),
            "ENVIRONMENT": "test",
            "PYTHONPATH": str(ROOT),
            "BASE_URL": house.base_url,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    told = json.loads(done.stdout or "null")
    assert told is not None, done.stderr[-2000:]
    findings = told["findings"] if isinstance(told, dict) else told
    assert bool(findings) == bool(done.returncode), done.stdout[-2000:] + done.stderr[-2000:]
    return list(findings)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Any:
    settings = {"PROVIDER_TIMEOUT_S": "1.5"}
    running = RunningHouse(Path(tmp_path_factory.mktemp("crash")), settings)
    running.start()
    here = Stage(running)
    asyncio.run(here.set())
    yield here
    running.stop()


ALL_POINTS = sorted(CRASH_POINTS)
# In short, a few each day: over a week every point has its turn.
POINTS = ALL_POINTS if FULL else random.Random(datetime.now(UTC).toordinal()).sample(ALL_POINTS, 2)


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_named_point_it_finds_its_way_to_a_whole_state(stage: Stage, point: str) -> None:
    stage.house.stop()
    stage.house.start(CRASH_AT=point)
    await stage.load(12 if FULL else 5)
    died_there = stage.house.wait_for_death(timeout_s=1)
    if stage.house.is_alive():
        stage.house.kill()
    stage.house.start()
    await _everything_is_whole(stage)
    assert died_there, f"nothing in the load passed {point}"


PAYING_OUT = [point for point in ALL_POINTS if "event" not in point]


@pytest.mark.parametrize(
    "point", PAYING_OUT if FULL else random.Random(datetime.now(UTC).toordinal()).sample(PAYING_OUT, 1)
)
async def test_killed_while_it_pays_out_it_does_so_once(stage: Stage, point: str) -> None:
    await stage.earn()
    town, key = Town(stage.house.base_url), str(uuid7())
    for _ in range(2):  # the second time it is asked how the account stands
        opened = await town.must("POST", "/api/v1/practitioner/connect/", stage.keeper, {"country": "US"})
        await town.http.post(opened["url"])
    stage.house.stop()
    stage.house.start(CRASH_AT=point)
    town.http.headers["Idempotency-Key"] = key
    with contextlib.suppress(httpx.HTTPError):
        await town.ask("POST", "/api/v1/practitioner/payouts/request/", stage.keeper, {})
    assert stage.house.wait_for_death(timeout_s=10), f"paying out did not pass {point}"
    stage.house.start()
    await _everything_is_whole(stage)
    again = await town.ask("POST", "/api/v1/practitioner/payouts/request/", stage.keeper, {})
    await town.close()
    assert again.status_code in {201, 409}, again.text  # done by then, or still taken for running
    db = await stage.house.overseer()
    sent = "SELECT count(*), sum(p.amount_minor) FROM payouts p WHERE p.status <> 'failed'"
    there = "SELECT count(*), sum(amount_minor - reversed_minor) FROM sandbox.transfers"
    assert tuple(await db.fetchrow(sent)) == tuple(await db.fetchrow(there))
    assert await db.fetchval("SELECT count(*) FROM payouts WHERE status = 'requested'") == 0
    await db.close()


@pytest.mark.parametrize("seed", range(8 if FULL else 1))
async def test_killed_at_random_it_finds_its_way_to_a_whole_state(stage: Stage, seed: int) -> None:
    delay = random.Random(seed).uniform(0.5, 3)
    load = asyncio.create_task(stage.load(delay + 1))
    await asyncio.sleep(delay)
    stage.house.kill()
    await load
    stage.house.start()
    await _everything_is_whole(stage)


@pytest.mark.parametrize("seed", range(5 if FULL else 1))
async def test_when_the_database_is_killed_it_recovers_and_loses_nothing(stage: Stage, seed: int) -> None:
    delay = random.Random(seed).uniform(0.5, 3)
    load = asyncio.create_task(stage.load(delay + 1))
    await asyncio.sleep(delay)
    await stage.house.kill_postgres()
    await load
    if seed % 2:
        stage.house.kill()
        stage.house.start()
    else:  # it sees to its server itself
        await asyncio.to_thread(stage.house.wait_until_ready)
    await _everything_is_whole(stage)
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    assert _findings(stage.house, "reconcile", "--provider", "sandbox", "--from", yesterday) == []
