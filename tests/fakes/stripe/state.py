"""What the fake remembers: every object by its id, in the order in which it was made, and every event."""

import copy
import secrets
import string
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.serving import Deliveries

Body = dict[str, Any]
API_VERSION: Final = "2026-10-28.endive"
ACCOUNT: Final = "acct_1MoorageFake"
_LETTERS: Final = string.ascii_letters + string.digits


def made_id(prefix: str) -> str:
    """An id as Stripe makes them: of letters of both cases, hardly ever to be taken for the number of a card."""
    return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(24))}"


class RefusalError(Exception):
    """An error as Stripe answers it."""

    def __init__(self, status: int, kind: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **facts}}
        # What never began is not remembered under its key: corrected, it may be sent again.
        self.began = status not in (401, 409, 429) and facts.get("code") not in (
            "parameter_missing",
            "resource_missing",
        )


def invalid(message: str, code: str | None = None, param: str | None = None, status: int = 400) -> RefusalError:
    """A request that cannot be done."""
    facts = {name: one for name, one in (("code", code), ("param", param)) if one is not None}
    return RefusalError(status, "invalid_request_error", message, **facts)


@dataclass
class State:
    """One account's objects. `ahead_s` moves its clock."""

    deliveries: Deliveries
    ahead_s: int = 0
    livemode: bool = False
    objects: dict[str, Body] = field(default_factory=dict)
    events: list[Body] = field(default_factory=list)
    base_url: str = ""
    cards: dict[str, str] = field(default_factory=dict)  # which card number a payment method is
    secrets: dict[str, Body] = field(default_factory=dict)  # what a session will make its intent of
    available: dict[str, int] = field(default_factory=dict)  # the balance, by currency
    settles_in: str | None = None  # the account's one currency; None: it has a balance in each
    exchange_rate: float = 1.25

    def now(self) -> int:
        """The fake's Unix second."""
        return int(time.time()) + self.ahead_s

    def make(self, prefix: str, kind: str, id_: str | None = None, **facts: Any) -> Body:
        """A new object, with what all of them have."""
        body = {
            "id": id_ or made_id(prefix),
            "object": kind,
            "created": self.now(),
            "livemode": self.livemode,
            **facts,
        }
        self.objects[body["id"]] = body
        return body

    def get(self, kind: str, id_: str) -> Body:
        """An object of a kind. Raises RefusalError 404."""
        found = self.objects.get(id_)
        if found is None or found["object"] != kind:
            raise invalid(f"No such {kind}: '{id_}'", "resource_missing", "id", 404)
        return found

    def of(self, kind: str) -> Iterator[Body]:
        """Every object of a kind, the newest first."""
        return (body for body in reversed(self.objects.values()) if body["object"] == kind)

    def emit(self, kind: str, thing: Body, *, account: str | None = None, **previous: Any) -> None:
        """An event about `thing` as it is now; `previous` are attributes as they were. `account`: a payee's, where the
        event is about what happened there.
        """
        body: Body = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": {"object": copy.deepcopy(thing), **({"previous_attributes": previous} if previous else {})},
            "livemode": self.livemode,
            "pending_webhooks": 1,
            "request": {"id": f"req_{secrets.token_hex(7)}", "idempotency_key": None},
            "type": kind,
            **({"account": account} if account else {}),
        }
        self.events.append(body)
        self.deliveries.put(body)


def number(form: Body, name: str, default: int | None = None) -> int:
    """A whole number of a form. Raises RefusalError."""
    text = form.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise invalid(f"Missing required param: {name}.", "parameter_missing", name)
    try:
        return int(text)
    except (TypeError, ValueError):
        raise invalid(f"Invalid integer: {text}", "parameter_invalid_integer", name) from None


def needed(form: Body, name: str) -> Any:
    """A parameter that has to be there. Raises RefusalError."""
    if form.get(name) in (None, ""):
        raise invalid(f"Missing required param: {name}.", "parameter_missing", name)
    return form[name]


def yes(form: Body, name: str) -> bool:
    """A switch of a form."""
    return form.get(name) in ("true", True)
