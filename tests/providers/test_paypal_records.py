"""What PayPal gives back and tells of itself: refunds, disputes, lists by the page, events."""

from datetime import UTC, datetime, timedelta

import pytest

from moorage.domains.payments.facets import Evidence
from moorage.domains.payments.gateway import NotSupportedByProviderError, ProviderDeclinedError
from moorage.kernel.ids import uuid7
from tests.fakes.schemas import needs_specs, present, validate_object
from tests.support.paypal import opened, paid


async def test_case_15_a_refund_of_more_than_is_left_is_refused(paypal, paypal_fake):
    whole = await paid(paypal, paypal_fake)
    give = {"currency": "USD"}
    await paypal.refund(whole.reference, refund_id=uuid7(), amount_minor=7_000, key="one", **give)
    with pytest.raises(ProviderDeclinedError) as refusal:
        await paypal.refund(whole.reference, refund_id=uuid7(), amount_minor=3_001, key="two", **give)
    assert refusal.value.facts["failure_code"] == "refund_amount_exceeded"


async def test_case_22_a_refund_while_disputed_is_refused(paypal, paypal_fake):
    whole = await paid(paypal, paypal_fake)
    paypal_fake.dispute(whole.reference)
    with pytest.raises(ProviderDeclinedError) as refusal:
        await paypal.refund(whole.reference, refund_id=uuid7(), amount_minor=1, currency="USD", key="one")
    assert refusal.value.facts["failure_code"] == "transaction_disputed"


async def test_nothing_is_given_back_of_what_was_not_collected(paypal):
    made = await opened(paypal)
    with pytest.raises(ProviderDeclinedError) as refusal:
        await paypal.refund(made.reference, refund_id=uuid7(), amount_minor=1, currency="USD", key="one")
    assert refusal.value.facts["failure_code"] == "not_refundable"


async def test_the_books_are_read_through_every_page_and_window(paypal, paypal_fake, monkeypatch):
    monkeypatch.setattr("moorage.providers.paypal.reports._PAGE", 2)
    monkeypatch.setattr("moorage.providers.paypal.lists._DISPUTE_PAGE", 2)
    monkeypatch.setattr("moorage.providers.paypal.lists._EVENT_PAGE", 2)
    monkeypatch.setattr("moorage.providers.paypal.reports._WINDOW", timedelta(minutes=3))
    started = datetime.now(UTC) - timedelta(minutes=8)
    whole = [await paid(paypal, paypal_fake) for _ in range(3)]
    reserved = await opened(paypal, capture="manual")
    paypal_fake.pay(reserved.reference)
    await paypal.capture(reserved.reference, amount_minor=6_000, currency="USD", key="part")
    await paid(paypal, paypal_fake, "echeck")  # has collected nothing yet
    for one in whole:
        paypal_fake.refund_by_hand(one.reference, "10.00")
        paypal_fake.dispute(one.reference)
    records = [one async for one in paypal.records(started)]
    kinds = [one.kind for one in records]
    assert kinds == ["charge"] * 4 + ["refund"] * 3 + ["dispute"] * 3
    theirs = {one.reference for one in (*whole, reserved)}
    assert {one.payment_reference for one in records} == theirs
    assert {one.amount_minor for one in records if one.kind == "charge"} == {10_000, 6_000}
    assert {(one.amount_minor, one.refund_id) for one in records if one.kind == "refund"} == {(1_000, None)}
    assert {one.payment_reference for one in records if one.kind == "dispute"} == {one.reference for one in whole}
    told = await paypal.events_since(started)
    assert [event.event_id for event in told] == [event["id"] for event in paypal_fake.events()]
    sent = len(paypal_fake.deliveries.queue)
    await paypal._paypal.call("POST", f"/v1/notifications/webhooks-events/{told[0].event_id}/resend", {})
    assert paypal_fake.deliveries.queue[-1] == paypal_fake.deliveries.queue[0]
    assert len(paypal_fake.deliveries.queue) == sent + 1


async def test_what_reports_do_not_show_yet_is_read_from_events(paypal, paypal_fake):
    paypal_fake.books.report_lag = timedelta(hours=3)
    whole = await paid(paypal, paypal_fake)
    refund_id = uuid7()
    given = await paypal.refund(whole.reference, refund_id=refund_id, amount_minor=1_500, currency="USD", key="r")
    told = [one async for one in paypal.records(datetime.now(UTC) - timedelta(days=1))]
    assert [(one.kind, one.reference, one.payment_reference, one.amount_minor, one.refund_id) for one in told] == [
        ("charge", whole.ids["capture"], whole.reference, 10_000, None),
        ("refund", given.reference, whole.reference, 1_500, refund_id),
    ]
    paypal_fake.books.report_lag = timedelta()
    paypal_fake.travel(seconds=2)
    assert [one async for one in paypal.records(datetime.now(UTC) - timedelta(days=1))] == told


async def test_a_dispute_is_answered_once_and_another_given_up(paypal, paypal_fake):
    contested, given_up = [await paid(paypal, paypal_fake) for _ in range(2)]
    first = paypal_fake.dispute(contested.reference)["dispute_id"]
    second = paypal_fake.dispute(given_up.reference, "40.00")["dispute_id"]
    opened_one = await paypal.fetch_dispute(first)
    assert (opened_one.status, opened_one.payment_reference) == ("opened", contested.reference)
    said = Evidence(service_date="20 November", note="She was there.")
    with pytest.raises(NotSupportedByProviderError):
        await paypal.submit_evidence(first, said, submit=False, key="draft")
    for _ in range(2):
        assert (await paypal.submit_evidence(first, said, submit=True, key="said")).status == "under_review"
    (kept,) = paypal_fake.books.disputes[first]["evidences"]
    assert kept["notes"] == "When it was delivered: 20 November\nNote: She was there."
    lost = await paypal.accept_dispute(second, key="give up")
    assert (lost.status, lost.amount_minor) == ("lost", 4_000)
    with pytest.raises(ProviderDeclinedError):
        await paypal.submit_evidence(second, said, submit=True, key="late")
    if present("paypal"):
        validate_object("paypal", "dispute", paypal_fake.books.disputes[first])


@needs_specs("paypal")
async def test_every_event_is_as_paypal_publishes_it(paypal, paypal_fake):
    whole = await paid(paypal, paypal_fake)
    paypal_fake.refund_by_hand(whole.reference, "10.00")
    paypal_fake.dispute(whole.reference)
    shapes = {"checkout-order": "order", "capture": "capture-2", "refund": "refund", "dispute": "dispute"}
    for event in paypal_fake.events():
        validate_object("paypal", "event", event)
        validate_object("paypal", shapes[event["resource_type"]], event["resource"])
    assert paypal_fake.check()
