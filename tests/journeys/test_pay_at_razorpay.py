"""Booking and paying with Razorpay on the other side, its webhooks coming to our own endpoint."""

import random

import httpx
import pytest
from pydantic import SecretStr

from moorage.journeys.audit_books import audit
from moorage.journeys.capture_payment import cancel_payment, capture_payment
from moorage.journeys.receive_event import poll_providers
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import SYSTEM
from moorage.kernel.ids import uuid7
from tests.fakes.razorpay.fake import KEY_ID, KEY_SECRET, WEBHOOK_SECRET
from tests.support.bookings import start_at
from tests.support.far_side import booking_and_payment, settle


@pytest.fixture
def settings(settings, razorpay_fake):
    return settings.model_copy(
        update={
            "razorpay_key_id": KEY_ID,
            "razorpay_key_secret": SecretStr(KEY_SECRET),
            "razorpay_webhook_secret": SecretStr(WEBHOOK_SECRET),
            "razorpay_account_id": razorpay_fake.books.account_id,
            "razorpay_base_url": razorpay_fake.base_url,
            "payment_provider": "razorpay",
            "provider_timeout_s": 20.0,
        }
    )


@pytest.fixture
async def shop(practice, razorpay_fake):
    razorpay_fake.deliveries.url = f"{practice.town.base_url}/webhooks/razorpay"
    yield practice
    await practice.house.gateways["razorpay"].aclose()


async def started(shop, amount_minor=10_000, **facts):
    start = PaymentStart(uuid7(), uuid7(), amount_minor, "INR", **facts)
    made = await start_payment(shop.house, SYSTEM, start)
    return start.payment_id, made.payment.provider_ref


async def test_a_booking_is_paid_in_checkout_and_given_back(shop, razorpay_fake):
    booking = await shop.book(start_at(9))
    await settle(shop, razorpay_fake)
    reference = (await shop.read(booking["id"]))["payment"]["client_secret"]
    said = razorpay_fake.pay(reference)
    body = {"payment_id": booking["payment"]["id"], "payment_method": said}
    answer = await shop.client.client.post("/api/v1/payments/confirm/", json=body)
    assert answer.status_code == 200, answer.text
    await settle(shop, razorpay_fake)
    assert await booking_and_payment(shop, booking) == ("confirmed", "succeeded", "razorpay")
    razorpay_fake.books.refunds_wait = True
    await shop.act(booking, "cancel", reason="ill")
    await settle(shop, razorpay_fake)
    (refund,) = razorpay_fake.books.refunds.values()
    razorpay_fake.books.settle_refund(refund["id"])
    await settle(shop, razorpay_fake)
    assert await booking_and_payment(shop, booking) == ("cancelled", "refunded", "razorpay")
    assert await audit(shop.house) == []


async def test_case_3_failed_then_late_authorized_is_collected_by_us_once(shop, razorpay_fake):
    payment_id, reference = await started(shop)
    razorpay_fake.pay(reference, "failure@razorpay")
    await settle(shop, razorpay_fake)
    status = "SELECT status FROM payments WHERE id = $1"
    assert await shop.superuser.fetchval(status, payment_id) == "pending"
    (paying,) = razorpay_fake.books.payments
    razorpay_fake.books.authorize_late(paying)
    await settle(shop, razorpay_fake)
    assert await shop.superuser.fetchval(status, payment_id) == "succeeded"
    razorpay_fake.deliveries.queue.extend(razorpay_fake.deliveries.sent)
    await razorpay_fake.deliver(copies=3, shuffled=random.Random(7))
    await settle(shop, razorpay_fake)
    assert await shop.superuser.fetchval(status, payment_id) == "succeeded"
    assert razorpay_fake.calls("POST", "/capture") == 1
    assert await audit(shop.house) == []


async def test_what_is_paid_after_it_was_cancelled_is_not_collected(shop, razorpay_fake):
    payment_id, reference = await started(shop)
    assert (await cancel_payment(shop.house, SYSTEM, payment_id)).status == "canceled"
    razorpay_fake.pay(reference)
    await settle(shop, razorpay_fake)
    (paying,) = razorpay_fake.books.payments
    razorpay_fake.books.send_back(paying)
    await settle(shop, razorpay_fake)
    assert await shop.superuser.fetchval("SELECT status FROM payments WHERE id = $1", payment_id) == "canceled"
    assert razorpay_fake.calls("POST", "/capture") == 0
    assert await shop.superuser.fetchval("SELECT count(*) FROM webhook_events WHERE status = 'parked'") == 0
    assert [one async for one in shop.house.gateways["razorpay"].records()] == []


