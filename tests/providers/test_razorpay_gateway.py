"""What is Razorpay's own: Checkout's word, captures without keys, late authorisation, amounts, lists for events."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import razorpay as official

from moorage.domains.payments.gateway import (
    AmountNotSupportedError,
    InvalidSignatureError,
    NotSupportedByProviderError,
    OutcomeUnknownError,
    ProviderDeclinedError,
)
from moorage.kernel.clock import system_clock
from moorage.kernel.ids import uuid7
from moorage.kernel.money import parse_amount
from moorage.providers.razorpay.signatures import HEADER, is_callback, sign
from tests.fakes.razorpay.fake import KEY_ID, KEY_SECRET, WEBHOOK_SECRET
from tests.fakes.schemas import SPECS, needs_specs
from tests.support.razorpay import asked, connected

GOLDEN = b'{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}'


async def ordered(razorpay, amount_minor=10_000, currency="INR", **facts):
    return (await razorpay.create(asked(amount_minor, currency, **facts), key=f"c-{uuid7()}")).reference


async def paid(razorpay, fake, amount_minor=10_000):
    reference = await ordered(razorpay, amount_minor)
    assert (await razorpay.confirm(reference, payment_method=fake.pay(reference), key="x")).status == "succeeded"
    return reference


def told(fake, kind):
    """The bodies of the events of a kind that are on their way."""
    return [body for body in fake.deliveries.queue if json.loads(body)["event"] == kind]


def test_the_published_vectors_are_signed_alike():
    assert sign("rzp_secret", GOLDEN) == "6fb24ad6c4ffd57f4e6fe6441301fa871f168e82ad1d1b72a8609c5f869d89f3"
    callback = "a04591afde9efeadba3c2e421585df2c013ef7cd7b3adb2b42f118b592bb4a7e"
    assert is_callback("rzp_key_secret", "order_1", "pay_1", callback)
    assert not is_callback("rzp_key_secret", "pay_1", "order_1", callback)
    subscription = b"pay_IDZNwZZFtnjyym|sub_ID6MOhgkcoHj9I"
    signature = "601f383334975c714c91a7d97dd723eb56520318355863dcf3821c0d07a17693"
    assert sign("EnLs21M47BllR3X8PSFtjtbd", subscription) == signature
    client = official.Client(auth=(KEY_ID, "rzp_key_secret"))
    names = ("razorpay_order_id", "razorpay_payment_id", "razorpay_signature")
    assert client.utility.verify_payment_signature(dict(zip(names, ("order_1", "pay_1", callback), strict=True)))
    assert client.utility.verify_webhook_signature(GOLDEN.decode(), sign("rzp_secret", GOLDEN), "rzp_secret")


async def test_events_are_believed_by_every_secret_in_force_and_known_by_what_is_signed(razorpay, razorpay_fake):
    await paid(razorpay, razorpay_fake)
    body, now = razorpay_fake.deliveries.queue[-1], system_clock()
    rotating = connected(razorpay_fake, webhook_secrets=["the next one", WEBHOOK_SECRET])
    first = rotating.verify(dict(razorpay_fake.sign(body)), body, now=now)
    again = rotating.verify({**razorpay_fake.sign(body), "x-razorpay-event-id": "forged"}, body, now=now)
    assert first.event_id == again.event_id
    with pytest.raises(InvalidSignatureError):
        rotating.verify({HEADER: sign("another", body)}, body, now=now)
    await rotating.aclose()


async def test_what_checkout_hands_over_is_collected_only_when_checkout_said_it(razorpay, razorpay_fake):
    reference = await ordered(razorpay)
    said = razorpay_fake.pay(reference)
    payment_id = said.partition(":")[0]
    for forged in (f"{payment_id}:{'0' * 64}", payment_id, f"pay_other:{said.partition(':')[2]}"):
        with pytest.raises(ProviderDeclinedError) as refusal:
            await razorpay.confirm(reference, payment_method=forged, key="forged")
        assert refusal.value.facts["failure_code"] == "invalid_signature"
    assert (await razorpay.fetch(reference)).needs_capture
    assert (await razorpay.confirm(reference, payment_method=said, key="said")).status == "succeeded"
    later = await ordered(razorpay, capture="manual")
    intent = await razorpay.confirm(later, payment_method=razorpay_fake.pay(later), key="later")
    assert (intent.status, intent.needs_capture, intent.client_secret) == ("processing", True, later)


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


async def test_what_was_tried_days_ago_and_is_collected_today_is_on_todays_record(razorpay, razorpay_fake):
    reference = await ordered(razorpay)
    razorpay_fake.pay(reference)
    (payment,) = razorpay_fake.books.payments.values()
    payment["created_at"] -= 5 * 86_400
    await razorpay.capture(reference, amount_minor=10_000, currency="INR", key="late")
    assert [one.amount_minor async for one in razorpay.records(system_clock())] == [10_000]


async def test_the_connection_is_tested_with_our_keys(razorpay, razorpay_fake):
    assert await razorpay.test_connection() == KEY_ID
    stranger = connected(razorpay_fake, key_secret="wrong")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await stranger.test_connection()
    assert refusal.value.facts["failure_code"] == "invalid_credentials"
    with pytest.raises(OutcomeUnknownError):
        await stranger.fetch("order_1")
    await stranger.aclose()


async def test_the_payer_pays_on_the_fakes_page(razorpay, razorpay_fake):
    reference = await ordered(razorpay)
    page = f"{razorpay_fake.base_url}/checkout/{reference}"
    async with httpx.AsyncClient(trust_env=False) as payer:
        assert "10000 INR" in (await payer.get(page)).text
        assert "did not go through" in (await payer.post(page, data={"vpa": "failure@razorpay"})).text
        answer = (await payer.post(page, data={"vpa": "success@razorpay"})).text
    said = answer.partition("<code>")[2].partition("</code>")[0]
    assert (await razorpay.confirm(reference, payment_method=said, key="said")).status == "succeeded"


async def test_the_official_library_finds_a_razorpay_in_the_fake(razorpay, razorpay_fake):
    """An independent client: orders, captures, gives back and lists; and believes what the fake signs."""

    def story():
        client = official.Client(auth=(KEY_ID, KEY_SECRET), base_url=razorpay_fake.base_url)
        order = client.order.create({"amount": 5_000, "currency": "INR", "receipt": "r1", "payment_capture": 0})
        callback = razorpay_fake.books.pay(order["id"])
        assert client.utility.verify_payment_signature(callback)
        payment_id = callback["razorpay_payment_id"]
        assert client.payment.capture(payment_id, 5_000, {"currency": "INR"})["status"] == "captured"
        with pytest.raises(official.errors.BadRequestError, match="already been captured"):
            client.payment.capture(payment_id, 5_000, {"currency": "INR"})
        assert client.payment.refund(payment_id, {"amount": 2_000})["status"] == "processed"
        assert client.order.payments(order["id"])["items"][0]["amount_refunded"] == 2_000
        for body in razorpay_fake.deliveries.queue:
            signature = razorpay_fake.sign(body)["x-razorpay-signature"]
            assert client.utility.verify_webhook_signature(body.decode(), signature, WEBHOOK_SECRET)

    await asyncio.to_thread(story)
    event = razorpay.parse(told(razorpay_fake, "refund.processed")[0])
    assert (event.refund_id, event.payment_id, event.amount_minor) == (None, None, 2_000)  # made without us


# What the example bodies still show of long ago.
_GONE = {"udf", "service_tax"}


@needs_specs("razorpay")
async def test_what_the_fake_says_has_the_shape_of_the_published_examples(razorpay, razorpay_fake):
    reference = await paid(razorpay, razorpay_fake)
    await razorpay.refund(reference, refund_id=uuid7(), amount_minor=1, currency="INR", key=f"k-{uuid7()}")
    (payment_id,) = razorpay_fake.books.payments
    dispute = razorpay_fake.books.dispute(payment_id)
    (refund,) = razorpay_fake.books.refunds.values()
    event = json.loads(told(razorpay_fake, "payment.authorized")[0])
    link = await razorpay.create(asked(mode="checkout", payer_email="ann@example.com"), key="link")
    razorpay_fake.books.links[link.reference]["order_id"] = "order_seen"
    lists = next(one.told() for one in razorpay_fake.served.exchanges if one.path.endswith("/payments"))
    for name, said in (
        ("cancel_payment_link", razorpay_fake.books.links[link.reference]),
        ("edit_order", razorpay_fake.books.orders[reference]),
        ("edit_payment", razorpay_fake.books.payments[payment_id]),
        ("fake_refund", refund),
        ("dispute", dispute),
        ("fake_payment_authorized_webhook", event),
        ("payment_collection_with_one_payment", lists),
    ):
        fits(json.loads((SPECS / "razorpay" / "mocks" / f"{name}.json").read_text()), said, name)


def fits(example, said, where: str) -> None:
    """Whether `said` has every member of the example, of the same kind; null and an empty list stand for any."""
    if isinstance(example, dict) and isinstance(said, dict):
        if where.endswith(("/notes", "/acquirer_data", "/customer")):
            return
        assert set(example) - _GONE <= set(said), (where, set(example) - set(said))
        for name in set(example) - _GONE:
            fits(example[name], said[name], f"{where}/{name}")
    elif example is not None and said is not None and [] not in (example, said):
        assert type(example) is type(said), (where, example, said)
