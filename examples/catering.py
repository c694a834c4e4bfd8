"""The catering contract from a client's side: book an event, pay its deposit on the payment page, see the webhook, the
payment and the figures, give half of it back. Where the sandbox collects: pay for a lunch by the month, and end that.

    python examples/catering.py [--base-url http://127.0.0.1:8000] [--demo var/demo.json]

Runs against a live Moorage with its demo data; needs httpx. Ends with 1 at the first surprise.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from payment_page import pay
from story import begin, options, say, stop, wait_for

DEPOSIT = 10_000


def main() -> None:
    """Tell the whole story once."""
    http, demo = begin(options(__doc__).parse_args())
    with http:
        tell(http, demo["tokens"]["client"], demo["tokens"]["owner"])


def tell(http: httpx.Client, client: str, admin: str) -> None:
    """Each step says what it did."""
    booking = book(http, client)
    say("booked", f"{booking['date']} {booking['time']} for {booking['guests']}, {booking['total']} cents")
    check("the deposit is due", booking["deposit_due"], DEPOSIT)

    lines = [{"name": "Deposit", "amount": DEPOSIT, "quantity": 1}]
    body = {"booking_id": booking["id"], "line_items": lines}
    session = call(http, "POST", "/api/stripe/create-checkout-session", client, body)
    pay(session["url"])
    say("paid on the payment page", session["session_id"])

    payment = wait_for(
        lambda: one(http, f"/api/stripe/payments?booking_id={booking['id']}&status=succeeded", client), "the payment"
    )
    check("what was paid", (payment["id"], payment["amount"]), (session["payment_id"], DEPOSIT))
    say("listed under the booking", f"{payment['payment_type']} by {payment['method']}")
    event = wait_for(lambda: one(http, "/api/stripe/webhook-events?status=processed", admin), "the webhook")
    say("webhook logged", f"{event['type']}, {event['attempts']} attempts")
    booking = call(http, "GET", f"/api/bookings/{booking['id']}", client)
    check("the booking", booking["status"], "confirmed")
    check("its money", booking["total"], booking["paid"] - booking["refunded"] + booking["owed"])

    before = call(http, "GET", "/api/stripe/analytics/payments?currency=USD", admin)
    check("in the figures", before["totals"]["revenue"] >= DEPOSIT, True)
    say("in the figures", f"{before['totals']['revenue']} cents of revenue")

    body = {"payment_id": payment["id"], "amount": "50.00", "reason": "customer_request"}
    key = uuid.uuid4().hex
    refund = call(http, "POST", "/api/stripe/refund", admin, body, key=key)
    check("sent again", call(http, "POST", "/api/stripe/refund", admin, body, key=key)["id"], refund["id"])
    wait_for(lambda: one(http, f"/api/stripe/refunds?payment_id={payment['id']}&status=succeeded", admin), "the refund")
    payment = one(http, f"/api/stripe/payments?booking_id={booking['id']}&status=partially_refunded", client) or {}
    check("given back", payment.get("refunded_amount"), 5_000)
    say("refunded", f"{refund['amount']} {refund['currency']}")
    after = call(http, "GET", "/api/stripe/analytics/payments?currency=USD", admin)
    check("the net figure", before["totals"]["net"] - after["totals"]["net"], 5_000)
    if payment["provider"] == "sandbox":
        subscribe(http, client)


def subscribe(http: httpx.Client, client: str) -> None:
    """By the month, until that is ended. A price of the sandbox says itself what it is; other providers make theirs."""
    body = {"mode": "subscription", "price_ids": ["price_month_2000_usd"]}
    session = call(http, "POST", "/api/stripe/create-checkout-session", client, body)
    pay(session["url"])
    paid = "/api/stripe/payments?payment_type=subscription&status=succeeded"
    payment = wait_for(lambda: one(http, paid, client, id=session["payment_id"]), "the first period's payment")
    check("the first period", payment["amount"], 2_000)
    active = "/api/stripe/subscriptions?status=active"
    running = wait_for(lambda: one(http, active, client, id=payment["subscription_id"]), "the subscription")
    say("subscribed", f"{running['amount']} cents a {running['interval']} until {running['current_period_end']}")
    ending = call(http, "POST", f"/api/stripe/subscriptions/{running['id']}/cancel", client, {})
    check("its end", (ending["status"], ending["cancel_at_period_end"]), ("active", True))
    call(http, "POST", f"/api/stripe/subscriptions/{running['id']}/cancel", client, {"at_period_end": False})
    say("ended", running["id"])


def book(http: httpx.Client, client: str) -> dict[str, Any]:
    """An event on the first day that is free."""
    for days in range(5, 60):
        day = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
        wanted = {"date": day, "time": "17:00", "guests": 8, "menu": "adult", "location": "4 Quay Street, Bristol"}
        answer = http.post("/api/bookings", json=wanted, headers=bearer(client))
        if answer.status_code == 201:
            booking: dict[str, Any] = answer.json()
            return booking
        if answer.json().get("code") != "slot_unavailable":
            stop(f"POST /api/bookings: {answer.status_code} {answer.text}")
    return stop("no day was free")


def one(http: httpx.Client, path: str, token: str, **wanted: object) -> dict[str, Any] | None:
    """The first item of a list that is as `wanted`; None where there is none."""
    items: list[dict[str, Any]] = call(http, "GET", path, token)["items"]
    return next((item for item in items if wanted.items() <= item.items()), None)


def call(http: httpx.Client, method: str, path: str, token: str, body: Any = None, *, key: str | None = None) -> Any:
    """One call by whoever `token` is; its answer."""
    headers = bearer(token) | ({"Idempotency-Key": key} if key else {})
    answer = http.request(method, path, json=body, headers=headers)
    if answer.status_code >= 300:
        stop(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json()


def bearer(token: str) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {token}"}


def check(what: str, found: object, expected: object) -> None:
    """End with 1 when something is not as it has to be."""
    if found != expected:
        stop(f"{what}: {found!r}, expected {expected!r}")


if __name__ == "__main__":
    main()