async def test_what_was_never_told_is_found_by_asking_and_what_came_back_elsewhere_is_booked(shop, razorpay_fake):
    payment_id, reference = await started(shop, capture="manual")
    razorpay_fake.pay(reference)
    razorpay_fake.deliveries.queue.clear()
    assert await poll_providers(shop.house) == 1
    await settle(shop, razorpay_fake)
    assert (await capture_payment(shop.house, SYSTEM, payment_id)).status == "succeeded"
    (paying,) = razorpay_fake.books.payments
    razorpay_fake.books.refund(paying, {"amount": 3_000}, None)
    razorpay_fake.books.dispute(paying, 7_000)
    await settle(shop, razorpay_fake)
    row = await shop.superuser.fetchrow(
        "SELECT status, refunded_minor, disputed_minor FROM payments WHERE id = $1", payment_id
    )
    assert tuple(row) == ("disputed", 3_000, 7_000)
    assert await audit(shop.house) == []


async def test_a_link_paid_at_razorpay_settles_once_whatever_comes_first(shop, razorpay_fake):
    start = PaymentStart(uuid7(), uuid7(), 2_500, "INR", mode="checkout", description="Soup")
    made = await start_payment(shop.house, SYSTEM, start)
    async with httpx.AsyncClient(trust_env=False) as payer:
        await payer.post(made.checkout_url, data={"vpa": "success@razorpay"})
    await razorpay_fake.deliver(copies=2, shuffled=random.Random(3))
    await settle(shop, razorpay_fake)
    row = await shop.superuser.fetchrow("SELECT status, amount_minor FROM payments WHERE id = $1", start.payment_id)
    assert tuple(row) == ("succeeded", 2_500)
    told = await shop.superuser.fetch("SELECT event_type, status FROM webhook_events")
    assert {row["status"] for row in told} == {"processed"}
    (paying,) = razorpay_fake.books.payments
    razorpay_fake.books.refund(paying, {"amount": 500}, None)
    await settle(shop, razorpay_fake)
    refunded = await shop.superuser.fetchval("SELECT refunded_minor FROM payments WHERE id = $1", start.payment_id)
    assert refunded == 500
    assert await audit(shop.house) == []


_BALANCES = """
SELECT split_part(a.code, ':', 1), sum(b.balance_minor)::bigint FROM ledger_accounts a
  JOIN ledger_balances b ON b.account_no = a.no GROUP BY 1 HAVING sum(b.balance_minor) <> 0 ORDER BY 1
"""


@pytest.mark.parametrize("dispute_first", [False, True])
async def test_case_22_a_refund_and_a_dispute_of_the_rest_end_alike_in_either_order(shop, razorpay_fake, dispute_first):
    booking = await shop.book(start_at(9))
    await settle(shop, razorpay_fake)
    razorpay_fake.pay((await shop.read(booking["id"]))["payment"]["client_secret"])
    await settle(shop, razorpay_fake)
    assert await booking_and_payment(shop, booking) == ("confirmed", "succeeded", "razorpay")
    (paying,) = razorpay_fake.books.payments
    razorpay_fake.books.refund(paying, {"amount": 3_000}, None)
    refund_events = list(razorpay_fake.deliveries.queue)
    dispute = razorpay_fake.books.dispute(paying, 5_000)
    if dispute_first:
        for body in refund_events:
            razorpay_fake.deliveries.queue.remove(body)
        await settle(shop, razorpay_fake)
        razorpay_fake.deliveries.queue.extend(refund_events)
    await settle(shop, razorpay_fake)
    money = "SELECT status, refunded_minor, disputed_minor FROM payments WHERE provider = 'razorpay'"
    assert tuple(await shop.superuser.fetchrow(money)) == ("disputed", 3_000, 5_000)
    assert await audit(shop.house) == []
    held = {"commission": -250, "disputed": 5_000, "earnings_pending": -4_750}
    assert dict(await shop.superuser.fetch(_BALANCES)) == held
    razorpay_fake.books.decide(dispute["id"], "lost")
    await settle(shop, razorpay_fake)
    assert await shop.superuser.fetch(_BALANCES) == []  # all of it went back, one way or the other
    assert await audit(shop.house) == []


async def test_an_event_of_another_account_is_genuine_and_parked(shop, razorpay_fake):
    payment_id, reference = await started(shop)
    razorpay_fake.books.account_id = "acc_OfSomebodyElse"
    razorpay_fake.pay(reference)
    await settle(shop, razorpay_fake)
    assert await shop.superuser.fetchval("SELECT status FROM payments WHERE id = $1", payment_id) == "pending"
    told = await shop.superuser.fetch("SELECT DISTINCT status, outcome FROM webhook_events")
    assert [tuple(row) for row in told] == [("parked", "of another account: acc_OfSomebodyElse")]
