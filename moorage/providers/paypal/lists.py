"""What PayPal lists, every page of it: events, disputes, an order's refunds."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.domains.payments.gateway_values import ProviderRefund
from moorage.providers.paypal.http import Paypal
from moorage.providers.paypal.translate import Body, our_ids, to_refund

_DISPUTE_PAGE: Final = 50
_DISPUTES_REACH: Final = timedelta(days=179)
_EVENT_PAGE: Final = 100
# Clocks differ a little.
_AHEAD: Final = timedelta(minutes=5)


async def events(paypal: Paypal, since: datetime) -> AsyncIterator[dict[str, Any]]:
    """Every event since then, in PayPal's order; it keeps them for thirty days."""
    until = max(since, datetime.now(UTC)) + _AHEAD
    query: dict[str, str | int] = {"start_time": text_of(since), "end_time": text_of(until), "page_size": _EVENT_PAGE}
    async for page in _pages(paypal, "/v1/notifications/webhooks-events", query):
        for body in page.get("events") or []:
            yield body


async def disputes(paypal: Paypal, since: datetime) -> AsyncIterator[dict[str, Any]]:
    """Disputes opened since then, without their transactions; PayPal's search reaches back 180 days at most."""
    start = max(since, datetime.now(UTC) - _DISPUTES_REACH)
    query: dict[str, str | int] = {"start_time": text_of(start), "page_size": _DISPUTE_PAGE}
    async for page in _pages(paypal, "/v1/customer/disputes", query):
        for body in page.get("items") or []:
            yield body


def refund_of(refund_id: UUID) -> Callable[[Body], ProviderRefund | None]:
    """A reader of orders that finds our refund in one."""

    def find(order: Body) -> ProviderRefund | None:
        payments = order["purchase_units"][0].get("payments") or {}
        for refund in payments.get("refunds") or []:
            if our_ids(refund.get("custom_id"))[1] == refund_id:
                return to_refund(refund)
        return None

    return find


async def order_of_capture(paypal: Paypal, capture: str) -> tuple[str, UUID | None]:
    """(the order that a capture is of, our payment); the capture itself where PayPal knows of no order."""
    body = await paypal.call("GET", f"/v2/payments/captures/{capture}")
    related = (body.get("supplementary_data") or {}).get("related_ids") or {}
    return related.get("order_id") or capture, our_ids(body.get("custom_id"))[0]


def text_of(at: datetime) -> str:
    """A time as PayPal takes it in a query."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _pages(paypal: Paypal, path: str, query: Mapping[str, str | int]) -> AsyncIterator[dict[str, Any]]:
    """A list whose pages name the next one by a link: its query is followed, never its host."""
    asked: set[tuple[tuple[str, str], ...]] = set()
    while True:
        page = await paypal.call("GET", path, query=query)
        yield page
        links: Sequence[Body] = page.get("links") or []
        following = next((str(link["href"]) for link in links if link["rel"] == "next"), None)
        if following is None:
            return
        pairs = tuple(parse_qsl(urlsplit(following).query))
        if pairs in asked:  # a list that leads back to itself would never end
            raise OutcomeUnknownError
        asked.add(pairs)
        query = dict(pairs)
