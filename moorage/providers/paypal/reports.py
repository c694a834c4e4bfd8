"""PayPal's own books, to check ours against: its transaction reports, what these do not show yet, and its disputes.

https://developer.paypal.com/docs/api/transaction-search/v1/ : a report covers at most 31 days, reaches three years back
and lags by up to three hours. What happened since is read from the list of events, so that a day can be compared when
it is over.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from moorage.domains.payments.gateway_values import ProviderRecord
from moorage.providers.paypal import lists
from moorage.providers.paypal.amounts import minor_of
from moorage.providers.paypal.events import dispute_status
from moorage.providers.paypal.http import Paypal
from moorage.providers.paypal.translate import REFUND_STATUSES, Body, made_from, our_ids

_WINDOW: Final = timedelta(days=31)
_REACH: Final = timedelta(days=3 * 365)
_PAGE: Final = 500
_LAG: Final = timedelta(hours=4)  # where a report does not say how fresh it is
# Event codes: T00xx is a payment, T1107 a refund of one.
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
_LATE_CHARGE: Final = "PAYMENT.CAPTURE.COMPLETED"
_LATE_REFUNDS: Final = frozenset({"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED"})


async def records(paypal: Paypal, since: datetime | None) -> AsyncIterator[ProviderRecord]:
    """Charges and refunds report by report, then those not reported yet, each kind oldest first; then disputes."""
    until = datetime.now(UTC) + timedelta(minutes=5)
    start = max(since, until - _REACH) if since is not None else until - _REACH
    books = _Books(paypal)
    at = start
    while at < until:
        end = min(at + _WINDOW, until)
        for row in _charges_first(await books.report(at, end)):
            yield await books.reported(row)
        at = end
    for body in await books.unreported(start):
        yield await books.told(body)
    found = [dispute async for dispute in lists.disputes(paypal, start)]
    for dispute in sorted(found, key=lambda dispute: str(dispute["create_time"])):
        yield await books.dispute(dispute)


@dataclass
class _Books:
    """PayPal's rows as records. They name captures; ours are known by their orders, which are asked for where a row
    does not tell.
    """

    paypal: Paypal
    seen: set[str] = field(default_factory=set)  # movements told already
    fresh_until: datetime | None = None  # what happened later may not be reported yet
    orders: dict[str, tuple[str, UUID | None]] = field(default_factory=dict)  # capture: (order, our payment)

    async def report(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """The charges and refunds of one window of at most 31 days; its end belongs to the next one."""
        rows: list[dict[str, Any]] = []
        number, pages = 1, 1
        while number <= pages:
            query: dict[str, str | int] = {
                "start_date": lists.text_of(start),
                "end_date": lists.text_of(end - timedelta(milliseconds=1)),
                "fields": "transaction_info",
                "balance_affecting_records_only": "N",
                "page_size": _PAGE,
                "page": number,
            }
            page = await self.paypal.call("GET", "/v1/reporting/transactions", query=query)
            rows += [detail["transaction_info"] for detail in page.get("transaction_details") or []]
            pages = int(page.get("total_pages") or 0)
            fresh = page.get("last_refreshed_datetime")
            self.fresh_until = None if fresh is None else datetime.fromisoformat(fresh)
            number += 1
        return [row for row in rows if _is_charge(row) or row["transaction_event_code"] == _REFUND_CODE]

    async def unreported(self, start: datetime) -> list[dict[str, Any]]:
        """The objects of captures and refunds that events tell of and no report does, charges first."""
        fresh = self.fresh_until or datetime.now(UTC) - _LAG
        found = [event async for event in lists.events(self.paypal, max(start, fresh - timedelta(minutes=5)))]
        found.sort(key=lambda event: str(event["create_time"]))
        last: dict[tuple[bool, str], dict[str, Any]] = {}
        for event in found:
            if event["event_type"] == _LATE_CHARGE or event["event_type"] in _LATE_REFUNDS:
                last[event["event_type"] != _LATE_CHARGE, event["resource"]["id"]] = event["resource"]
        return [last[key] for key in sorted(last, key=lambda key: key[0]) if key[1] not in self.seen]

    async def reported(self, row: Body) -> ProviderRecord:
        """A report's row."""
        reference, is_refund = str(row["transaction_id"]), row["transaction_event_code"] == _REFUND_CODE
        self.seen.add(reference)
        payment_id, refund_id = our_ids(row.get("custom_field"))
        if row.get("paypal_reference_id_type") == "ODR":
            self.orders[reference] = str(row["paypal_reference_id"]), payment_id
        order, known = await self._order_of(str(row["paypal_reference_id"]) if is_refund else reference)
        return ProviderRecord(
            kind="refund" if is_refund else "charge",
            reference=reference,
            payment_reference=order,
            payment_id=payment_id or known,
            refund_id=refund_id if is_refund else None,
            amount_minor=minor_of(row["transaction_amount"]),
            currency=row["transaction_amount"]["currency_code"],
            status=_REFUND_STATES[row["transaction_status"]] if is_refund else "succeeded",
            recorded_at=datetime.fromisoformat(row["transaction_initiation_date"]),
        )

    async def told(self, body: Body) -> ProviderRecord:
        """A capture or a refund that an event told of."""
        of = made_from(body, "captures")
        order, known = await self._order_of(of or str(body["id"]))
        payment_id, refund_id = our_ids(body.get("custom_id"))
        return ProviderRecord(
            kind="charge" if of is None else "refund",
            reference=str(body["id"]),
            payment_reference=order,
            payment_id=payment_id or known,
            refund_id=refund_id if of is not None else None,
            amount_minor=minor_of(body["amount"]),
            currency=body["amount"]["currency_code"],
            status="succeeded" if of is None else REFUND_STATUSES[body["status"]],
            recorded_at=datetime.fromisoformat(body["create_time"]),
        )

    async def dispute(self, body: Body) -> ProviderRecord:
        """A dispute of the list, which does not tell its transaction: the dispute itself does."""
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
            self.orders[capture] = await lists.order_of_capture(self.paypal, capture)
        return self.orders[capture]


def _charges_first(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    in_time = sorted(rows, key=lambda row: str(row["transaction_initiation_date"]))
    return iter(sorted(in_time, key=lambda row: row["transaction_event_code"] == _REFUND_CODE))


def _is_charge(row: Body) -> bool:
    code, status = str(row["transaction_event_code"]), row["transaction_status"]
    collected = code.startswith(_PAYMENT_CODES) and status in _COLLECTED
    return collected and not row["transaction_amount"]["value"].startswith("-")  # what we paid others is no charge
