"""Our adapter's own ways with PayPal: tokens, keys, lost answers, parts, lists, and the page for the payer."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from moorage.domains.payments.facets import Evidence
from moorage.domains.payments.gateway import NotSupportedByProviderError, OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payments.gateway_values import IntentRequest, Line
from moorage.kernel.ids import uuid7
from tests.fakes.paypal.fixtures import adapter
from tests.fakes.schemas import needs_specs, present, validate_object


def asked(amount_minor: int = 10_000, currency: str = "USD", **changes) -> IntentRequest:
    told = {"payment_id": uuid7(), "description": "Massage", "return_url": "http://127.0.0.1/back?x=1"}
    return IntentRequest(amount_minor=amount_minor, currency=currency, **{**told, **changes})


async def opened(paypal, **changes):
    return await paypal.create(asked(**changes), key=str(uuid7()))


async def paid(paypal, paypal_fake, funding: str = "balance", **changes):
    made = await opened(paypal, **changes)
    paypal_fake.pay(made.reference, funding)
    collected = {"amount_minor": made.amount_minor, "currency": made.currency, "key": str(uuid7())}
    return await paypal.capture(made.reference, **collected)


async def test_twenty_who_wait_for_a_token_share_one(paypal, paypal_fake):
    await asyncio.gather(*(opened(paypal) for _ in range(20)))
    assert paypal_fake.served.calls("POST", "/v1/oauth2/token") == 1


async def test_a_token_that_was_withdrawn_is_replaced_once_for_all(paypal, paypal_fake):
    made = await opened(paypal)
    paypal_fake.door.withdraw()
    answers = await asyncio.gather(*(paypal.fetch(made.reference) for _ in range(20)))
    assert {answer.reference for answer in answers} == {made.reference}
    assert paypal_fake.served.calls("POST", "/v1/oauth2/token") == 2


async def test_a_token_is_renewed_before_it_ends(paypal, paypal_fake):
    paypal_fake.door.token_lifetime_s = 59  # within the minute that has to be left
    await opened(paypal)
    await opened(paypal)
    assert paypal_fake.served.calls("POST", "/v1/oauth2/token") == 2


async def test_keys_that_paypal_does_not_know_are_told_as_such(paypal_fake):
    stranger = adapter(paypal_fake, client_secret="wrong")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await stranger.test_connection()
    assert refusal.value.facts["failure_code"] == "invalid_credentials"
    with pytest.raises(OutcomeUnknownError):  # nothing was done, and it can be when the keys are right
        await stranger.create(asked(), key="k")
    await stranger.aclose()


async def test_the_connection_is_tried_with_our_webhook(paypal, paypal_fake):
    assert await paypal.test_connection() == "APP-80W284485P519543T"
    paypal_fake.door.webhook_id = "ANOTHER"
    with pytest.raises(ProviderDeclinedError) as refusal:
        await paypal.test_connection()
    assert refusal.value.facts["failure_code"] == "invalid_resource_id"


async def test_an_order_says_what_it_is_for_and_whose_it_is(paypal, paypal_fake):
    lines = (Line("Soup", 3_000, 2, "hot"), Line("Bread", 4_000))
    request = asked(lines=lines, payer_email="ann@example.org", cancel_url="http://127.0.0.1/no", capture="manual")
    made = await paypal.create(request, key="k")
    order = paypal_fake.books.orders[made.reference]
    assert (order.intent, order.unit["custom_id"], order.unit["invoice_id"]) == (
        "AUTHORIZE",
        str(request.payment_id),
        str(request.payment_id),
    )
    assert [(item["name"], item["quantity"], item["unit_amount"]["value"]) for item in order.unit["items"]] == [
        ("Soup", "2", "30.00"),
        ("Bread", "1", "40.00"),
    ]
    wallet = order.source["paypal"]
    assert (wallet["email_address"], wallet["experience_context"]["cancel_url"]) == (
        "ann@example.org",
        "http://127.0.0.1/no",
    )
    assert made.checkout_url == f"{paypal_fake.base_url}/checkoutnow?token={made.reference}"


async def test_a_reference_is_one_step_of_a_path(paypal, paypal_fake):
    with pytest.raises(OutcomeUnknownError):
        await paypal.fetch("../../v1/customer/disputes")
    assert paypal_fake.served.exchanges[-1].path.startswith("/v2/checkout/orders/")


async def test_lines_that_do_not_add_up_are_left_out(paypal, paypal_fake):
    made = await opened(paypal, lines=(Line("Soup", 3_000),))
    assert "items" not in paypal_fake.books.orders[made.reference].unit


@pytest.mark.parametrize("fault", ["timeout_after", "lost_before", "500_after", "429", "broken_body"])
async def test_no_answer_is_no_refusal(paypal_fake, fault):
    hasty = adapter(paypal_fake)
    await hasty.test_connection()
    hasty._paypal._http.timeout = httpx.Timeout(0.3)
    paypal_fake.fault(fault, path="/v2/checkout/orders")
    with pytest.raises(OutcomeUnknownError):
        await hasty.create(asked(), key="k")
    await hasty.aclose()


async def test_a_key_answers_the_latest_state_for_six_hours(paypal, paypal_fake):
    request = asked()
    made = await paypal.create(request, key="one")
    paypal_fake.pay(made.reference)
    again = await paypal.create(request, key="one")
    assert (again.reference, again.status, again.needs_capture) == (made.reference, "processing", True)
    paypal_fake.travel(hours=6, seconds=1)
    assert (await paypal.create(request, key="one")).reference != made.reference


async def test_a_capture_whose_answer_is_lost_collects_once(paypal, paypal_fake):
    made = await opened(paypal)
    paypal_fake.pay(made.reference)
    paypal_fake.fault("lost_after", path="/capture")
    collect = {"amount_minor": 10_000, "currency": "USD"}
    with pytest.raises(OutcomeUnknownError):
        await paypal.capture(made.reference, **collect, key="one")
    for key in ("one", "two"):
        assert (await paypal.capture(made.reference, **collect, key=key)).status == "succeeded"
    assert len(paypal_fake.books.captures) == 1


async def test_case_12_captured_behind_our_back_is_captured(paypal, paypal_fake):
    made = await opened(paypal)
    paypal_fake.pay(made.reference)
    await paypal.capture(made.reference, amount_minor=10_000, currency="USD", key="one")
    answer = await paypal._do(f"/v2/checkout/orders/{made.reference}/capture", {}, key="two")
    assert answer is None  # "ORDER_ALREADY_CAPTURED": as good as done


async def test_case_14_a_part_of_what_is_reserved_is_collected_and_the_rest_released(paypal, paypal_fake):
    made = await opened(paypal, capture="manual")
    paypal_fake.pay(made.reference)
    reserved = await paypal.authorize(made.reference, key="reserve")
    assert (reserved.status, reserved.needs_capture, reserved.amount_minor) == ("processing", True, 10_000)
    assert reserved.expires_at > datetime.now(UTC) + timedelta(days=28)
    part = await paypal.capture(made.reference, amount_minor=6_000, currency="USD", key="part")
    assert (part.status, part.amount_minor, part.needs_capture) == ("succeeded", 6_000, False)
    again = await paypal.capture(made.reference, amount_minor=4_000, currency="USD", key="rest")
    assert (again.amount_minor, len(paypal_fake.books.captures)) == (6_000, 1)
    assert (await paypal.cancel(made.reference, key="late")).status == "succeeded"


async def test_a_part_of_what_is_not_reserved_cannot_be_collected(paypal, paypal_fake):
    made = await opened(paypal)
    paypal_fake.pay(made.reference)
    with pytest.raises(NotSupportedByProviderError):
        await paypal.capture(made.reference, amount_minor=6_000, currency="USD", key="part")
    assert paypal_fake.served.calls("POST", "/capture") == 0


async def test_a_method_cannot_be_confirmed_from_here(paypal):
    with pytest.raises(NotSupportedByProviderError):
        await paypal.confirm("x", payment_method="pm_card_visa", key="k")


async def test_what_is_reserved_is_released_by_cancelling(paypal, paypal_fake):
    made = await opened(paypal, capture="manual")
    paypal_fake.pay(made.reference)
    await paypal.authorize(made.reference, key="reserve")
    for key in ("one", "two"):
        assert (await paypal.cancel(made.reference, key=key)).status == "canceled"
    looked_at = await opened(paypal, capture="manual")
    paypal_fake.pay(looked_at.reference)
    await paypal.authorize(looked_at.reference, key="reserve too")
    (reserved,) = (one for one in paypal_fake.books.authorizations.values() if one["status"] == "CREATED")
    reserved["status"] = "PENDING"
    assert (await paypal.fetch(looked_at.reference)).needs_capture is False
    assert (await paypal.cancel(looked_at.reference, key="three")).status == "canceled"
    assert [one["status"] for one in paypal_fake.books.authorizations.values()] == ["VOIDED", "VOIDED"]


async def test_case_19_a_completed_order_with_a_pending_capture_is_processing(paypal, paypal_fake):
    pending = await paid(paypal, paypal_fake, "echeck")
    assert pending.raw["status"] == "COMPLETED"
    assert (pending.status, pending.needs_capture) == ("processing", False)
    assert (await paypal.cancel(pending.reference, key="c")).status == "processing"
    paypal_fake.settle(pending.reference)
    assert (await paypal.fetch(pending.reference)).status == "succeeded"


async def test_a_capture_that_is_refused_has_failed(paypal, paypal_fake):
    refused = await paid(paypal, paypal_fake, "refused")
    assert (refused.status, refused.failure_code) == ("failed", "capture_declined")


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
    assert {one.payment_reference for one in records if one.kind == "dispute"} <= theirs
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


async def test_the_payer_approves_on_the_page_and_comes_back(paypal, paypal_fake):
    made = await opened(paypal, cancel_url="http://127.0.0.1/no")
    async with httpx.AsyncClient() as payer:
        page = await payer.get(made.checkout_url)
        assert "100.00 USD" in page.text
        left = await payer.post(made.checkout_url, data={"decision": "cancel"})
        assert left.headers["location"] == f"http://127.0.0.1/no?token={made.reference}"
        assert (await paypal.fetch(made.reference)).status == "requires_action"
        back = await payer.post(made.checkout_url, data={"decision": "approve", "funding": "balance"})
        assert back.headers["location"].startswith(f"http://127.0.0.1/back?x=1&token={made.reference}&PayerID=")
        assert "Nothing to approve" in (await payer.get(made.checkout_url)).text
    assert (await paypal.fetch(made.reference)).needs_capture


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
