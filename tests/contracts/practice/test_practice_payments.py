"""The practice contract: payments that are started, followed and found, at the sandbox."""

from datetime import datetime
from secrets import token_urlsafe
from typing import get_args
from uuid import UUID

import pytest
from pydantic import SecretStr

from moorage.apis.practice.payment_schemas import STATUSES
from moorage.domains.payments.states import PaymentStatus
from moorage.journeys.refund_payment import refund_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from moorage.wiring.app import build_app
from tests.builders import make_service, make_session
from tests.support.apps import in_process
from tests.support.bookings import start_at
from tests.support.practice import appointment, pay, read, started


@pytest.fixture
def practice(desk):
    """One practice among those of other tests."""
    return desk


FIELDS = {
    "id",
    "user_id",
    "amount",
    "currency",
    "payment_method",
    "status",
    "stripe_payment_intent_id",
    "stripe_customer_id",
    "stripe_charge_id",
    "paypal_order_id",
    "paypal_payment_id",
    "paypal_payer_id",
    "service_id",
    "appointment_id",
    "training_id",
    "metadata",
    "payment_date",
    "created_at",
}


async def test_a_free_amount_is_started_paid_and_shown_with_every_documented_field(practice):
    begun = await started(practice, metadata={"order": 7.5})
    assert set(begun) >= {"payment_id", "provider", "status", "amount", "currency", "client_secret", "approval_url"}
    assert (begun["provider"], begun["status"], begun["amount"], begun["currency"]) == (
        "sandbox",
        "pending",
        "20.00",
        "USD",
    )
    await pay(practice, begun["payment_id"])
    payment = await read(practice, begun["payment_id"])
    assert set(payment) == FIELDS | {"notes", "amount_refunded"}
    assert (payment["status"], payment["payment_method"], payment["metadata"]) == (
        "completed",
        "sandbox",
        {"order": 7.5},
    )
    assert payment["payment_date"] is not None
    declined = await started(practice, amount="5.00")
    await pay(practice, declined["payment_id"], "pm_card_declined")
    assert (await read(practice, declined["payment_id"]))["status"] == "failed"


TAKEN = [
    (20.00, "USD", "20.00"),
    (20, "USD", "20.00"),
    ("0.10", "USD", "0.10"),
    (500, "JPY", "500"),
    ("12.340", "KWD", "12.340"),
]
REFUSED = [
    ({"amount": "10.005"}, "invalid_amount"),
    ({"amount": 10.005}, "invalid_amount"),
    ({"amount": "1.5", "currency": "JPY"}, "invalid_amount"),
    ({"amount": 0}, "invalid_amount"),
    ({"amount": -1}, "invalid_amount"),
    ({"amount": True}, "invalid_type"),
    ({"currency": "usd"}, "invalid_currency"),
    ({"payment_provider": "cash"}, "invalid_choice"),
    ({"payment_provider": "stripe"}, "unknown_provider"),
    ({"return_url": "https://evil.example/"}, "return_url_not_allowed"),
    ({"metadata": {"moorage:links": {}}}, "invalid_choice"),
    ({"price": "1"}, "unknown_field"),
]


async def test_amounts_are_taken_exactly_and_what_cannot_be_collected_is_refused_by_name(practice):
    for change, code in REFUSED:
        assert (await started(practice, status=422, **change))["code"] == code, change
    assert await payments_of(practice) == 0
    for amount, currency, shown in TAKEN:
        assert (await started(practice, amount=amount, currency=currency))["amount"] == shown


def test_every_status_of_the_core_has_a_word():
    assert {core for words in STATUSES.values() for core in words} == set(get_args(PaymentStatus))


async def test_what_went_back_in_part_is_told_beside_a_completed_payment(practice):
    begun = await started(practice)
    await pay(practice, begun["payment_id"])
    for part, so_far, status in ((500, "5.00", "completed"), (1500, "20.00", "refunded")):
        await refund_payment(practice.house, SYSTEM, UUID(begun["payment_id"]), part, reason="other", refund_id=uuid7())
        payment = await read(practice, begun["payment_id"])
        assert (payment["status"], payment["amount"], payment["amount_refunded"]) == (status, "20.00", so_far)


