"""What clients and owners of a practice do over HTTP, by the practice contract. Each takes a Practice (or who asks)."""

from moorage.journeys.process_events import process_due_events
from moorage.journeys.receive_event import poll_providers
from tests.support.bookings import start_at


async def appointed(practice, by=None, status=201, **body):
    body = {"service_id": str(practice.service), "appointment_time": start_at(10), **body}
    answer = await (by or practice.client).client.post("/appointments/", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def appointment(practice, hour=10):
    body = {"service_id": str(practice.service), "appointment_time": start_at(hour)}
    return (await practice.client.client.post("/appointments/", json=body)).json()


async def started(practice, who=None, status=201, path="create-payment", **body):
    body = {"amount": "20.00", "payment_provider": "sandbox", **body}
    if path != "create-payment":
        del body["payment_provider"]
    client = practice.anybody if who == "guest" else (who or practice.client).client
    answer = await client.post(f"/payments/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def read(practice, payment_id, who=None):
    answer = await (who or practice.client).client.get(f"/payments/{payment_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def pay(practice, payment_id, method="pm_card_visa"):
    """The payer pays at the sandbox, and we are told."""
    reference = await practice.superuser.fetchval("SELECT provider_ref FROM payments WHERE id = $1::uuid", payment_id)
    await practice.town.api.post(f"/intents/{reference}/confirm", json={"payment_method": method})
    await settle(practice)


async def settle(practice):
    await poll_providers(practice.house)
    await process_due_events(practice.house)


async def recorded(practice, who, expect=201, /, **body):
    body = {"amount": "20.00", "currency": "USD", "payment_method": "cash", **body}
    answer = await who.client.post("/payments/", json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()


async def changed(who, payment, expect=200, /, **body):
    answer = await who.client.put(f"/payments/{payment['id']}", json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()
