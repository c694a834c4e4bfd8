"""Fixtures of the laws: one running product per module, and how long the storms last."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.laws.running.house import RunningHouse
from tests.laws.running.people import Town

FULL = os.environ.get("MOORAGE_LAWS") == "full"
"""`make laws` runs every law in full; `make test` in a short form."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    """A product of this module's own, running."""
    running = RunningHouse(Path(tmp_path_factory.mktemp("house")))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
async def town(house: RunningHouse) -> AsyncIterator[Town]:
    """The people of this test."""
    people = Town(house.base_url)
    yield people
    await people.close()


@pytest.fixture
async def overseer(house: RunningHouse) -> AsyncIterator[asyncpg.Connection]:
    """The database as one who sees everything."""
    connection = await house.overseer()
    yield connection
    await connection.close()
