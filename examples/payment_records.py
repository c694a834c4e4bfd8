"""The payment records contract from a site's side: record a payment, read it, move it on, find it again, and what is
refused.

    python examples/payment_records.py [--base-url http://127.0.0.1:8000] [--demo var/demo.json]

Runs against a live Moorage with its demo data; needs httpx. Ends with 1 at the first surprise. With SECRET_KEY in the
environment (the one that Moorage runs with) and PyJWT it signs tokens as the site's own service does.
"""

import os
import time
import uuid
from typing import Any

import httpx
from story import begin, options, say, stop

PAYMENTS = "/api/v1/payments/"


def main() -> None:
    """Tell the whole story once."""
    http, demo = begin(options(__doc__).parse_args())
    guest, admin = tokens(demo)
    with http:
        info = call(http, "GET", "/", headers={"Accept": "application/json"})
        say("service", f"{info['service']} {info['version']}")
        say("health", call(http, "GET", "/health")["status"])
        http.headers["Authorization"] = f"Bearer {guest}"
        tell(http)
        refusals(http)
        http.headers["Authorization"] = f"Bearer {admin}"
        everything = call(http, "GET", PAYMENTS + "admin/all?page_size=1")
        say("an administrator sees", f"{everything['total']} payments")


def tokens(demo: dict[str, Any]) -> tuple[str, str]:
    """A guest's token and an administrator's: signed as the site signs them, else the demo's own."""
    secret = os.environ.get("SECRET_KEY")
    if secret is None:
        return demo["tokens"]["client"], demo["tokens"]["owner"]
    import jwt  # noqa: PLC0415 - only a site that signs needs it

    ends = int(time.time()) + 600
    guest, admin = ({"user_id": 7, "exp": ends}, {"user_id": 1, "is_admin": True, "exp": ends})
    return jwt.encode(guest, secret, "HS256"), jwt.encode(admin, secret, "HS256")


def tell(http: httpx.Client) -> None:
    """Create, read, status, pages and filters."""
    booking = int(time.time() * 1000)
    record = call(http, "POST", PAYMENTS, payment(booking_id=booking, property_id=33), expect=201)
    say("recorded", f"{record['id']}: {record['amount_total']} {record['currency']}, {record['payment_status']}")
    for path in (f"{record['id']}", f"payment-gateway/{record['payment_id']}"):
        check(call(http, "GET", PAYMENTS + path) == record, "read as it was recorded")
    changed = call(http, "PUT", f"{PAYMENTS}{record['id']}", {"description": "Three nights, late arrival"})
    say("described", changed["description"])
    for status in ("processing", "succeeded"):
        moved = call(http, "PATCH", f"{PAYMENTS}{record['id']}/status", {"payment_status": status})
        say("moved to", moved["payment_status"])
    other = call(http, "POST", PAYMENTS, payment(booking_id=booking, provider="paypal"), expect=201)
    say("cancelled", call(http, "DELETE", f"{PAYMENTS}{other['id']}")["payment_status"])

    both = call(http, "GET", f"{PAYMENTS}booking/{booking}")
    check([one["id"] for one in both] == [other["id"], record["id"]], "both are of the booking, the newest first")
    page = call(http, "GET", f"{PAYMENTS}?booking_id={booking}&page=2&page_size=1")
    check((page["total"], page["pages"], page["items"][0]["id"]) == (2, 2, record["id"]), "two pages of one")
    for narrowed in ("payment_status=succeeded", "provider=other", "currency=EUR&property_id=33"):
        found = call(http, "GET", f"{PAYMENTS}?booking_id={booking}&{narrowed}")
        check([one["id"] for one in found["items"]] == [record["id"]], narrowed)
    say("found by", "booking, page and filters")


def refusals(http: httpx.Client) -> None:
    """What is refused, each by its code."""
    body = payment()
    record = call(http, "POST", PAYMENTS, body, expect=201)
    address = f"{PAYMENTS}{record['id']}"
    for status, code, method, path, sent in (
        (409, "payment_id_taken", "POST", PAYMENTS, body),
        (409, "immutable_field", "PUT", address, {"amount_total": "1.00"}),
        (409, "invalid_transition", "PATCH", f"{address}/status", {"payment_status": "refunded"}),
        (422, "invalid_amount", "POST", PAYMENTS, payment(amount_total="420.005")),
        (422, "unknown_field", "POST", PAYMENTS, payment(price=1)),
        (422, "invalid_limit", "GET", PAYMENTS + "?page_size=101", None),
        (404, "not_found", "GET", PAYMENTS + "999999999", None),
        (403, "forbidden", "GET", PAYMENTS + "admin/all", None),
    ):
        refused = call(http, method, path, sent, expect=status)
        check(refused["code"] == code, f"{code} and not {refused['code']}")
        say("refused", f"{status} {code}")
    nobody = call(http, "GET", PAYMENTS, headers={"Authorization": "Bearer not.a.token"}, expect=401)
    say("refused", f"401 {nobody['code']}")


def payment(**more: Any) -> dict[str, Any]:
    """A payment that the site has taken, at a provider that Moorage does not know: what became of it is ours to say."""
    id_ = f"pay_{uuid.uuid4().hex}"
    return {"payment_id": id_, "amount_total": "420.00", "currency": "EUR", "provider": "other", **more}


def call(http: httpx.Client, method: str, path: str, body: Any = None, *, expect: int = 200, **more: Any) -> Any:
    """One request; its JSON. Ends the script when the status is another than `expect`."""
    answer = http.request(method, path, json=body, **more)
    check(answer.status_code == expect, f"{method} {path}: {answer.status_code} and not {expect}: {answer.text}")
    return answer.json()


def check(is_so: bool, what: str) -> None:  # noqa: FBT001 - a check is a yes or no
    """End the script when something is not so."""
    if not is_so:
        stop(f"surprise: {what}")


if __name__ == "__main__":
    main()
