"""What the fake knows: its objects by id, its clock, its events, and which request ids it has answered."""

import copy
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.paypal.refusals import Refusal

Body = dict[str, Any]
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
WHOLE = {"HUF", "JPY", "TWD"}
CURRENCIES = WHOLE | set("AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD ILS MXN MYR NOK NZD PHP PLN SEK SGD THB USD".split())  # noqa: SIM905
ORDERS_KEPT, OTHERS_KEPT = timedelta(hours=6), timedelta(days=45)


@dataclass
class Order:
    """One order. `funding` is what the payer chose on the page; see `payer.FUNDINGS`."""

    id: str
    intent: str
    unit: Body
    source: Body | None
    created_at: datetime
    status: str
    funding: str = ""
    authorizations: list[str] = field(default_factory=list)
    captures: list[str] = field(default_factory=list)


@dataclass
class Books:
    """See the module. `changed(event)` is told every event."""

    base_url: str = ""
    merchant_id: str = "MERCHANT23456"
    payer_id: str = "QYR5Z8XDVJNXQ"
    moved: timedelta = timedelta()
    orders: dict[str, Order] = field(default_factory=dict)
    authorizations: dict[str, Body] = field(default_factory=dict)
    captures: dict[str, Body] = field(default_factory=dict)
    refunds: dict[str, Body] = field(default_factory=dict)
    disputes: dict[str, Body] = field(default_factory=dict)
    events: list[Body] = field(default_factory=list)
    report_lag: timedelta = timedelta()  # how far behind reports are
    next_refund: str = "COMPLETED"  # the state of the next refund
    changed: Callable[[Body], None] = lambda _: None
    _answered: dict[tuple[str, str], tuple[datetime, Callable[[], Body]]] = field(default_factory=dict)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def stamp(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def once(self, call: str, key: str | None, act: Callable[[], Callable[[], Body]]) -> tuple[int, Body]:
        """(201, what `act` made); for a request id that was answered before the same thing as it is now, with 200 where
        that is published. PayPal keeps these for six hours on orders and for 45 days on the rest.
        """
        kept = ORDERS_KEPT if call.startswith("orders") else OTHERS_KEPT
        if key is not None and (call, key) in self._answered:
            at, show = self._answered[call, key]
            if self.now() - at < kept:
                return (200 if call.startswith("orders") else 201), show()
        show = act()
        if key is not None:
            self._answered[call, key] = self.now(), show
        return 201, show()

    def emit(self, event_type: str, resource_type: str, resource: Body, summary: str) -> None:
        """Tell the world; the times of two events are never the same."""
        at = self.now()
        if self.events:
            at = max(at, datetime.fromisoformat(self.events[-1]["create_time"]) + timedelta(milliseconds=1))
        event_id = f"WH-{made_id()}-{made_id()}"
        event = {
            "id": event_id,
            "event_version": "1.0",
            "create_time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "resource_type": resource_type,
            "resource_version": "2.0",
            "event_type": event_type,
            "summary": summary,
            "resource": copy.deepcopy(resource),
            "links": [self.link(f"/v1/notifications/webhooks-events/{event_id}", "self")],
        }
        self.events.append(event)
        self.changed(event)

    def link(self, path: str, rel: str, method: str = "GET") -> Body:
        return {"href": f"{self.base_url}{path}", "rel": rel, "method": method}


def found(kept: dict[str, Any], key: str) -> Any:
    """An object by its id."""
    if key not in kept:
        raise Refusal(404, "INVALID_RESOURCE_ID")
    return kept[key]


def made_id(length: int = 17) -> str:
    """An id as PayPal's look."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def checked_money(money: Any, field_name: str) -> Decimal:
    """An amount as PayPal takes it: the schema would let three decimals pass, the service does not."""
    try:
        currency, value = money["currency_code"], Decimal(money["value"])
    except (KeyError, TypeError, ArithmeticError):
        raise Refusal(400, "INVALID_PARAMETER_SYNTAX", field=field_name) from None
    if currency not in CURRENCIES:
        raise Refusal(422, "INVALID_CURRENCY_CODE", field_name)
    places = len(money["value"].partition(".")[2])
    if currency in WHOLE and places:
        raise Refusal(422, "DECIMAL_PRECISION", field_name)
    if places > 2:
        raise Refusal(422, "DECIMAL_PRECISION", field_name)
    if value <= 0:
        raise Refusal(422, "CANNOT_BE_ZERO_OR_NEGATIVE", field_name)
    return value


def money(value: Decimal, currency: str) -> Body:
    """An amount as PayPal writes it."""
    return {"currency_code": currency, "value": f"{value:.0f}" if currency in WHOLE else f"{value:.2f}"}


def is_url(text: Any) -> bool:
    """Whether a payer can be sent there."""
    return isinstance(text, str) and urlsplit(text).scheme in {"http", "https"} and bool(urlsplit(text).netloc)
