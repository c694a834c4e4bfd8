"""Ids: UUID version 7 (RFC 9562, section 5.7), made by the caller so that a repeat can name the same row."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

Ids = Callable[[], UUID]
"""Where new ids come from; injected, so that a test may own them."""

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM_MASK = ~((0xF << 76) | (0b11 << 62)) & ((1 << 80) - 1)


def uuid7() -> UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random_80 = int.from_bytes(os.urandom(10), "big") & _RANDOM_MASK
    return UUID(int=milliseconds << 80 | random_80 | _VERSION | _VARIANT)


def made_at(made: UUID) -> datetime | None:
    """When an id was made, which version 7 tells to the millisecond; None for one of another version."""
    if made.version != 7:
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=made.int >> 80)
