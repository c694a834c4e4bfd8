"""The fake Razorpay is one to others too: its page, the official library, the published examples."""

import asyncio
import json

import httpx
import pytest
import razorpay as official

from moorage.kernel.ids import uuid7
from tests.fakes.razorpay.fake import KEY_ID, KEY_SECRET, WEBHOOK_SECRET
from tests.fakes.schemas import SPECS, needs_specs
from tests.support.razorpay import asked, ordered, paid, told


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
