"""The bell: after a commit, whoever writes work for others rings it, and waiting workers look at once.

Ringing is free and never fails. In this process it sets events; `announce` carries it to other processes by a NOTIFY
outside any transaction, at most once every DEBOUNCE_S, because NOTIFY inside transactions makes commits wait for one
another.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

DEBOUNCE_S: Final = 0.02
CHANNEL: Final = "moorage_work"


class Bell:
    """One per process. `ring()` may be called from any coroutine of the loop."""

    def __init__(self) -> None:
        self._listeners: list[asyncio.Event] = []

    def ring(self) -> None:
        """Tell everybody who listens that there is work."""
        for listener in self._listeners:
            listener.set()

    def listener(self) -> asyncio.Event:
        """A new event that every ring sets; whoever waits on it clears it."""
        event = asyncio.Event()
        self._listeners.append(event)
        return event

    async def announce(self, notify: Callable[[], Awaitable[object]]) -> None:
        """Until cancelled: pass each ring on by `notify`, debounced. A failure is passed over, for workers poll as
        well.
        """
        rung = self.listener()
        while True:
            await rung.wait()
            await asyncio.sleep(DEBOUNCE_S)
            rung.clear()
            try:
                await notify()
            except Exception:  # noqa: BLE001 - the database may be away; the next poll finds the work
                await asyncio.sleep(1)
