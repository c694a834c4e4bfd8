"""A provider tells us something: verified over the raw bytes, stored once, answered. What it means is found out later.

The provider waits for one insert only; `process_events` works from the stored rows. What a provider never delivered is
read from its own list of events.
"""

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from moorage.domains.payments import queries
from moorage.domains.payments.gateway import (
    InvalidSignatureError,
    OutcomeUnknownError,
    PaymentGateway,
    PreparesVerification,
    ProviderDeclinedError,
    TimestampOutOfToleranceError,
)
from moorage.domains.payments.operations import NewEvent, count_rejection, move_cursor, replay_event, store_events
from moorage.journeys.house import House
from moorage.kernel.crash import crash_point
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError, UnavailableError

# Before the last word of a provider's list: events are dated when made and seen when committed.
OVERLAP: Final = timedelta(minutes=5)
FIRST_POLL: Final = timedelta(days=3)
BATCH: Final = 100

log = logging.getLogger(__name__)


async def receive_event(house: House, provider: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Verify the raw bytes and store them once; False when they were here already. Raises NotFoundError for a provider
    that is not set up; InvalidSignatureError and TimestampOutOfToleranceError, of which a count is kept;
    OutcomeUnknownError when what it is checked with cannot be had now. Nothing else happens before the answer.
    """
    gateway = house.gateways.get(provider)
    if gateway is None or gateway.capabilities.recorded_by_hand:
        raise NotFoundError
    try:
        if isinstance(gateway, PreparesVerification):
            await gateway.prepare_verification(headers, body)
        event = gateway.verify(headers, body, now=house.clock())
    except (InvalidSignatureError, TimestampOutOfToleranceError) as error:
        await _count(house, provider, error.code)
        raise
    stored = await house.inbox.put(
        house.database, NewEvent(house.ids(), provider, event.event_id, event.event_type, body)
    )
    crash_point("after_event_stored_before_answer")
    return stored


async def _count(house: House, provider: str, reason: str) -> None:
    with suppress(UnavailableError, asyncpg.PostgresError):  # what is refused is refused without a database too
        async with house.database.hot(SYSTEM) as db:
            await count_rejection(db, provider, reason)


async def poll_providers(house: House) -> int:
    """Read each provider's own list of events since the last look and store what was never delivered. Answers how many
    were new. A provider that does not answer is asked again next time, and delays no other.
    """
    found = 0
    for name, gateway in house.gateways.items():
        try:
            found += await _poll(house, name, gateway)
        except (OutcomeUnknownError, ProviderDeclinedError) as error:
            log.warning("a provider's events could not be read", extra={"provider": name, "error": error.code})
    return found


async def replay(house: House, event_row_id: UUID) -> None:
    """An administrator's wish: process a stored event once more. Raises NotFoundError."""
    async with house.database.hot(SYSTEM) as db:
        if not await replay_event(db, event_row_id):
            raise NotFoundError


async def _poll(house: House, name: str, gateway: PaymentGateway) -> int:
    asked_at = house.clock()
    async with house.database.hot(SYSTEM) as db:
        since = await queries.polled_until(db, name)
    events = await gateway.events_since(since or asked_at - FIRST_POLL)
    new = [NewEvent(house.ids(), name, event.event_id, event.event_type, _body(event.raw)) for event in events]
    async with house.database.hot(SYSTEM) as db:
        stored = [each for at in range(0, len(new), BATCH) for each in await store_events(db, new[at : at + BATCH])]
        await move_cursor(db, name, asked_at - OVERLAP)
    return sum(stored)


def _body(raw: Mapping[str, Any]) -> bytes:
    return json.dumps(raw, separators=(",", ":")).encode()
