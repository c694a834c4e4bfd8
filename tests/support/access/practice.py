"""The practice contract in the access matrix: its rows, and what its requests fill in."""

from datetime import datetime

from tests.builders import make_session
from tests.support.access.asks import Ask, Asks, of
from tests.support.access.cast import Cast

# operation (and a word where it has several rows)  anonymous client practitioner | client host admin (of it)
EXPECTED = {
    "practice_users_create": "201 201 201 201 201 201",
    "practice_users_create of staff": "403 403 403 403 403 201",
    "practice_users_list": "401 403 403 403 403 200",
    "practice_users_read": "401 404 404 404 200 200",
    "practice_services_list": "200 200 200 200 200 200",
    "practice_appointments_create": "401 201 201 201 422 201",
    "practice_appointments_create of another": "401 403 403 403 422 422",
    "practice_appointments_list": "401 200 200 200 200 200",
    "practice_trainings_list": "200 200 200 200 200 200",
    "practice_training_enrollments_create": "401 201 201 201 422 201",
    "practice_training_enrollments_create of another": "401 403 403 403 422 422",
    "practice_training_enrollments_list": "401 200 200 200 200 200",
    "practice_payments_start": "201 201 201 201 201 201",
    "practice_payments_start of another": "403 403 403 403 201 201",
    "practice_payments_start_intent": "201 201 201 201 201 201",
    "practice_payments_record": "401 201 201 201 201 201",
    "practice_payments_record of money that came": "401 403 403 403 403 201",
    "practice_payments_record of another": "401 403 403 403 201 201",
    "practice_payments_update": "401 403 403 403 403 200",
    "practice_payments_list": "401 200 200 200 200 200",
    "practice_payments_read": "401 403 403 200 403 200",
    "practice_payments_summary": "401 403 403 403 403 200",
    "practice_payments_test": "401 403 403 403 403 200",
    "practice_payments_capture": "401 403 403 403 403 409",
    "practice_payments_cancel": "401 403 403 403 403 200",
    "practice_paypal_create_order": "401 201 201 201 201 201",
    "practice_paypal_capture": "401 403 403 422 403 422",
    "practice_paypal_read": "401 403 403 200 403 200",
    "practice_stripe_webhook": "404 404 404 404 404 404",
    "practice_paypal_webhook": "404 404 404 404 404 404",
}
# Their signature is looked at, and no token.
TOKEN_UNREAD = {"practice_stripe_webhook", "practice_paypal_webhook"}


async def a_new_user(cast: Cast) -> Ask:
    names = {"first_name": "Nora", "last_name": "Quay"}
    return Ask(body={"email": f"{next(cast.hours_on)}.{cast.service.hex}@example.com", **names})


async def a_new_member_of_staff(cast: Cast) -> Ask:
    return Ask(body={**(await a_new_user(cast)).body, "role": "administrator"})


async def the_host(cast: Cast) -> Ask:
    return Ask({"user_id": cast.practitioner.user_id})


async def an_appointment(cast: Cast) -> Ask:
    return Ask(body={"service_id": str(cast.service), "appointment_time": cast.start()})


async def an_appointment_of_the_hosts(cast: Cast) -> Ask:
    host = {"user_id": str(cast.practitioner.user_id)}
    return Ask(body={**(await an_appointment(cast)).body, **host})


async def a_place_in_a_workshop(cast: Cast) -> Ask:
    await cast.superuser.execute("UPDATE services SET service_type = 'workshop' WHERE id = $1", cast.service)
    date = await make_session(cast.owner, cast.service, datetime.fromisoformat(cast.start()), capacity=5)
    return Ask(body={"training_id": str(date)})


async def the_hosts_place_in_a_workshop(cast: Cast) -> Ask:
    host = {"user_id": str(cast.practitioner.user_id)}
    return Ask(body={**(await a_place_in_a_workshop(cast)).body, **host})


async def a_payment(cast: Cast) -> Ask:
    """One of `client`'s."""
    return Ask({"payment_id": await _started(cast)})


async def a_reservation(cast: Cast) -> Ask:
    return Ask({"payment_id": await _started(cast, capture_method="manual")})


async def a_payment_of_the_hosts(cast: Cast) -> Ask:
    return Ask(body={**PAYMENT, "user_id": str(cast.practitioner.user_id)})


async def money_of_the_hosts(cast: Cast) -> Ask:
    return Ask(body={**CASH, "user_id": str(cast.practitioner.user_id)})


async def a_note_on_a_payment(cast: Cast) -> Ask:
    return Ask({"payment_id": await _started(cast)}, {"notes": "Called back."})


async def an_order(cast: Cast) -> Ask:
    back = f"{cast.town.base_url}/back"
    return Ask(body={"amount": "1.00", "return_url": back, "cancel_url": back})


async def _started(cast: Cast, **more: str) -> str:
    answer = await cast.ask("client", "POST", "/payments/create-payment", json={**PAYMENT, **more})
    assert answer.status_code == 201, answer.text
    payment_id: str = answer.json()["payment_id"]
    return payment_id


CASH = {"amount": "1.00", "payment_method": "cash"}
PAYMENT = {"amount": "1.00", "payment_provider": "sandbox"}
ASKS: dict[str, Asks] = {
    "practice_payments_start": of(PAYMENT),
    "practice_payments_start of another": a_payment_of_the_hosts,
    "practice_payments_start_intent": of({"amount": 100}),
    "practice_payments_record": of(CASH),
    "practice_payments_record of money that came": of({**CASH, "status": "completed"}),
    "practice_payments_record of another": money_of_the_hosts,
    "practice_payments_update": a_note_on_a_payment,
    "practice_payments_read": a_payment,
    "practice_payments_capture": a_reservation,
    "practice_payments_cancel": a_payment,
    "practice_paypal_create_order": an_order,
    "practice_paypal_capture": a_payment,
    "practice_paypal_read": a_payment,
    "practice_users_create": a_new_user,
    "practice_users_create of staff": a_new_member_of_staff,
    "practice_users_read": the_host,
    "practice_appointments_create": an_appointment,
    "practice_appointments_create of another": an_appointment_of_the_hosts,
    "practice_training_enrollments_create": a_place_in_a_workshop,
    "practice_training_enrollments_create of another": the_hosts_place_in_a_workshop,
}
