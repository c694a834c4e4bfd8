"""The whole fake in one hand, for tests and for running it by hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.fakes.paypal import disputes, keys, orders, payments
from tests.fakes.paypal.app import Door, build_app
from tests.fakes.paypal.books import Body, Books, found
from tests.fakes.paypal.refusals import refusal
from tests.fakes.serving import Deliveries, Exchange, FaultKind, Served

# Answered outside what PayPal publishes schemas for: tokens and certificates.
UNPUBLISHED = ("/v1/oauth2/token", "/v1/notifications/certs/")


@dataclass
class PaypalFake:
    """See the package. Serve `served`, then tell `at` where."""

    client_id: str = "client-of-the-tests"
    client_secret: str = "secret-of-the-tests"
    webhook_id: str = "5WH12345AB678901C"
    books: Books = field(default_factory=Books)
    signer: keys.Signer = field(default_factory=keys.signer)

    def __post_init__(self) -> None:
        self.door = Door(self.client_id, self.client_secret, self.webhook_id)
        self.deliveries = Deliveries(self.sign)
        self.books.changed = self.deliveries.put
        app = build_app(self.books, self.door, lambda: self.signer)
        self.served = Served(app, "paypal", refusal, lambda path: path.startswith(("/checkoutnow", "/fake/")))

    @property
    def base_url(self) -> str:
        return self.books.base_url

    def at(self, base_url: str) -> None:
        """Where it is reached."""
        self.books.base_url = base_url

    def sends_to(self, url: str, *, at_once: bool = False) -> None:
        """Where webhooks go."""
        self.deliveries.url = self.door.webhook_url = url
        self.deliveries.at_once = at_once

    def sign(self, body: bytes, at: datetime | None = None) -> dict[str, str]:
        """The headers of a delivery."""
        return self.signer.headers(body, self.webhook_id, self.base_url, at or datetime.now(UTC))

    def fault(self, kind: FaultKind, times: int = 1, method: str = "", path: str = "") -> None:
        self.served.fault(kind, times, method, path)

    def travel(self, **by: float) -> None:
        """Let time pass here, and only here."""
        self.books.moved += timedelta(**by)

    def pay(self, reference: str, funding: str = "balance") -> None:
        """The payer approves an order."""
        orders.approve(self.books, reference, funding)

    def reverse_approval(self, reference: str) -> None:
        orders.reverse_approval(self.books, reference)

    def settle(self, reference: str, *, completed: bool = True) -> None:
        """The order's pending capture is decided."""
        payments.settle(self.books, self.capture_of(reference), completed=completed)

    def refund_by_hand(self, reference: str, value: str) -> Body:
        """Somebody gives money back in PayPal's own dashboard: nothing of ours is with it."""
        capture = self.books.captures[self.capture_of(reference)]
        amount = {"currency_code": capture["amount"]["currency_code"], "value": value}
        return payments.refund(self.books, capture["id"], {"amount": amount}, None)[1]

    def settle_refund(self, refund_id: str, *, completed: bool) -> None:
        payments.settle_refund(self.books, refund_id, completed=completed)

    def dispute(self, reference: str, value: str | None = None) -> Body:
        amount = None if value is None else Decimal(value)
        return disputes.open_dispute(self.books, self.capture_of(reference), amount)

    def resolve(self, dispute_id: str, outcome: str) -> None:
        disputes.resolve(self.books, dispute_id, outcome)

    def capture_of(self, reference: str) -> str:
        """An order's last capture."""
        captures: list[str] = found(self.books.orders, reference).captures
        return captures[-1]

    def events(self, name: str = "") -> list[Body]:
        return [event for event in self.books.events if name in event["event_type"]]

    def check(self) -> int:
        """Everything said so far, against PayPal's published schemas; how many exchanges were checked."""
        return self.served.check(unless=lambda one: one.path.startswith(UNPUBLISHED) or _is_multipart(one))


def _is_multipart(exchange: Exchange) -> bool:
    kind: Any = exchange.headers.get("content-type", "")
    return str(kind).startswith("multipart/")