async def test_an_appointment_is_paid_at_its_price_and_no_other(practice):
    made = await appointment(practice)
    for wrong in ({"amount": "79.00"}, {"amount": "81.00"}, {"amount": "80.00", "currency": "EUR"}):
        refused = await started(practice, status=422, appointment_id=made["id"], **wrong)
        assert (refused["code"], refused["errors"][0]["pointer"]) == ("amount_mismatch", "/amount")
    stranger = await practice.sign_up()
    assert (await started(practice, stranger, 404, appointment_id=made["id"], amount="80.00"))["code"] == "not_found"
    begun = await started(practice, amount="80.00", appointment_id=made["id"])
    await pay(practice, begun["payment_id"])
    assert (await practice.read(made["id"]))["status"] == "confirmed"
    payment = await read(practice, begun["payment_id"])
    assert (payment["appointment_id"], payment["service_id"]) == (made["id"], str(practice.service))
    assert (await started(practice, status=409, appointment_id=made["id"], amount="80.00"))["code"] == "invalid_state"


async def test_a_deposit_is_what_is_due_now(practice):
    service = await make_service(practice.owner, practice.practitioner, deposit_bps=2_500)
    body = {"service_id": str(service), "appointment_time": start_at(13)}
    made = (await practice.client.client.post("/appointments/", json=body)).json()
    begun = await started(practice, amount="20.00", appointment_id=made["id"])
    assert await purpose(practice, begun) == "booking_deposit"


async def test_a_service_and_a_training_have_their_price(practice):
    assert (await started(practice, status=422, service_id=str(practice.service)))["code"] == "amount_mismatch"
    begun = await started(practice, amount="80.00", service_id=str(practice.service))
    assert (await read(practice, begun["payment_id"]))["service_id"] == str(practice.service)
    workshop = await make_service(practice.owner, practice.practitioner, service_type="workshop", max_participants=5)
    date = await make_session(practice.owner, workshop, datetime.fromisoformat(start_at(15, days=9)))
    assert (await started(practice, status=422, training_id=str(date)))["code"] == "amount_mismatch"
    assert await purpose(practice, await started(practice, amount="80.00", training_id=str(workshop))) == "free_amount"
    await practice.client.client.post("/training_enrollments/", json={"training_id": str(workshop)})
    begun = await started(practice, amount="80.00", training_id=str(workshop))
    assert await purpose(practice, begun) == "booking_full"
    assert (await read(practice, begun["payment_id"]))["training_id"] == str(workshop)
    nothing, other = "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70", await appointment(practice)
    for link, status in ((workshop, 422), (nothing, 404)):
        body = {"amount": "80.00", "appointment_id": other["id"], "training_id": str(link)}
        assert (await started(practice, status=status, **body))["errors"][0]["pointer"] == "/training_id"
    for link in ("service_id", "training_id", "appointment_id"):
        assert (await started(practice, status=404, **{link: nothing}))["code"] == "not_found"


async def purpose(practice, begun):
    return await practice.superuser.fetchval("SELECT purpose FROM payments WHERE id = $1::uuid", begun["payment_id"])


async def test_people_pay_for_themselves_and_owners_take_payments_of_anyone(practice):
    owner, other = await practice.sign_up(role="owner"), await practice.sign_up()
    assert (await started(practice, status=403, user_id=str(other.user_id)))["code"] == "forbidden"
    begun = await started(practice, owner, user_id=str(other.user_id))
    assert (await read(practice, begun["payment_id"], other))["user_id"] == str(other.user_id)
    theirs = await practice.client.client.get(f"/payments/{begun['payment_id']}")
    assert (theirs.status_code, theirs.json()["code"]) == (403, "forbidden")
    nothing = await practice.client.client.get("/payments/0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")


async def test_an_intent_is_started_in_cents(practice):
    intent = await started(practice, path="create-payment-intent", amount=2000)
    assert set(intent) == {"payment_id", "payment_intent_id", "client_secret", "amount", "currency", "status"}
    assert (intent["amount"], intent["currency"], intent["status"]) == (2000, "USD", "pending")
    assert intent["client_secret"]
    for wrong in ("20.00", 20.5, True):
        refused = await started(practice, status=422, path="create-payment-intent", amount=wrong)
        assert refused["code"] == "invalid_type", wrong
    for wrong in (0, -1, 2**63):
        refused = await started(practice, status=422, path="create-payment-intent", amount=wrong)
        assert refused["code"] == "invalid_amount", wrong


