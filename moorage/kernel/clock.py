"""The clock: aware UTC instants only; injected, so that a test may own it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present instant, timezone-aware, in UTC. Holds and expiry use the database's clock instead."""


def system_clock() -> datetime:
    """The machine's present instant, in UTC."""
    return datetime.now(UTC)
