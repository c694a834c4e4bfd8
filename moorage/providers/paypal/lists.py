"""What PayPal lists: events, transactions, disputes, an order's refunds. Every page of it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderRecord, ProviderRefund
from moorage.providers.paypal.amounts import minor_of
from moorage.providers.paypal.events import dispute_status
from moorage.providers.paypal.http import Paypal
from moorage.providers.paypal.translate import Body, our_ids, to_refund

# PayPal's limits: days of one report, years that reports reach back, rows of a page.
_WINDOW: Final = timedelta(days=31)
_REACH: Final = timedelta(days=3 * 365)
_REPORT_PAGE: Final = 500
_DISPUTE_PAGE: Final = 50
_EVENT_PAGE: Final = 100
# Transaction event codes: T00xx is a payment, T1107 a refund of one.
# https://developer.paypal.com/docs/transaction-search/transaction-event-codes/
_PAYMENT_CODES: Final = "T00"
_REFUND_CODE: Final = "T1107"
# S succeeded; V and F did, and were given back since, all of it or a part.
_COLLECTED: Final = frozenset("SVF")
_REFUND_STATES: Final[dict[str, Literal["succeeded", "pending", "failed"]]] = {
    "S": "succeeded",
    "V": "succeeded",
    "P": "pending",
    "D": "failed",
}


def refund_of(refund_id: UUID) -> Callable[[Body], ProviderRefund | None]:
    """A reader of orders that finds our refund in one."""

    def find(order: Body) -> ProviderRefund | None:
        payments = order["purchase_units"][0].get("payments") or {}
        for refund in payments.get("refunds") or []:
            if our_ids(refund.get("custom_id"))[1] == refund_id:
                return to_refund(refund)
        return None

    return find


async def events(paypal: Paypal, since: datetime) -> AsyncIterator[dict[str, Any]]:
    """Every event since then, in PayPal's order."""
    query: dict[str, str | int] = {"page_size": _EVENT_PAGE, "start_time": _text(since)}
    query["end_time"] = _text(max(since, datetime.now(UTC)) + timedelta(minutes=5))
    async for page in _pages(paypal, "/v1/notifications/webhooks-events", query):
        for body in page.get("events") or []:
            yield body


async def records(paypal: Paypal, since: datetime | None) -> AsyncIterator[ProviderRecord]:
    """Charges and refunds window by window, each kind oldest first, then disputes."""
    until = datetime.now(UTC) + timedelta(minutes=5)
    start = max(since, until - _REACH) if since is not None else until - _REACH
    books = _Books(paypal)
    at = start
    while at < until:
        end = min(at + _WINDOW, until)
        rows = [row async for row in _transactions(paypal, at, end)]
        rows.sort(key=lambda row: str(row["transaction_initiation_date"]))
        for row in rows:
            if _is_charge(row):
                yield await books.charge(row)
        for row in rows:
            if row["transaction_event_code"] == _REFUND_CODE:
                yield await books.refund(row)
        at = end
    found = [dispute async for dispute in _disputes(paypal, start)]
    for dispute in sorted(found, key=lambda dispute: str(dispute["create_time"])):
        yield await books.dispute(dispute)


@dataclass
class _Books:
    """Rows of PayPal's reports as records. They name captures; ours are known by their orders, which are asked for
    where a row does not tell.
    """

    paypal: Paypal
    orders: dict[str, tuple[str, UUID | None]] = field(default_factory=dict)  # capture: (order, our payment)

    async def charge(self, row: Body) -> ProviderRecord:
        reference = str(row["transaction_id"])
        payment_id = our_ids(row.get("custom_field"))[0] or our_ids(row.get("invoice_id"))[0]
        if row.get("paypal_reference_id_type") == "ODR":
            self.orders[reference] = str(row["paypal_reference_id"]), payment_id
        order, known = await self._order_of(reference)
        return ProviderRecord(
            kind="charge",
            reference=reference,
            payment_reference=order,
            payment_id=payment_id or known,
            refund_id=None,
            status="succeeded",
            **_movement(row),
        )

    async def refund(self, row: Body) -> ProviderRecord:
        payment_id, refund_id = our_ids(row.get("custom_field"))
        order, known = await self._order_of(str(row["paypal_reference_id"]))
        return ProviderRecord(
            kind="refund",
            reference=str(row["transaction_id"]),
            payment_reference=order,
            payment_id=payment_id or known,
            refund_id=refund_id,
            status=_REFUND_STATES[row["transaction_status"]],
            **_movement(row),
        )

    async def dispute(self, body: Body) -> ProviderRecord:
        whole = await self.paypal.call("GET", f"/v1/customer/disputes/{body['dispute_id']}")
        transaction = whole["disputed_transactions"][0]
        order, known = await self._order_of(str(transaction["seller_transaction_id"]))
        status: Any = dispute_status(whole)
        return ProviderRecord(
            kind="dispute",
            reference=whole["dispute_id"],
            payment_reference=order,
            payment_id=our_ids(transaction.get("custom"))[0] or known,
            refund_id=None,
            amount_minor=minor_of(whole["dispute_amount"]),
            currency=whole["dispute_amount"]["currency_code"],
            status=status,
            recorded_at=datetime.fromisoformat(whole["create_time"]),
        )

    async def _order_of(self, capture: str) -> tuple[str, UUID | None]:
        if capture not in self.orders:
            self.orders[capture] = await order_of_capture(self.paypal, capture)
        return self.orders[capture]


async def order_of_capture(paypal: Paypal, capture: str) -> tuple[str, UUID | None]:
    """(the order that a capture is of, our payment); the capture itself where PayPal knows of no order."""
    body = await paypal.call("GET", f"/v2/payments/captures/{capture}")
    related = (body.get("supplementary_data") or {}).get("related_ids") or {}
    return related.get("order_id") or capture, our_ids(body.get("custom_id"))[0]


def _is_charge(row: Body) -> bool:
    code, status = str(row["transaction_event_code"]), row["transaction_status"]
    collected = code.startswith(_PAYMENT_CODES) and status in _COLLECTED
    return collected and not row["transaction_amount"]["value"].startswith("-")  # what we paid others is no charge


def _movement(row: Body) -> dict[str, Any]:
    return {
        "amount_minor": minor_of(row["transaction_amount"]),
        "currency": row["transaction_amount"]["currency_code"],
        "recorded_at": datetime.fromisoformat(row["transaction_initiation_date"]),
    }


async def _transactions(paypal: Paypal, start: datetime, end: datetime) -> AsyncIterator[dict[str, Any]]:
    """The rows of one window of at most 31 days; its end belongs to the next one."""
    number, pages = 1, 1
    while number <= pages:
        query: dict[str, str | int] = {
            "start_date": _text(start),
            "end_date": _text(end - timedelta(milliseconds=1)),
            "fields": "transaction_info",
            "balance_affecting_records_only": "N",
            "page_size": _REPORT_PAGE,
            "page": number,
        }
        page = await paypal.call("GET", "/v1/reporting/transactions", query=query)
        for detail in page.get("transaction_details") or []:
            yield detail["transaction_info"]
        pages = int(page.get("total_pages") or 0)
        number += 1


async def _disputes(paypal: Paypal, since: datetime) -> AsyncIterator[dict[str, Any]]:
    """Disputes opened since then; PayPal's search reaches back 180 days at most."""
    reach = datetime.now(UTC) - timedelta(days=179)
    query: dict[str, str | int] = {"start_time": _text(max(since, reach)), "page_size": _DISPUTE_PAGE}
    async for page in _pages(paypal, "/v1/customer/disputes", query):
        for body in page.get("items") or []:
            yield body


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


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
