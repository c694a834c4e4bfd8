"""What is Square's own: sources and links, separate capture, signatures over the address, amounts, lost answers."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from square import Square
from square.utils.webhooks_helper import verify_signature

from moorage.domains.payments.facets import Evidence
from moorage.domains.payments.gateway import (
    AmountNotSupportedError,
    InvalidSignatureError,
    NotSupportedByProviderError,
    OutcomeUnknownError,
    ProviderDeclinedError,
)
from moorage.domains.payments.gateway_values import Line
from moorage.kernel.clock import system_clock
from moorage.kernel.ids import uuid7
from moorage.kernel.money import InvalidCurrencyError
from moorage.providers.square.signatures import HEADER, sign
from tests.fakes.square.fake import LOCATION, SIGNATURE_KEY, TOKEN
from tests.support.square import URL, asked, check_schemas, connected

NONCE = "cnon:card-nonce-ok"
GOLDEN = b'{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}'


async def reserved(square, amount_minor=10_000):
    reference = (await square.create(asked(amount_minor, capture="manual"), key=f"m-{uuid7()}")).reference
    intent = await square.confirm(reference, payment_method=NONCE, key=f"r-{uuid7()}")
    assert (intent.status, intent.needs_capture, intent.amount_minor) == ("processing", True, amount_minor)
    return reference


async def paid(square, amount_minor=10_000, currency="GBP"):
    made = await square.create(asked(amount_minor, currency), key=f"c-{uuid7()}")
    await square.confirm(made.reference, payment_method=NONCE, key=f"p-{uuid7()}")
    return made.reference


def test_the_published_vector_is_signed_alike():
    url = "https://example.com/webhooks/square"
    assert sign("sq_key", url, GOLDEN) == "JOpDc3o7ayxSVua16lmDAbm6qTv5++uWzFE1Hy8cay0="
    told = {"request_body": GOLDEN.decode(), "signature_key": "sq_key", "notification_url": url}
    assert verify_signature(signature_header=sign("sq_key", url, GOLDEN), **told)


async def test_case_6_an_event_signed_for_the_address_with_another_slash_is_refused(square, square_fake):
    await paid(square)
    body = square_fake.deliveries.queue[-1]
    now = system_clock()
    assert square.verify(dict(square_fake.sign(body)), body, now=now).intent_status == "succeeded"
    theirs = {"request_body": body.decode(), "signature_key": SIGNATURE_KEY, "notification_url": URL}
    assert verify_signature(signature_header=square_fake.sign(body)[HEADER], **theirs)
    for other in (f"{URL}/", URL.replace("http://", "https://"), URL.upper()):
        with pytest.raises(InvalidSignatureError):
            square.verify({HEADER: sign(SIGNATURE_KEY, other, body)}, body, now=now)
    with pytest.raises(InvalidSignatureError):
        square.verify({HEADER: sign("other key", URL, body)}, body, now=now)


async def test_case_18_yen_have_no_decimals_and_are_sent_as_they_are(square, square_fake):
    square_fake.books.currency = "JPY"
    reference = await paid(square, 500, "JPY")
    sent = next(one for one in square_fake.served.exchanges if one.path == "/v2/payments" and one.method == "POST")
    assert sent.sent()["amount_money"] == {"amount": 500, "currency": "JPY"}
    assert sent.headers["square-version"]
    assert (await square.fetch(reference)).amount_minor == 500
    for refused in (lambda: square.check_amount(1_000, "KWD"), lambda: square.check_amount(0, "GBP")):
        with pytest.raises(AmountNotSupportedError):
            refused()
    with pytest.raises(InvalidCurrencyError):
        square.check_amount(1_000, "XXX")
    with pytest.raises(AmountNotSupportedError):
        await square.create(asked(1_000, "KWD"), key="dinar")


async def test_a_payer_pays_on_the_page_of_a_link_and_the_order_says_so(square, square_fake):
    request = asked(3_500, mode="checkout", lines=(Line("Soup", 1_000, 2), Line("Bread", 1_500)))
    link = await square.create(request, key="link")
    assert (await square.create(request, key="link")).checkout_url == link.checkout_url
    assert (await square.find(request.payment_id)).checkout_url == link.checkout_url
    async with httpx.AsyncClient(trust_env=False) as payer:
        assert "3500 GBP" in (await payer.get(link.checkout_url)).text
    assert await square_fake.pay(link.reference, "4000 0000 0000 0002") == 200
    assert (await square.fetch(link.reference)).status == "pending"  # the page lets them try again
    assert await square_fake.pay(link.reference) == 303
    done = await square.fetch(link.reference)
    assert (done.status, done.amount_minor, done.payment_method) == ("succeeded", 3_500, "card")
    event = square.parse(square_fake.deliveries.queue[-1])
    assert (event.payment_id, event.reference, event.intent_status) == (None, link.reference, "succeeded")
    assert event.fee_minor == 3_500 * 14 // 1000 + 25


async def test_a_link_that_was_cancelled_takes_no_money(square, square_fake):
    link = await square.create(asked(mode="checkout", payer_email="ann@example.com"), key="link")
    assert (await square.cancel(link.reference, key="no")).status == "canceled"
    async with httpx.AsyncClient(trust_env=False) as payer:
        assert (await payer.get(link.checkout_url)).status_code == 404
    with pytest.raises(NotSupportedByProviderError):
        await square.create(asked(mode="checkout", capture="manual"), key="later")


async def test_case_14_a_part_of_what_was_reserved_is_collected_once_and_the_rest_released(square, square_fake):
    reference = await reserved(square)
    with pytest.raises(ProviderDeclinedError) as refusal:
        await square.capture(reference, amount_minor=10_001, currency="GBP", key="more")
    assert refusal.value.facts["failure_code"] == "amount_too_large"
    first = await square.capture(reference, amount_minor=6_000, currency="GBP", key="part")
    again = await square.capture(reference, amount_minor=4_000, currency="GBP", key="rest")
    assert (first.status, first.amount_minor, again.amount_minor) == ("succeeded", 6_000, 6_000)
    assert [one.amount_minor async for one in square.records()] == [6_000]


async def test_what_was_reserved_days_ago_and_is_collected_today_is_on_todays_record(square, square_fake):
    reference = await reserved(square)
    (payment,) = square_fake.books.payments.values()
    payment["created_at"] = square_fake.books.orders[reference]["created_at"] = "2026-01-01T00:00:00.000Z"
    before = system_clock()
    assert [one async for one in square.records(before)] == []
    await square.capture(reference, amount_minor=10_000, currency="GBP", key="late")
    (record,) = [one async for one in square.records(before)]
    assert record.recorded_at >= before.replace(microsecond=0)


async def test_capturing_a_part_goes_on_where_it_was_interrupted(square, square_fake):
    reference = await reserved(square)
    square_fake.fault("lost_after", path="/complete")
    with pytest.raises(OutcomeUnknownError):
        await square.capture(reference, amount_minor=6_000, currency="GBP", key="part")
    again = await square.capture(reference, amount_minor=6_000, currency="GBP", key="part")
    assert (again.status, again.amount_minor) == ("succeeded", 6_000)
    assert square_fake.calls("POST", "/complete") == 1


async def test_case_13_capture_and_cancel_at_once_have_one_winner(square):
    for no in range(3):
        reference = await reserved(square)
        ends = await asyncio.gather(
            square.capture(reference, amount_minor=10_000, currency="GBP", key=f"take-{no}"),
            square.cancel(reference, key=f"drop-{no}"),
            return_exceptions=True,
        )
        told = {end.status for end in ends if not isinstance(end, ProviderDeclinedError)}
        assert told == {(await square.fetch(reference)).status}
    assert (await square.cancel(await reserved(square), key="drop")).status == "canceled"


async def test_refunds_that_wait_are_pending_until_square_says_so(square, square_fake):
    reference, refund_id = await paid(square), uuid7()
    square_fake.books.refunds_wait = True
    made = await square.refund(reference, refund_id=refund_id, amount_minor=4_000, currency="GBP", key="back")
    assert made.status == "pending"
    square_fake.books.settle_refund(made.reference, "FAILED")
    event = square.parse(square_fake.deliveries.queue[-1])
    assert (event.kind, event.refund_id, event.refund_status) == ("refund", refund_id, "failed")
    assert (await square.find_refund(reference, refund_id)).status == "failed"
    assert (await square.fetch(reference)).refunded_minor == 0


async def test_disputes_name_the_payment_and_stop_refunds(square, square_fake):
    reference = await paid(square)
    payment_id = (await square.fetch(reference)).ids["payment"]
    dispute = square_fake.books.dispute(payment_id)
    opened = square.parse(square_fake.deliveries.queue[-1])
    assert (opened.dispute_status, opened.ids, opened.amount_minor) == ("opened", {"payment": payment_id}, 10_000)
    assert opened.evidence_due_at is not None
    with pytest.raises(ProviderDeclinedError) as refusal:
        await square.refund(reference, refund_id=uuid7(), amount_minor=1, currency="GBP", key="back")
    assert refusal.value.facts["failure_code"] == "payment_not_refundable_due_to_dispute"
    square_fake.books.decide(dispute["id"], "LOST")
    assert [(one.kind, one.status) async for one in square.records()][-1] == ("dispute", "lost")


async def test_what_we_say_to_a_dispute_is_kept_in_pieces_and_handed_in_once(square, square_fake):
    reference = await paid(square)
    (payment_id,) = square_fake.books.payments
    dispute_id = square_fake.books.dispute(payment_id)["id"]
    said = Evidence(customer_name="Ann", customer_email="ann@example.com", service_date="1 May", note="n" * 501)
    square_fake.fault("lost_after", path="/evidence-text")
    with pytest.raises(OutcomeUnknownError):
        await square.submit_evidence(dispute_id, said, submit=False, key=str(uuid7()))
    kept = await square.submit_evidence(dispute_id, said, submit=False, key=str(uuid7()))
    assert (kept.status, kept.payment_reference, kept.reason) == ("opened", reference, "no_knowledge")
    pieces = [(one["evidence_type"], one["evidence_text"]) for one in square_fake.books.evidence[dispute_id]]
    assert pieces == [
        ("CARDHOLDER_INFORMATION", "Ann\nann@example.com"),
        ("SERVICE_RECEIVED_DOCUMENTATION", "1 May"),
        ("REBUTTAL_EXPLANATION", "n" * 500),
        ("GENERIC_EVIDENCE", "n"),
    ]
    assert (await square.submit_evidence(dispute_id, said, submit=True, key=str(uuid7()))).status == "under_review"
    with pytest.raises(ProviderDeclinedError):
        await square.accept_dispute(dispute_id, key="too late")
    other = square_fake.books.dispute(payment_id)["id"]
    assert (await square.accept_dispute(other, key="give in")).status == "lost"


@pytest.mark.parametrize("fault", ["lost_after", "500_after", "broken_body", "429"])
async def test_case_11_an_answer_that_is_lost_is_unknown_and_found_out_by_asking(square, square_fake, fault):
    request = asked()
    square_fake.fault(fault, method="POST", path="/v2/orders")
    with pytest.raises(OutcomeUnknownError):
        await square.create(request, key="made")
    made = await square.create(request, key="made")
    square_fake.fault(fault, method="POST", path="/v2/payments")
    with pytest.raises(OutcomeUnknownError):
        await square.confirm(made.reference, payment_method=NONCE, key="paid")
    assert (await square.confirm(made.reference, payment_method=NONCE, key="paid")).status == "succeeded"
    assert len(square_fake.books.orders) == len(square_fake.books.payments) == 1
    assert (await square.find(request.payment_id)).status == "succeeded"


async def test_silence_is_unknown_after_our_own_patience(square_fake):
    impatient = connected(square_fake, timeout_s=0.2)
    square_fake.fault("timeout_before", path="/v2/orders")
    with pytest.raises(OutcomeUnknownError):
        await impatient.create(asked(), key="made")
    assert square_fake.calls("POST", "/v2/orders") == 1  # their library would have asked three times
    await impatient.aclose()


async def test_case_9_where_no_events_are_logged_what_changed_is_read_from_the_lists(square, square_fake):
    started = system_clock()
    reference = await paid(square)
    await square.refund(reference, refund_id=uuid7(), amount_minor=4_000, currency="GBP", key=f"r-{uuid7()}")
    (payment_id,) = square_fake.books.payments
    square_fake.books.dispute(payment_id)
    square_fake.books.logs_events = False
    events = await square.events_since(started)
    assert [(one.kind, one.amount_minor) for one in events] == [
        ("payment", 10_000),
        ("refund", 4_000),
        ("dispute", 10_000),
    ]
    assert [one.event_id for one in await square.events_since(started)] == [one.event_id for one in events]
    assert await square.events_since(started + timedelta(hours=1)) == []


async def test_the_connection_is_tested_by_asking_for_our_location(square, square_fake):
    assert await square.test_connection() == "MFAKE"
    stranger = connected(square_fake, token="wrong")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await stranger.test_connection()
    assert refusal.value.facts["failure_code"] == "invalid_credentials"
    with pytest.raises(OutcomeUnknownError):
        await stranger.fetch("anything")
    await stranger.aclose()


async def test_what_is_taken_at_the_till_is_none_of_ours(square, square_fake):
    await paid(square)
    body = square_fake.deliveries.queue[-1]
    assert square.parse(body.replace(b"ECOMMERCE_API", b"SQUARE_POS")).kind == "other"
    assert square.parse(body.replace(b"payment.updated", b"order.updated")).kind == "other"
    with pytest.raises(InvalidSignatureError):
        square.parse(b"[]")


async def test_the_official_library_finds_a_square_in_the_fake(square, square_fake):
    """An independent client: reserves, cancels by key, pays, refunds and lists."""

    def story():
        client = Square(token=TOKEN, base_url=square_fake.base_url)
        money = {"amount": 1_000, "currency": "GBP"}
        told = {"source_id": NONCE, "amount_money": money, "location_id": LOCATION}
        waiting = client.payments.create(idempotency_key="a", autocomplete=False, **told).payment
        client.payments.cancel_by_idempotency_key(idempotency_key="a")
        assert client.payments.get(waiting.id).payment.status == "CANCELED"
        done = client.payments.create(idempotency_key="b", **told).payment
        refund = client.refunds.refund_payment(idempotency_key="c", amount_money=money, payment_id=done.id).refund
        assert (done.status, refund.status) == ("COMPLETED", "COMPLETED")
        assert [one.id for one in client.payments.list(sort_order="ASC", limit=1)] == [waiting.id, done.id]

    await asyncio.to_thread(story)
    event = next(square.parse(body) for body in square_fake.deliveries.queue if b"refund.created" in body)
    assert (event.refund_id, event.payment_id, event.amount_minor) == (None, None, 1_000)  # made without us
    check_schemas(square_fake)
