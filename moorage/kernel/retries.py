"""The two policies by which a unit of work is told again, and the loop that does it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import stamina

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Policy:
    """`attempts` in all, the first included; waits in seconds, each twice the one before, and up to `jitter_s` more so
    that those who failed together do not come back together. No attempt begins later than `within_s`.
    """

    attempts: int
    first_wait_s: float
    within_s: float
    jitter_s: float = 0.0


STANDARD: Final = Policy(attempts=3, first_wait_s=1.0, within_s=10.0)
CRITICAL: Final = Policy(attempts=5, first_wait_s=0.5, within_s=30.0, jitter_s=0.25)
"""Sign-up, payment, booking."""


async def retried(unit: Callable[[], Awaitable[T]], policy: Policy, passes: Callable[[Exception], bool]) -> T:
    """Tell `unit`, and tell it again while what it raises `passes`; what it raises last comes out."""
    try:
        return await unit()
    except Exception as error:
        if not passes(error):
            raise
        first = error  # The common case costs no retry machinery at all.
    async for attempt in stamina.retry_context(
        on=passes,
        attempts=policy.attempts,
        timeout=policy.within_s,
        wait_initial=policy.first_wait_s,
        wait_max=policy.within_s,
        wait_jitter=policy.jitter_s,
    ):
        with attempt:
            if attempt.num == 1:
                raise first
            return await unit()
    raise first
