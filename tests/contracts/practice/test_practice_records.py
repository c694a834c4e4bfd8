"""The practice contract: payments that a person records, moves and writes on."""

import pytest

from tests.support.bookings import start_at
from tests.support.practice import changed, recorded


@pytest.fixture
def practice(desk):
    """One practice among those of other tests."""
    return desk


async def test_money_by_hand_is_noted_by_its_payer_and_completed_by_an_owner(practice):
    owner = await practice.sign_up(role="owner")
    noted = await recorded(practice, practice.client, notes="On Friday", metadata={"envelope": 3})
    assert (noted["status"], noted["payment_method"], noted["amount"]) == ("pending", "cash", "20.00")
    assert (noted["notes"], noted["metadata"], noted["payment_date"]) == ("On Friday", {"envelope": 3}, None)
    assert (await recorded(practice, practice.client, 403, status="completed"))["code"] == "forbidden"
    completed = await changed(owner, noted, status="completed")
    assert completed["status"] == "completed"
    assert completed["payment_date"] is not None
    assert await changed(owner, noted, status="completed") == completed
    refused = await changed(owner, noted, 409, status="pending")
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("invalid_transition", "/status")
    assert refused["detail"] == "A payment that is completed does not become pending."
    assert (await changed(owner, noted, status="refunded"))["status"] == "refunded"
    assert (await changed(owner, noted, 409, status="completed"))["code"] == "invalid_transition"
    bounced = await recorded(practice, owner, payment_method="check", status="completed")
    assert (await changed(owner, bounced, status="failed"))["status"] == "failed"
    assert (await changed(practice.client, noted, 403, status="completed"))["code"] == "forbidden"


async def test_what_is_written_on_a_payment_stays_beside_what_it_is_for(practice):
    owner = await practice.sign_up(role="owner")
    made = await practice.client.client.post(
        "/appointments/", json={"service_id": str(practice.service), "appointment_time": start_at(10)}
    )
    appointment = made.json()["id"]
    noted = await recorded(practice, practice.client, amount="80.00", appointment_id=appointment, metadata={"a": 1})
    on_day = "2026-12-15T10:30:00+01:00"
    after = await changed(owner, noted, metadata={"b": 2}, notes="Counted", payment_date=on_day)
    assert (after["metadata"], after["notes"], after["payment_date"]) == ({"b": 2}, "Counted", on_day)
    assert (after["appointment_id"], after["service_id"]) == (appointment, str(practice.service))
    assert (await changed(owner, noted, notes="Counted twice"))["metadata"] == {"b": 2}
    await changed(owner, noted, status="completed")
    assert (await practice.read(appointment))["status"] == "confirmed"
    over = await recorded(practice, owner, 422, amount="80.00", appointment_id=appointment, status="completed")
    assert over["code"] == "overpayment"


async def test_nobody_records_what_we_know_by_another_of_its_names(practice):
    body = {"payment_method": "paypal", "paypal_order_id": "ORDER-1"}
    noted = await recorded(practice, practice.client, **body)
    learned = "UPDATE payments SET provider_ids = $2 WHERE id = $1::uuid"
    await practice.superuser.execute(learned, noted["id"], '{"capture": "CAPTURE-1"}')
    eve = await practice.sign_up()
    taken = await recorded(practice, eve, 409, payment_method="paypal", paypal_order_id="CAPTURE-1")
    assert taken["code"] == "payment_id_taken"


async def test_a_provider_s_payment_is_followed_and_never_moved_by_hand(practice):
    owner = await practice.sign_up(role="owner")
    body = {"payment_method": "stripe", "stripe_payment_intent_id": "pi_3OfElsewhere"}
    noted = await recorded(practice, practice.client, **body)
    assert (noted["status"], noted["payment_method"]) == ("pending", "stripe")
    assert noted["stripe_payment_intent_id"] == "pi_3OfElsewhere"
    assert (await recorded(practice, practice.client, 409, **body))["code"] == "payment_id_taken"
    assert (await recorded(practice, owner, 409, status="completed", **body))["code"] == "invalid_transition"
    for status in ("completed", "failed", "refunded"):
        assert (await changed(owner, noted, 409, status=status))["code"] == "invalid_transition"
    assert (await changed(owner, noted, notes="Asked"))["status"] == "pending"
    calls = "SELECT count(*) FROM provider_operations WHERE payment_id = $1::uuid"
    assert await practice.superuser.fetchval(calls, noted["id"]) == 0
    nothing = {"id": "0197f0a2-5c1e-7d3a-9b4e-2f6c8a1d5e70"}
    assert (await changed(owner, nothing, 404, notes="x"))["code"] == "not_found"
    assert (await changed(owner, nothing, 404, status="failed"))["code"] == "not_found"
    other = await practice.sign_up()
    refused = await recorded(practice, practice.client, 403, user_id=str(other.user_id))
    assert refused["code"] == "forbidden"
