"""Units of work are told again by two policies: after how long, for which failures, and how often."""

import asyncio

import asyncpg
import pytest

from moorage.kernel.db import with_retries
from moorage.kernel.errors import OverloadedError, UnavailableError, UnreachableError
from moorage.kernel.retries import CRITICAL, STANDARD


@pytest.fixture
def waits(monkeypatch):
    """How long each wait would have been, in seconds."""
    asked: list[float] = []
    sleep = asyncio.sleep

    async def passed(seconds, *_):
        asked.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", passed)
    return asked


class Unit:
    """Fails as it is told to, then answers."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.told = 0

    async def __call__(self):
        self.told += 1
        if self.failures:
            raise self.failures.pop(0)
        return "done"


async def test_the_standard_policy_tells_a_unit_three_times_after_one_second_and_two(waits):
    unit = Unit(*[asyncpg.DeadlockDetectedError("x") for _ in range(3)])
    with pytest.raises(UnavailableError):
        await with_retries(unit, policy=STANDARD)
    assert (unit.told, waits) == (3, [1.0, 2.0])
    assert await with_retries(Unit(asyncpg.SerializationError("x")), policy=STANDARD) == "done"


async def test_the_critical_policy_tells_it_five_times_from_half_a_second_doubling_with_jitter(waits):
    unit = Unit(*[asyncpg.LockNotAvailableError("x") for _ in range(5)])
    with pytest.raises(UnavailableError):
        await with_retries(unit, policy=CRITICAL)
    assert unit.told == 5
    for waited, least in zip(waits, (0.5, 1.0, 2.0, 4.0), strict=True):
        assert least <= waited <= least + CRITICAL.jitter_s
    assert await with_retries(Unit(UnreachableError(), UnreachableError())) == "done"


async def test_what_may_have_been_carried_out_is_told_again_only_when_that_is_harmless(waits):
    for lost in (ConnectionResetError, UnavailableError, asyncpg.ConnectionDoesNotExistError):
        assert await with_retries(Unit(lost("x")), repeatable=True) == "done"
        unit = Unit(lost("x"))
        with pytest.raises(UnavailableError):
            await with_retries(unit)
        assert unit.told == 1


@pytest.mark.parametrize("failure", [OverloadedError(), ValueError(), asyncpg.UniqueViolationError("x")])
async def test_nothing_else_is_told_again(failure, waits):
    unit = Unit(failure)
    with pytest.raises(type(failure)):
        await with_retries(unit, repeatable=True)
    assert (unit.told, waits) == (1, [])
