"""Everything that runs without anybody asking: one line each, a call into a journey or a domain."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from moorage.journeys.house import House

Job = Callable[[House, Mapping[str, Any]], Awaitable[object]]
Chore = Callable[[House], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Periodic:
    """A chore that one worker does every `every_s` seconds; a `prompt` one also whenever the bell rings."""

    name: str
    every_s: float
    chore: Chore
    prompt: bool = False


# Queue entrypoint: what runs it. Every job may run twice.
JOBS: dict[str, str] = {
    "send_verify_link": "moorage.journeys.open_account:send_verify_link",
    "send_reset_link": "moorage.journeys.reset_password:send_reset_link",
    "send_mail": "moorage.journeys.send_mail:send_mail",
}

# Name: what does it, every how many seconds, whether a ring of the bell is reason enough.
PERIODIC: tuple[tuple[str, str, float, bool], ...] = (
    ("call_providers", "moorage.journeys.provider_calls:recover_operations", 1, True),
    ("receive_events", "moorage.journeys.process_events:process_due_events", 1, True),
    ("deliver_sandbox_events", "moorage.wiring.sandbox:deliver_due", 1, True),
    ("release_expired_holds", "moorage.journeys.book_and_pay:release_expired_holds", 2, False),
    ("release_earnings", "moorage.journeys.complete:release_due_earnings", 60, False),
    ("poll_providers", "moorage.journeys.receive_event:poll_providers", 60, False),
    ("roll_free_days", "moorage.domains.availability.operations:roll_free_days_forward", 3600, False),
    ("prune_idempotency_keys", "moorage.web.idempotency:prune", 3600, False),
)


def jobs() -> Iterator[tuple[str, Job]]:
    """Each queue entrypoint with the function that runs it."""
    for entrypoint, target in JOBS.items():
        if found := _resolve(target):
            yield entrypoint, found


def periodic() -> Iterator[Periodic]:
    """Every chore."""
    for name, target, every_s, prompt in PERIODIC:
        if found := _resolve(target):
            yield Periodic(name, every_s, found, prompt)


def _resolve(target: str) -> Any:
    module, _, name = target.partition(":")
    try:
        if find_spec(module) is None:
            return None
    except ModuleNotFoundError:
        return None
    return getattr(import_module(module), name, None)
