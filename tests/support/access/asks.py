"""What one request of the access matrix fills in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.access.cast import Cast


@dataclass(frozen=True)
class Ask:
    """What one request fills in: members of the path, a body, a query."""

    path: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)


Asks = Callable[[Cast], Awaitable[Ask]]


def of(body: Any = None, **query: Any) -> Asks:
    """The practice itself: its practitioner and service are known from the start."""

    async def ask(cast: Cast) -> Ask:
        path = {"practitioner_id": cast.practitioner.id, "service_id": cast.service, "provider": "sandbox"}
        return Ask(path, body, query)

    return ask


def of_booking(made: Callable[[Cast], Awaitable[Any]], body: Any = None) -> Asks:
    """A booking of `client`'s with `host`, fresh for each caller."""

    async def ask(cast: Cast) -> Ask:
        return Ask({"booking_id": (await made(cast))["id"]}, body)

    return ask


def of_account(*names: str) -> Asks:
    """Members of somebody's own account."""

    async def ask(cast: Cast) -> Ask:
        account = await cast.account()
        return Ask(body={name: account[name] for name in names})

    return ask


async def a_stored_event(cast: Cast) -> Ask:
    return Ask({"event_id": await cast.stored_event()})
