"""The marketplace contract from a client's side: register, find a time, book, pay, see it confirmed, cancel, see the
refund; then from the practitioner's: what was earned, and where it is paid out to.

    python examples/marketplace.py [--base-url http://127.0.0.1:8000] [--demo var/demo.json] [--provider stripe]

Runs against a live Moorage with its demo data; needs httpx. Ends with 1 at the first surprise.
"""

import json
import os
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from payment_page import pay
from story import begin, options, say, stop, wait_for

# Test methods of the providers, as their own forms make them of a card.
METHODS = {"stripe": "pm_card_visa", "square": "cnon:card-nonce-ok"}


def main() -> None:
    """Tell the whole story once."""
    parser = options(__doc__)
    parser.add_argument("--provider", default=None, help="default: the one that this Moorage prefers")
    asked = parser.parse_args()
    http, demo = begin(asked)
    with http:
        tell(http, demo, asked.provider)


def tell(http: httpx.Client, demo: dict[str, Any], provider: str | None) -> None:
    """Each step says what it did."""
    email = f"ada-{uuid.uuid4().hex[:12]}@example.test"
    person = {"email": email, "password": "a long enough secret", "first_name": "Ada", "last_name": "Byron"}
    tokens = call(http, "POST", "/api/v1/auth/register/", person, expect=201)
    http.headers["Authorization"] = f"Bearer {tokens['access']}"
    say("registered", email)

    practitioner, service = demo["practitioners"][0], demo["services"][0]
    today = datetime.now(UTC).date()
    window = f"from={today + timedelta(days=3)}&to={today + timedelta(days=12)}"
    days = call(
        http, "GET", f"/api/v1/practitioners/{practitioner}/availability/?service_id={service}&{window}&timezone=UTC"
    )
    starts = [start for day in days["days"] for start in day["starts"]]
    say("free times found", str(len(starts)))

    chosen = {"payment_provider": provider} if provider else {}
    wanted = {"service_id": service, "start_time": starts[0], **chosen}
    held = call(http, "POST", "/api/v1/bookings/", wanted, expect=201, key=uuid.uuid4().hex)
    say("held until", held["hold_expires_at"])
    intent = call(http, "POST", "/api/v1/payments/create-intent/", {"booking_id": held["id"]})
    settle(http, intent)
    booking = wait_for(lambda: confirmed(http, held["id"]), "the confirmation")
    say("confirmed", booking["start_time"])

    told = call(http, "GET", f"/api/v1/bookings/{booking['id']}/cancel/")
    say("cancelling would give back", json.dumps(told["refund"]))
    call(http, "POST", f"/api/v1/bookings/{booking['id']}/cancel/", {"reason": "changed plans"})
    wait_for(lambda: refunded(http), "the refund")
    say("cancelled and refunded")
    sell(http, demo)


def sell(http: httpx.Client, demo: dict[str, Any]) -> None:
    """The practitioner's side: what was earned, and where it is paid out to."""
    http.headers["Authorization"] = f"Bearer {demo['tokens']['practitioner']}"
    totals = call(http, "GET", "/api/v1/practitioner/earnings/summary/")["totals"]
    say("earned", ", ".join(f"{one['net']} {one['currency']}" for one in totals) or "nothing yet")
    account = call(http, "POST", "/api/v1/practitioner/connect/", {"country": "GB"})
    say("is paid out by", f"{account['provider']}, set up at {account['url']}")
    paid_out = call(http, "GET", "/api/v1/practitioner/payouts/")
    say("payouts so far", str(paid_out["count"]))


def settle(http: httpx.Client, intent: dict[str, Any]) -> None:
    """Pay as that provider is paid: on its page, or by a method that its own form would have made of a card."""
    provider = intent["provider"]
    if intent["checkout_url"]:
        pay(intent["checkout_url"])
    elif provider in METHODS:
        body = {"payment_id": intent["payment_id"], "payment_method": METHODS[provider]}
        call(http, "POST", "/api/v1/payments/confirm/", body)
    elif provider == "razorpay" and "RAZORPAY_BASE_URL" in os.environ:
        # Razorpay's form is opened by its own script; a trial server has it as a page.
        pay(f"{os.environ['RAZORPAY_BASE_URL']}/checkout/{intent['client_secret']}")
    else:
        stop(f"{provider} is paid in a browser only")
    say("paid at", provider)


def confirmed(http: httpx.Client, booking_id: str) -> dict[str, Any] | None:
    """The booking, once it is confirmed."""
    booking: dict[str, Any] = call(http, "GET", f"/api/v1/bookings/{booking_id}/")
    return booking if booking["status"] == "confirmed" else None


def refunded(http: httpx.Client) -> dict[str, Any] | None:
    """The latest payment, once it says that it was given back."""
    payment: dict[str, Any] = call(http, "GET", "/api/v1/payments/history/")["results"][0]
    return payment if payment["status"] in ("refunded", "partially_refunded") else None


def call(
    http: httpx.Client, method: str, path: str, body: Any = None, *, expect: int = 200, key: str | None = None
) -> Any:
    """One call; the `data` of its answer."""
    answer = http.request(method, path, json=body, headers={"Idempotency-Key": key} if key else {})
    if answer.status_code not in (expect, 200):
        stop(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json()["data"]


if __name__ == "__main__":
    main()
