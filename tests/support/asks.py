"""What one request of the access matrix fills in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.access import Cast


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