async def test_nobody_pays_who_is_not_there(practice):
    owner, nobody = await practice.sign_up(role="owner"), "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70"
    asked = [
        ("create-payment", {}),
        ("create-payment-intent", {"amount": 2000}),
        ("", {"payment_method": "cash"}),
        ("", {"payment_method": "stripe"}),
    ]
    for path, body in asked:
        refused = await started(practice, owner, 404, path, user_id=nobody, **body)
        assert (refused["code"], refused["errors"][0]["pointer"]) == ("not_found", "/user_id"), (path, body)


async def test_guests_pay_where_they_are_let(practice, settings):
    begun = await started(practice, "guest", customer_email="guest@example.org")
    row = await practice.superuser.fetchrow(
        "SELECT payer_id, payer_email FROM payments WHERE id = $1::uuid", begun["payment_id"]
    )
    assert tuple(row) == (None, "guest@example.org")
    await started(practice, "guest", path="create-payment-intent", amount=2000)
    someone = str(practice.client.user_id)
    assert (await started(practice, "guest", 403, user_id=someone))["code"] == "forbidden"
    closed = {"allow_guest_payments": False}
    strict = {
        "environment": "production",
        "allow_guest_payments": True,
        "sandbox_in_production": True,
        "sandbox_webhook_secret": SecretStr(token_urlsafe(48)),
        "sandbox_api_key": SecretStr(token_urlsafe(48)),
    }
    body = {"amount": "20.00", "payment_provider": "sandbox"}
    for changes, status, code in ((closed, 401, "not_authenticated"), (strict, 422, "email_required")):
        async with in_process(build_app(settings.model_copy(update=changes), practice.house)) as guest:
            refused = await guest.post("/payments/create-payment", json=body)
            assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_what_is_reserved_is_collected_in_part_once_or_let_go(practice):
    owner = await practice.sign_up(role="owner")
    first, second = [await started(practice, amount="100.00", capture_method="manual") for _ in range(2)]
    for begun in (first, second):
        await pay(practice, begun["payment_id"])
        assert (await read(practice, begun["payment_id"]))["status"] == "pending"

    async def act(begun, verb, status=200, who=owner, **body):
        answer = await who.client.post(f"/payments/{begun['payment_id']}/{verb}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    assert (await act(first, "capture", 403, practice.client))["code"] == "forbidden"
    assert (await act(first, "capture", 422, amount="100.01"))["code"] == "capture_exceeds_authorization"
    captured = await act(first, "capture", amount="60.00")
    assert (captured["status"], captured["amount"]) == ("completed", "60.00")
    assert (await act(first, "capture", 409))["code"] == "invalid_state"
    assert (await act(second, "cancel"))["status"] == "failed"
    assert (await act(second, "capture", 409))["code"] == "invalid_state"


async def test_every_provider_is_tried_with_a_small_payment(practice):
    owner = await practice.sign_up(role="owner")
    tried = (await owner.client.post("/payments/test")).json()
    assert [(one["provider"], one["success"]) for one in tried] == [("sandbox", True)]
    assert (await read(practice, tried[0]["payment_id"], owner))["status"] == "failed", "it is cancelled again"
    assert (await practice.client.client.post("/payments/test")).status_code == 403


async def test_a_key_starts_one_payment(practice):
    body, headers = {"amount": "20.00", "payment_provider": "sandbox"}, {"Idempotency-Key": "k"}
    answers = [
        await practice.client.client.post("/payments/create-payment", json=body, headers=headers) for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert await payments_of(practice) == 1
    other = await practice.client.client.post(
        "/payments/create-payment", json=body | {"amount": "21.00"}, headers=headers
    )
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def payments_of(practice):
    return await practice.superuser.fetchval(
        "SELECT count(*) FROM payments WHERE payer_id = $1", practice.client.user_id
    )
