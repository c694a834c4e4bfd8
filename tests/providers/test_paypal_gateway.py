"""Orders at PayPal: made, approved on its page, reserved, collected once, cancelled."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from moorage.domains.payments.gateway import NotSupportedByProviderError, OutcomeUnknownError
from moorage.domains.payments.gateway_values import Line
from tests.support.paypal import asked, opened, paid


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


async def test_lines_that_do_not_add_up_are_left_out(paypal, paypal_fake):
    made = await opened(paypal, lines=(Line("Soup", 3_000),))
    assert "items" not in paypal_fake.books.orders[made.reference].unit


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
