"""Who is believed at Razorpay: events by their secrets, Checkout's word by our key, us by our keys."""

import pytest
import razorpay as official

from moorage.domains.payments.gateway import (
    InvalidSignatureError,
    OutcomeUnknownError,
    ProviderDeclinedError,
)
from moorage.kernel.clock import system_clock
from moorage.providers.razorpay.signatures import HEADER, is_callback, sign
from tests.fakes.razorpay.fake import KEY_ID, WEBHOOK_SECRET
from tests.support.razorpay import connected, ordered, paid

GOLDEN = b'{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}'


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


async def test_the_connection_is_tested_with_our_keys(razorpay, razorpay_fake):
    assert await razorpay.test_connection() == KEY_ID
    stranger = connected(razorpay_fake, key_secret="wrong")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await stranger.test_connection()
    assert refusal.value.facts["failure_code"] == "invalid_credentials"
    with pytest.raises(OutcomeUnknownError):
        await stranger.fetch("order_1")
    await stranger.aclose()
