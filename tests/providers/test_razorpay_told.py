"""What Razorpay tells later: refunds that waited, disputes, and lists for what no event said."""

from datetime import UTC, datetime, timedelta

import pytest

from moorage.domains.payments.gateway import (
    ProviderDeclinedError,
)
from moorage.kernel.clock import system_clock
from moorage.kernel.ids import uuid7
from tests.support.razorpay import connected, ordered, paid, told


async def test_refunds_that_wait_are_pending_until_razorpay_says_so(razorpay, razorpay_fake):
    reference, refund_id = await paid(razorpay, razorpay_fake), uuid7()
    razorpay_fake.books.refunds_wait = True
    made = await razorpay.refund(
        reference, refund_id=refund_id, amount_minor=4_000, currency="INR", key=f"k-{refund_id}"
    )
    assert made.status == "pending"
    razorpay_fake.books.settle_refund(made.reference, "failed")
    event = razorpay.parse(told(razorpay_fake, "refund.failed")[0])
    assert (event.refund_id, event.refund_status, event.reference) == (refund_id, "failed", reference)
    assert (await razorpay.fetch(reference)).refunded_minor == 0


async def test_disputes_are_told_from_the_first_word_to_the_last(razorpay, razorpay_fake):
    reference = await paid(razorpay, razorpay_fake)
    (payment_id,) = razorpay_fake.books.payments
    dispute = razorpay_fake.books.dispute(payment_id, 7_000)
    opened = razorpay.parse(razorpay_fake.deliveries.queue[-1])
    assert (opened.kind, opened.dispute_status, opened.reference) == ("dispute", "opened", reference)
    with pytest.raises(ProviderDeclinedError) as refusal:
        await razorpay.refund(reference, refund_id=uuid7(), amount_minor=1, currency="INR", key=f"k-{uuid7()}")
    assert refusal.value.facts["failure_code"] == "charge_disputed"
    for word, ours in (("under_review", "under_review"), ("closed", "won"), ("lost", "lost")):
        razorpay_fake.books.decide(dispute["id"], word)
        assert razorpay.parse(razorpay_fake.deliveries.queue[-1]).dispute_status == ours
    assert [(one.kind, one.status) async for one in razorpay.records()][-1] == ("dispute", "lost")


async def test_case_9_what_turned_out_days_later_is_found_in_the_lists(razorpay_fake):
    now = [datetime.now(UTC)]
    poller = connected(razorpay_fake, clock=lambda: now[0])
    reference = await ordered(poller)
    razorpay_fake.pay(reference, "failure@razorpay")
    (payment_id,) = razorpay_fake.books.payments
    assert [one.event_type for one in await poller.events_since(now[0] - timedelta(minutes=5))] == ["payment.failed"]
    razorpay_fake.books.authorize_late(payment_id)
    now[0] += timedelta(days=2)
    events = await poller.events_since(now[0] - timedelta(minutes=5))
    assert [(one.event_type, one.reference) for one in events] == [("payment.authorized", reference)]
    # The whole is read once an hour; a little later only what is new.
    assert await poller.events_since(now[0] - timedelta(minutes=5)) == []
    await poller.aclose()


async def test_case_9_a_dispute_that_nobody_told_of_is_found_as_it_stands(razorpay, razorpay_fake):
    reference = await ordered(razorpay)
    razorpay_fake.pay(reference)
    (payment_id,) = razorpay_fake.books.payments
    await razorpay.capture(reference, amount_minor=10_000, currency="INR", key="now")
    dispute = razorpay_fake.books.dispute(payment_id, 4_000)
    for word, ours in (("open", "opened"), ("under_review", "under_review"), ("won", "won")):
        dispute["status"] = word
        (found,) = [one for one in await razorpay.events_since(system_clock()) if one.kind == "dispute"]
        assert (found.dispute_reference, found.dispute_status, found.amount_minor) == (dispute["id"], ours, 4_000)
        assert found.ids == {"payment": payment_id}


async def test_what_was_tried_days_ago_and_is_collected_today_is_on_todays_record(razorpay, razorpay_fake):
    reference = await ordered(razorpay)
    razorpay_fake.pay(reference)
    (payment,) = razorpay_fake.books.payments.values()
    payment["created_at"] -= 5 * 86_400
    await razorpay.capture(reference, amount_minor=10_000, currency="INR", key="late")
    assert [one.amount_minor async for one in razorpay.records(system_clock())] == [10_000]
