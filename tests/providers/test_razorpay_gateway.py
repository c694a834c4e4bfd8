"""Collecting at Razorpay: amounts, captures without keys, late authorisation, links, answers that are lost."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from moorage.domains.payments.gateway import (
    AmountNotSupportedError,
    NotSupportedByProviderError,
    OutcomeUnknownError,
    ProviderDeclinedError,
)
from moorage.kernel.ids import uuid7
from moorage.kernel.money import parse_amount
from tests.support.razorpay import asked, ordered


@pytest.mark.parametrize(("text", "currency", "sent"), [("295", "JPY", 295), ("295.990", "KWD", 295_990)])
async def test_case_18_amounts_keep_their_currencys_own_decimals(razorpay, razorpay_fake, text, currency, sent):
    await ordered(razorpay, parse_amount(text, currency), currency)
    (order,) = razorpay_fake.books.orders.values()
    assert (order["amount"], order["currency"]) == (sent, currency)


@pytest.mark.parametrize(("text", "currency"), [("295.991", "KWD"), ("1.000", "TND"), ("0.99", "INR"), ("1", "CLF")])
async def test_case_18_what_cannot_be_written_exactly_is_refused_before_any_call(
    razorpay, razorpay_fake, text, currency
):
    with pytest.raises(AmountNotSupportedError):
        await ordered(razorpay, parse_amount(text, currency), currency)
    assert razorpay_fake.served.exchanges == []


async def test_case_3_failed_then_late_authorized_and_captured_is_collected_once(razorpay, razorpay_fake):
    reference = await ordered(razorpay)
    razorpay_fake.pay(reference, "failure@razorpay")
    open_still = await razorpay.fetch(reference)
    assert (open_still.status, open_still.failure_code) == ("pending", "payment_failed")
    (payment_id,) = razorpay_fake.books.payments
    razorpay_fake.books.authorize_late(payment_id)
    late = await razorpay.fetch(reference)
    assert (late.status, late.needs_capture) == ("processing", True)
    for _ in range(2):
        done = await razorpay.capture(reference, amount_minor=10_000, currency="INR", key="late")
        assert (done.status, done.failure_code) == ("succeeded", None)
    events = [razorpay.parse(body) for body in razorpay_fake.deliveries.queue]
    assert [(one.event_type, one.intent_status) for one in events] == [
        ("payment.failed", "pending"),
        ("payment.authorized", "processing"),
        ("payment.captured", "succeeded"),
        ("order.paid", "succeeded"),
    ]
    assert razorpay_fake.calls("POST", "/capture") == 1


async def test_case_12_a_capture_that_was_made_before_is_a_success_after_a_fetch(razorpay, razorpay_fake):
    reference = await ordered(razorpay)
    razorpay_fake.pay(reference)
    razorpay_fake.fault("lost_after", path="/capture")
    with pytest.raises(OutcomeUnknownError):
        await razorpay.capture(reference, amount_minor=10_000, currency="INR", key="one")
    assert (await razorpay.capture(reference, amount_minor=10_000, currency="INR", key="one")).status == "succeeded"
    other = await ordered(razorpay)
    razorpay_fake.pay(other)
    # Both have read that it waits, and both ask: one is told that it has been captured.
    ends = await asyncio.gather(
        *(razorpay.capture(other, amount_minor=10_000, currency="INR", key=f"at-once-{no}") for no in range(5))
    )
    assert {end.status for end in ends} == {"succeeded"}
    assert len([one async for one in razorpay.records()]) == 2


async def test_case_14_razorpay_collects_all_or_nothing(razorpay, razorpay_fake):
    reference = await ordered(razorpay, capture="manual")
    with pytest.raises(ProviderDeclinedError) as early:
        await razorpay.capture(reference, amount_minor=10_000, currency="INR", key="early")
    razorpay_fake.pay(reference)
    with pytest.raises(ProviderDeclinedError) as part:
        await razorpay.capture(reference, amount_minor=6_000, currency="INR", key="part")
    codes = [one.value.facts["failure_code"] for one in (early, part)]
    assert codes == ["not_capturable", "capture_must_be_whole"]


async def test_a_payer_pays_on_the_page_of_a_link(razorpay, razorpay_fake):
    later = datetime.now(UTC) + timedelta(hours=1)
    request = asked(3_500, mode="checkout", payer_email="ann@example.com", expires_at=later)
    link = await razorpay.create(request, key="link")
    assert (await razorpay.create(request, key="link")).checkout_url == link.checkout_url
    assert (link.status, link.client_secret, link.reference[:6]) == ("pending", None, "plink_")
    async with httpx.AsyncClient(trust_env=False) as payer:
        assert "did not go through" in (await payer.post(link.checkout_url, data={"vpa": "failure@razorpay"})).text
        assert (await razorpay.fetch(link.reference)).status == "pending"
        answer = await payer.post(link.checkout_url, data={"vpa": "success@razorpay"})
    assert (answer.status_code, answer.headers["location"]) == (303, request.return_url)
    done = await razorpay.find(request.payment_id)
    assert (done.status, done.reference, done.amount_minor) == ("succeeded", link.reference, 3_500)
    events = {one.event_type: one for one in map(razorpay.parse, razorpay_fake.deliveries.queue)}
    assert {one.reference for one in events.values()} == {link.reference}
    paid_events = (events["payment.captured"], events["order.paid"], events["payment_link.paid"])
    assert [one.payment_id for one in paid_events] == [None, request.payment_id, request.payment_id]
    refund_id = uuid7()
    await razorpay.refund(link.reference, refund_id=refund_id, amount_minor=500, currency="INR", key=f"k-{refund_id}")
    assert (await razorpay.find_refund(link.reference, refund_id)).amount_minor == 500
    assert [(one.payment_reference, one.payment_id) async for one in razorpay.records()] == [
        (link.reference, request.payment_id)
    ] * 2
    assert (await razorpay.cancel(link.reference, key="too late")).status == "succeeded"


async def test_a_link_that_was_cancelled_takes_no_money(razorpay):
    link = await razorpay.create(asked(mode="checkout"), key="link")
    for _ in range(2):
        assert (await razorpay.cancel(link.reference, key="no")).status == "canceled"
    async with httpx.AsyncClient(trust_env=False) as payer:
        assert (await payer.post(link.checkout_url, data={"vpa": "success@razorpay"})).status_code == 404
    with pytest.raises(NotSupportedByProviderError):
        await ordered(razorpay, mode="checkout", capture="manual")


@pytest.mark.parametrize("fault", ["lost_after", "500_after", "broken_body", "429"])
async def test_case_11_an_answer_that_is_lost_is_found_out_by_asking(razorpay, razorpay_fake, fault):
    request = asked(10_000)
    razorpay_fake.fault(fault, method="POST", path="/orders")
    with pytest.raises(OutcomeUnknownError):
        await razorpay.create(request, key="made")
    made = await razorpay.create(request, key="made")
    razorpay_fake.pay(made.reference)
    await razorpay.capture(made.reference, amount_minor=10_000, currency="INR", key="taken")
    refund_id = uuid7()
    back = {"refund_id": refund_id, "amount_minor": 4_000, "currency": "INR", "key": f"back-{refund_id}"}
    razorpay_fake.fault(fault, method="POST", path="/refund")
    with pytest.raises(OutcomeUnknownError):
        await razorpay.refund(made.reference, **back)
    assert (await razorpay.refund(made.reference, **back)).status == "succeeded"
    assert len(razorpay_fake.books.orders) == len(razorpay_fake.books.refunds) == 1
    assert (await razorpay.find(request.payment_id)).refunded_minor == 4_000
