"""Orders at Square: what we call a payment there. Made and found by our id, read with the payments on them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from moorage.domains.payments.gateway_values import IntentRequest
from moorage.kernel.ids import made_at
from moorage.providers.square.client import ONCE, SquareLine, answer, every
from moorage.providers.square.translate import check_amount, deciding, money

Body = dict[str, Any]
_PAGE: Final = 100
# Their clock and ours, and a payment's row and its order, are never further apart.
_SKEW: Final = timedelta(hours=1)
_STATES: Final = ("OPEN", "COMPLETED", "CANCELED", "DRAFT")


def order_of(request: IntentRequest, location_id: str) -> Body:
    """The order to make for a payment. Raises AmountNotSupportedError."""
    check_amount(request.amount_minor, request.currency)
    lines = [(line.name, line.quantity, line.amount_minor, line.description) for line in request.lines]
    return {
        "location_id": location_id,
        "reference_id": str(request.payment_id),
        "line_items": [
            {
                "name": name[:512] or "Payment",
                "quantity": str(quantity),
                "base_price_money": money(amount_minor, request.currency),
                **({"note": note[:2000]} if note else {}),
            }
            for name, quantity, amount_minor, note in lines or [(request.description, 1, request.amount_minor, "")]
        ],
        # What a later call has to know and cannot be told: how it is to be collected, and where.
        "metadata": {"capture": request.capture, "mode": request.mode},
    }


class Orders:
    """The orders of one location."""

    def __init__(self, line: SquareLine, location_id: str) -> None:
        self._line = line
        self._square = line.sdk
        self._location_id = location_id

    async def read(self, order_id: str) -> tuple[Body, Body | None]:
        """An order and the payment on it that decides. Raises ProviderDeclinedError `resource_missing`."""
        order = await self.order(order_id)
        return order, await self.payment_on(order)

    async def order(self, order_id: str) -> Body:
        """An order alone. Raises ProviderDeclinedError `resource_missing`."""
        return dict((await self._line.call("GET", f"v2/orders/{order_id}"))["order"])

    async def payment_on(self, order: Mapping[str, Any]) -> Body | None:
        """The order's payment that decides. Those that were refused are no tenders of it, and have to be looked for
        among the location's payments of the same amount.
        """
        tenders = [tender.get("payment_id") or tender["id"] for tender in order.get("tenders") or ()]
        found = [(await self._line.call("GET", f"v2/payments/{one}"))["payment"] for one in tenders]
        if not found and order["state"] != "DRAFT":
            listed = self._square.payments.list(
                begin_time=order["created_at"],
                location_id=self._location_id,
                total=order["total_money"]["amount"],
                limit=_PAGE,
                request_options=ONCE,
            )
            found = [one async for one in every(listed) if one.get("order_id") == order["id"]]
        return deciding(found)

    async def find(self, payment_id: UUID) -> Body | None:
        """The order made for our payment. They cannot be searched by it: those made since our payment are read."""
        since = (made_at(payment_id) or datetime.now(UTC) - timedelta(days=3)) - _SKEW
        query: Any = {
            "filter": {
                "date_time_filter": {"created_at": {"start_at": since.isoformat(timespec="milliseconds")}},
                "state_filter": {"states": list(_STATES)},
            },
            "sort": {"sort_field": "CREATED_AT", "sort_order": "ASC"},
        }
        cursor: str | None = None
        while True:
            more: Any = {"cursor": cursor} if cursor else {}
            page = await answer(
                self._square.orders.search(
                    location_ids=[self._location_id], query=query, limit=_PAGE, request_options=ONCE, **more
                )
            )
            for order in page.get("orders") or ():
                if order.get("reference_id") == str(payment_id):
                    return dict(order)
            cursor = page.get("cursor")
            if not cursor:
                return None

    async def link_of(self, order_id: str) -> Body | None:
        """The payment link of an order; None where it has none, or none any more."""
        links = every(self._square.checkout.payment_links.list(limit=_PAGE, request_options=ONCE))
        async for link in links:
            if link["order_id"] == order_id:
                return link
        return None

    async def change(self, order: Mapping[str, Any], key: str, **changes: Any) -> Body:
        """Change what was read; the key is for this version of it. Raises ChangedMeanwhileError when it is not that any
        more.
        """
        wanted: Any = {"location_id": self._location_id, "version": order["version"], **changes}
        told = self._square.orders.update(order["id"], order=wanted, idempotency_key=key, request_options=ONCE)
        return dict((await answer(told))["order"])
