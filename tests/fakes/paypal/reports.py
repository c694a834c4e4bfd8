"""What PayPal lists: transactions by windows of at most 31 days, events, disputes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.paypal.books import Body, Books, made_id
from tests.fakes.paypal.payments import capture_of
from tests.fakes.paypal.refusals import Refusal

_CAPTURE_STATES = {"PENDING": "P", "DECLINED": "D", "FAILED": "D", "REFUNDED": "V"}
_REFUND_STATES = {"PENDING": "P", "FAILED": "D", "CANCELLED": "D"}


def transactions(books: Books, query: Mapping[str, str]) -> Body:
    """`GET /v1/reporting/transactions`."""
    start, end = datetime.fromisoformat(query["start_date"]), datetime.fromisoformat(query["end_date"])
    if end - start > timedelta(days=31):
        raise Refusal(400, "INVALID_REQUEST")
    size, number = int(query.get("page_size", 100)), int(query.get("page", 1))
    rows = [*(_charge(one) for one in books.captures.values()), *(_refund(one) for one in books.refunds.values())]
    fresh_until = books.now() - books.report_lag
    rows = [row for row in rows if datetime.fromisoformat(row["transaction_initiation_date"]) <= fresh_until]
    rows = [row for row in rows if start <= datetime.fromisoformat(row["transaction_initiation_date"]) <= end]
    page = rows[(number - 1) * size : number * size]
    body: Body = {
        "account_number": books.merchant_id,
        "start_date": query["start_date"],
        "end_date": query["end_date"],
        "last_refreshed_datetime": fresh_until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "page": number,
        "total_items": len(rows),
        "total_pages": -(-len(rows) // size),
        "links": [books.link("/v1/reporting/transactions", "self")],
    }
    if page:
        body["transaction_details"] = [{"transaction_info": row} for row in page]
    return body


def events(books: Books, query: Mapping[str, str]) -> Body:
    """`GET /v1/notifications/webhooks-events`, the newest first."""
    start = datetime.fromisoformat(query.get("start_time", "2000-01-01T00:00:00Z"))
    end = datetime.fromisoformat(query.get("end_time", "2999-01-01T00:00:00Z"))
    if start > end:
        raise Refusal(400, "INVALID_REQUEST")
    some = [one for one in reversed(books.events) if start <= datetime.fromisoformat(one["create_time"]) <= end]
    page, links = _page(books, some, "/v1/notifications/webhooks-events", query)
    return {"events": page, "count": len(page), "links": links}


def disputes(books: Books, query: Mapping[str, str]) -> Body:
    """`GET /v1/customer/disputes`: without the transactions, which only the dispute itself tells."""
    start = datetime.fromisoformat(query.get("start_time", "2000-01-01T00:00:00Z"))
    some = [one for one in books.disputes.values() if datetime.fromisoformat(one["create_time"]) >= start]
    page, links = _page(books, some, "/v1/customer/disputes", query)
    names = ("dispute_id", "create_time", "update_time", "reason", "status", "dispute_amount", "links")
    body: Body = {"links": links}
    if page:
        body["items"] = [{name: one[name] for name in names} for one in page]
    return body


def _page(books: Books, some: list[Body], path: str, query: Mapping[str, str]) -> tuple[list[Body], list[Body]]:
    size, first = int(query.get("page_size", 10)), int(query.get("next_page_token", 0))
    links = [books.link(path, "self")]
    if len(some) > first + size:
        kept = "&".join(f"{name}={value}" for name, value in query.items() if name != "next_page_token")
        links.append(books.link(f"{path}?{kept}&next_page_token={first + size}", "next"))
    return some[first : first + size], links


def _charge(body: Body) -> Body:
    related = body["supplementary_data"]["related_ids"]
    row: Body = {
        "transaction_id": body["id"],
        "transaction_event_code": "T0006",
        "transaction_status": _CAPTURE_STATES.get(body["status"], "S"),
        "fee_amount": _negative(body["seller_receivable_breakdown"]["paypal_fee"]),
        **_common(body, body["amount"]),
    }
    if "authorization_id" in related:
        return row | {"paypal_reference_id": related["authorization_id"], "paypal_reference_id_type": "TXN"}
    return row | {"paypal_reference_id": related["order_id"], "paypal_reference_id_type": "ODR"}


def _refund(body: Body) -> Body:
    return {
        "transaction_id": body["id"],
        "transaction_event_code": "T1107",
        "transaction_status": _REFUND_STATES.get(body["status"], "S"),
        "paypal_reference_id": capture_of(body),
        "paypal_reference_id_type": "TXN",
        **_common(body, _negative(body["amount"])),
    }


def _common(body: Body, amount: Any) -> Body:
    row = {
        "transaction_initiation_date": body["create_time"],
        "transaction_updated_date": body["update_time"],
        "transaction_amount": amount,
        "bank_reference_id": made_id(),
    }
    names = {"custom_id": "custom_field", "invoice_id": "invoice_id"}
    return row | {theirs: body[ours] for ours, theirs in names.items() if ours in body}


def _negative(amount: Body) -> Body:
    return {**amount, "value": f"-{amount['value']}"}
