"""Waking the workers: said after a commit that made work due, so that nobody waits for the next poll.

Whoever works registers here; the wiring decides whether that is a worker in this process, or a debounced NOTIFY on a
connection of its own. Losing a wake costs a moment: workers poll as well.
"""

from collections.abc import Callable

Listener = Callable[[], None]
_listeners: list[Listener] = []


def wake_workers() -> None:
    """Tell everybody who listens. Cheap, never fails, never waits; call it after the commit, as often as you like."""
    for listener in _listeners:
        listener()


def on_wake(listener: Listener) -> Callable[[], None]:
    """Have `listener` called at each wake (it must not block). Answers what unregisters it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)
