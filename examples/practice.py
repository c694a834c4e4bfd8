"""The practice contract from a client's side: open an account, book and pay an appointment, enrol in a training; then
the owner's: record cash, reserve and collect, read the sums.

    python examples/practice.py [--base-url http://127.0.0.1:8000] [--demo var/demo.json] [--provider sandbox]

Runs against a live Moorage with its demo data; needs httpx. Ends with 1 at the first surprise.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from payment_page import pay
from story import begin, options, say, stop, wait_for


def main() -> None:
    """Tell the whole story once."""
    parser = options(__doc__)
    parser.add_argument("--provider", default="sandbox")
    asked = parser.parse_args()
    http, demo = begin(asked)
    with http:
        owner = {"Authorization": f"Bearer {demo['tokens']['owner']}"}
        user = sign_up(http)
        appointment, service = book(http, user)
        collect(http, appointment, service, asked.provider)
        enrol(http)
        administer(http, owner, user, asked.provider)


def sign_up(http: httpx.Client) -> dict[str, Any]:
    """Open an account and sign in with it; any contract's token does."""
    health = call(http, "GET", "/health")
    say("the service is", f"{health['status']}, version {health['version']}")
    person = {"first_name": "Ada", "last_name": "Byron", "email": f"ada-{uuid.uuid4().hex[:12]}@example.test"}
    user: dict[str, Any] = call(http, "POST", "/users/", person | {"password": "a long enough secret"}, expect=201)
    refuse(http, "POST", "/users/", person, expect=409, code="email_taken")
    refuse(http, "POST", "/users/", person | {"role": "owner"}, expect=403, code="forbidden")
    tokens = call(http, "POST", "/api/v1/auth/login/", {"email": user["email"], "password": "a long enough secret"})
    http.headers["Authorization"] = f"Bearer {tokens['data']['access']}"
    say("signed up", f"{user['email']} as {user['role']}")
    return user


