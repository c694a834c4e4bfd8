"""Calls to providers that a finished write has planned, made while somebody waits for what becomes of them.

The write is committed: nothing here can undo it or turn it into an error. A call that fails stays planned or unknown,
and the worker takes it up.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from moorage.journeys.house import House
from moorage.journeys.provider_calls import carry_out
from moorage.kernel.crash import crash_point

WAIT_S: Final = 8.0
"""How long somebody waits at most; the calls go on after that."""

log = logging.getLogger(__name__)
_going_on: set[asyncio.Task[None]] = set()  # the event loop itself keeps only weak references


async def carry_out_now(house: House, operations: Sequence[UUID]) -> None:
    """Carry out planned operations, all at once, and wait until they are done or WAIT_S is over."""
    if not operations:
        return
    crash_point("after_plan_before_call")
    calls = {asyncio.create_task(_carry_out(house, operation)) for operation in operations}
    _going_on.update(calls)
    for call in calls:
        call.add_done_callback(_going_on.discard)
    await asyncio.wait(calls, timeout=WAIT_S)


async def _carry_out(house: House, operation: UUID) -> None:
    try:
        await carry_out(house, operation)
    except Exception:  # the write stands; the worker will take the call up
        log.exception("a planned call was left to the worker", extra={"operation_id": str(operation)})
