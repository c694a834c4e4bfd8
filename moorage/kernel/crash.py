"""Named places to die at: every boundary between a commit and a call to the outside, for the tests of crashes.

With `ENVIRONMENT=test` and `CRASH_AT=name` (or `name:3`, the third time) the process kills itself there, as a power cut
would. Otherwise a point costs one comparison.
"""

import os
import signal
from typing import Final

CRASH_POINTS: Final = frozenset(
    {
        # A call to a provider: planned -> called -> answered.
        "after_plan_before_call",  # the payment or refund and its planned call are committed
        "after_claim_before_call",  # the call is marked as made, and not made yet
        "after_call_before_record",  # the provider has acted, nothing of its answer is written
        "after_record_before_answer",  # its answer is written, whoever asked knows nothing of it
        # A provider's event: stored -> answered -> taken -> settled.
        "after_event_stored_before_answer",  # in the inbox, and the provider not thanked yet
        "after_event_claimed_before_settle",  # taken by a worker, and not settled yet
        "after_event_settled",  # settled, and the worker not back yet
    }
)


def crash_point(name: str) -> None:
    """Die here, now and without a word, when the environment names this place."""
    if _armed is not None and _armed.name == name:
        _armed.reached()


class _Armed:
    def __init__(self, place: str) -> None:
        self.name, _, times = place.partition(":")
        self._left = int(times or 1)

    def reached(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _from_environment() -> _Armed | None:
    place = os.environ.get("CRASH_AT")
    return _Armed(place) if place and os.environ.get("ENVIRONMENT") == "test" else None


_armed: Final = _from_environment()
