"""The catering contract in the access matrix: its rows, and what its requests fill in."""

from typing import Any

from tests.support.access.asks import Ask, Asks, a_stored_event, of, of_account, of_booking
from tests.support.access.cast import Cast

# operation (and a word where it has several rows)  anonymous client practitioner | client host admin (of it)
EXPECTED = {
    "catering_auth_login": "200 200 200 200 200 200",
    "catering_auth_logout": "401 200 200 200 200 200",
    "catering_auth_me": "401 200 200 200 200 200",
    "catering_bookings_list": "401 200 200 200 200 200",
    "catering_bookings_create": "401 201 201 201 422 201",
    "catering_bookings_read": "401 404 404 200 200 200",
    "catering_bookings_update": "401 404 404 200 200 200",
    "catering_checkout_create": "401 404 404 200 404 200",
    "catering_intent_create": "401 404 404 200 404 200",
    "catering_payments_list": "401 200 200 200 200 200",
    "catering_payment_record": "401 403 403 403 403 201",
    "catering_payment_complete": "401 403 403 403 403 409",
    "catering_payment_bounce": "401 403 403 403 403 409",
    "catering_subscriptions_list": "401 200 200 200 200 200",
    "catering_subscriptions_cancel": "401 404 404 409 404 409",
    "catering_portal_link": "401 200 200 200 200 200",
    "catering_refund_create": "401 403 403 403 403 409",
    "catering_refunds_list": "401 403 403 403 403 200",
    "catering_refund_handed_over": "401 403 403 403 403 404",
    "catering_disputes_list": "401 403 403 403 403 200",
    "catering_dispute_evidence": "401 403 403 403 403 404",
    "catering_dispute_accept": "401 403 403 403 403 404",
    "catering_invoices_list": "401 200 200 200 200 200",
    "catering_invoices_create": "401 403 403 403 403 201",
    "catering_invoice_void": "401 403 403 403 403 200",
    "catering_invoice_write_off": "401 403 403 403 403 200",
    "catering_quotes_list": "401 200 200 200 200 200",
    "catering_quotes_create": "401 403 403 403 403 201",
    "catering_quotes_accept": "401 404 404 200 404 200",
    "catering_quotes_decline": "401 404 404 200 404 200",
    "catering_quotes_withdraw": "401 403 403 403 403 200",
    "catering_analytics_payments": "401 403 403 403 403 200",
    "catering_customers_list": "401 403 403 403 403 200",
    "catering_webhook": "404 404 404 404 404 404",
    "catering_webhook_events_list": "401 403 403 403 403 200",
    "catering_webhook_rejections_list": "401 403 403 403 403 200",
    "catering_webhook_events_replay": "401 403 403 403 403 200",
}
TOKEN_UNREAD = {"catering_auth_login", "catering_webhook"}


async def a_new_event(cast: Cast) -> Ask:
    start = cast.start()
    wanted = {"date": start[:10], "time": start[11:16], "guests": 1, "location": "4 Quay Street"}
    return Ask(body={"service_id": str(cast.service), **wanted})


def of_owing(name: str, value: Any, **more: Any) -> Asks:
    """A booking that is to be paid, named in the body."""

    async def ask(cast: Cast) -> Ask:
        return Ask(body={"booking_id": (await cast.hold())["id"], name: value, **more})

    return ask


def of_nothing(name: str, body: Any) -> Asks:
    """Something that is not there."""

    async def ask(cast: Cast) -> Ask:
        return Ask({name: cast.service}, body)

    return ask


async def a_payment_to_refund(cast: Cast) -> Ask:
    return Ask(body={"payment_id": (await cast.hold())["payment"]["id"], "reason": "other"})


async def a_payment_by_provider(cast: Cast) -> Ask:
    return Ask({"payment_id": (await cast.hold())["payment"]["id"]})


async def a_subscription_that_is_over(cast: Cast) -> Ask:
    return Ask({"subscription_id": await cast.ended_subscription()})


async def a_balance(cast: Cast) -> Ask:
    return Ask(body={"booking_id": (await cast.confirmed())["id"]})


async def an_invoice(cast: Cast) -> Ask:
    return Ask({"invoice_id": await cast.invoice()})


async def a_quote(cast: Cast) -> Ask:
    return Ask({"quote_id": await cast.quote()}, {})


ASKS: dict[str, Asks] = {
    "catering_auth_login": of_account("email", "password"),
    "catering_bookings_create": a_new_event,
    "catering_checkout_create": of_owing("line_items", [{"name": "Part", "amount": 100}]),
    "catering_intent_create": of_owing("amount", 8_000, payment_type="full"),
    "catering_payment_record": of_owing("amount", 100, method="cash"),
    "catering_payment_complete": a_payment_by_provider,
    "catering_payment_bounce": a_payment_by_provider,
    "catering_subscriptions_cancel": a_subscription_that_is_over,
    "catering_portal_link": of({}),
    "catering_refund_create": a_payment_to_refund,
    "catering_refund_handed_over": of_nothing("refund_id", None),
    "catering_dispute_evidence": of_nothing("dispute_id", {"note": "Served."}),
    "catering_dispute_accept": of_nothing("dispute_id", None),
    "catering_invoices_create": a_balance,
    "catering_invoice_void": an_invoice,
    "catering_invoice_write_off": an_invoice,
    "catering_quotes_create": of({"customer_email": "ada@example.com", "lines": [{"name": "Menu", "amount": 100}]}),
    "catering_quotes_accept": a_quote,
    "catering_quotes_decline": a_quote,
    "catering_quotes_withdraw": a_quote,
    "catering_bookings_read": of_booking(Cast.hold),
    "catering_bookings_update": of_booking(Cast.hold, {"notes": "By the back door"}),
    "catering_webhook": of({"id": "evt_forged"}),
    "catering_webhook_events_replay": a_stored_event,
}