def book(http: httpx.Client, user: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first consulting service at the first time that is free."""
    service = call(http, "GET", "/services/?service_type=consulting&limit=1")[0]
    say("books", f"{service['title']} for {service['price']} {service['currency']}")
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    body = {"service_id": service["id"], "state_id": 36, "notes": "From the example"}
    for hours in range(72, 72 + 14 * 24):
        at = (today + timedelta(hours=hours)).isoformat()
        answer = http.post("/appointments/", json={**body, "appointment_time": at})
        if answer.status_code == 201:
            break
        check(answer, 409, "slot_unavailable")
    made: dict[str, Any] = answer.json()
    expect(answer.status_code == 201, "no time was free in two weeks")
    expect((made["user_id"], made["state_id"], made["status"]) == (user["id"], 36, "scheduled"), made)
    say("appointment", made["appointment_time"])
    expect(made in call(http, "GET", "/appointments/?status=scheduled"), "the appointment is not in the list")
    return made, service


def collect(http: httpx.Client, appointment: dict[str, Any], service: dict[str, Any], provider: str) -> None:
    """Pay the appointment on the provider's page."""
    body = {
        "amount": service["price"],
        "currency": service["currency"],
        "payment_provider": provider,
        "appointment_id": appointment["id"],
        **on_its_page(http),
    }
    refuse(http, "POST", "/payments/create-payment", body | {"amount": "0.50"}, expect=422, code="amount_mismatch")
    key = uuid.uuid4().hex
    begun = call(http, "POST", "/payments/create-payment", body, expect=201, key=key)
    expect(begun == call(http, "POST", "/payments/create-payment", body, expect=201, key=key), "another payment")
    pay(begun["approval_url"])
    payment = wait_for(lambda: completed(http, begun["payment_id"]), "the payment")
    say("paid", f"{payment['amount']} {payment['currency']} by {payment['payment_method']}")
    expect(payment["appointment_id"] == appointment["id"], payment)
    expect(call(http, "GET", "/payments/?status=completed")[0]["id"] == payment["id"], "it is not in the list")


def enrol(http: httpx.Client) -> None:
    """A place in the first training that has one."""
    trainings = call(http, "GET", "/trainings/")
    training = next((one for one in trainings if one["places_left"] > 0), None)
    if training is None:
        say("no training has places")
        return
    body = {"training_id": training["id"]}
    call(http, "POST", "/training_enrollments/", body, expect=201)
    refuse(http, "POST", "/training_enrollments/", body, expect=409, code="already_enrolled")
    say("enrolled in", training["title"])


def administer(http: httpx.Client, owner: dict[str, str], user: dict[str, Any], provider: str) -> None:
    """What an owner does, and a client may not."""
    users = http.get("/users/?limit=1", headers=owner)
    say("accounts", users.headers["x-total-count"])
    check(http.get("/users/"), 403, "forbidden")
    cash = {"user_id": user["id"], "amount": 20.00, "payment_method": "cash"}
    check(http.post("/payments/", json=cash | {"status": "completed"}), 403, "forbidden")
    noted = check(http.post("/payments/", json=cash), 201)
    path = f"/payments/{noted['id']}"
    check(http.put(path, json={"status": "completed", "notes": "Counted"}, headers=owner), 200)
    check(http.put(path, json={"status": "pending"}, headers=owner), 409, "invalid_transition")
    check(http.put(path, json={"status": "refunded"}, headers=owner), 200)
    say("cash", "noted, received, given back")
    reserve = {"amount": "100.00", "payment_provider": provider, "capture_method": "manual", **on_its_page(http)}
    held = check(http.post("/payments/create-payment", json=reserve), 201)
    pay(held["approval_url"])
    answer = wait_for(lambda: captured(http, owner, held["payment_id"]), "the reservation")
    say("collected of what is held", check(answer, 200)["amount"])
    tried = check(http.post("/payments/test", headers=owner), 200)
    say("providers tried", ", ".join(f"{one['provider']} {'ok' if one['success'] else one['error']}" for one in tried))
    rows = check(http.get("/payments/summary", headers=owner), 200)
    expect(any(row["payment_method"] == "cash" for row in rows), rows)
    say("sums", f"{len(rows)} rows by method, status and currency")
    theirs = next(one for one in check(http.get("/payments/", headers=owner), 200) if one["user_id"] != user["id"])
    check(http.get(f"/payments/{theirs['id']}"), 403, "forbidden")


def on_its_page(http: httpx.Client) -> dict[str, str]:
    """How a payer is sent to the provider's own page, and where they come back to."""
    here = str(http.base_url.join("/"))
    return {"mode": "checkout", "return_url": here, "cancel_url": here}


def completed(http: httpx.Client, payment_id: str) -> dict[str, Any] | None:
    """The payment, once it is completed."""
    payment: dict[str, Any] = call(http, "GET", f"/payments/{payment_id}")
    return payment if payment["status"] == "completed" else None


def captured(http: httpx.Client, owner: dict[str, str], payment_id: str) -> httpx.Response | None:
    """The answer to collecting a part of what is reserved, once there is something reserved."""
    answer = http.post(f"/payments/{payment_id}/capture", json={"amount": "60.00"}, headers=owner)
    return answer if answer.status_code != 409 else None


def call(
    http: httpx.Client, method: str, path: str, body: Any = None, *, expect: int = 200, key: str | None = None
) -> Any:
    """One call; its answer."""
    answer = http.request(method, path, json=body, headers={"Idempotency-Key": key} if key else {})
    return check(answer, expect)


def refuse(http: httpx.Client, method: str, path: str, body: Any, *, expect: int, code: str) -> None:
    """One call that is refused by this code."""
    check(http.request(method, path, json=body), expect, code)


def check(answer: httpx.Response, status: int, code: str | None = None) -> Any:
    """The answer's JSON; the end of the story when it is another answer."""
    request = answer.request
    if answer.status_code != status or (code is not None and answer.json()["code"] != code):
        stop(f"{request.method} {request.url.path}: {answer.status_code} {answer.text}")
    return answer.json()


def expect(is_so: bool, otherwise: Any) -> None:  # noqa: FBT001 - reads like the sentence it is
    """The end of the story unless it is so."""
    if not is_so:
        stop(f"unexpected: {otherwise}")


if __name__ == "__main__":
    main()
