"""The sandbox reserves and collects in two steps, as other gateways do, and shows what is paid for."""

import asyncio

import pytest

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.gateway_values import Line
from tests.support.sandbox import Town


async def reserved(town: Town, amount_minor: int = 10_000, **facts):
    """An intent whose money is reserved, and the payment that it was made for."""
    asked = town.request(amount_minor, capture="manual", **facts)
    made = await town.gateway.create(asked, key=f"create-{asked.payment_id}")
    confirmed = await town.gateway.confirm(made.reference, payment_method="pm_card_visa", key=f"pay-{asked.payment_id}")
    assert (confirmed.status, confirmed.needs_capture, confirmed.amount_minor) == ("processing", True, amount_minor)
    return made.reference, asked


async def capture(town: Town, reference: str, amount_minor: int, key: str = "capture"):
    return await town.gateway.capture(reference, amount_minor=amount_minor, currency="GBP", key=key)


async def test_a_part_is_collected_and_the_rest_released(town: Town):
    reference, asked = await reserved(town)
    with pytest.raises(ProviderDeclinedError) as refusal:
        await capture(town, reference, 10_001)
    assert refusal.value.facts["failure_code"] == "capture_exceeds_authorization"
    first, again = await capture(town, reference, 6_000, "one"), await capture(town, reference, 4_000, "two")
    assert [(one.status, one.amount_minor, one.needs_capture) for one in (first, again)] == [
        ("succeeded", 6_000, False)
    ] * 2
    records = [record async for record in town.gateway.records()]
    assert [(one.kind, one.amount_minor, one.payment_id) for one in records] == [("charge", 6_000, asked.payment_id)]
    await town.sandbox.deliver_due()
    events = [town.gateway.parse(body) for body in town.endpoint.bodies]
    assert [(event.event_type, event.amount_minor, event.needs_capture) for event in events] == [
        ("intent.authorized", 10_000, True),
        ("charge.succeeded", 6_000, False),
        ("intent.succeeded", 6_000, False),
    ]


async def test_what_is_reserved_is_released_by_cancelling(town: Town):
    reference, _ = await reserved(town)
    assert (await town.gateway.cancel(reference, key="cancel")).status == "canceled"
    assert (await capture(town, reference, 10_000)).status == "canceled"
    assert [record async for record in town.gateway.records()] == []


async def test_collecting_and_cancelling_at_once_has_one_winner(town: Town):
    reference, _ = await reserved(town)
    ends = await asyncio.gather(capture(town, reference, 10_000), town.gateway.cancel(reference, key="cancel"))
    assert len({end.status for end in ends}) == 1


async def test_the_page_shows_line_by_line_what_is_paid_for_and_that_it_is_reserved(town: Town):
    lines = (Line("Soup & bread", 2_000, 3), Line("Tea", 4_000))
    asked = town.request(10_000, capture="manual", lines=lines)
    await town.gateway.create(asked, key="lines")
    page = town.page(asked.payment_id)
    shown = (await town.payer.get(page)).text
    assert all(text in shown for text in ("3 × Soup &amp; bread", "£60.00", "Tea", "£40.00"))
    paid = await town.payer.post(page, data={"action": "wallet_approve"})
    assert (paid.status_code, paid.headers["location"]) == (303, asked.return_url)
    assert "£100.00 is reserved with wallet" in (await town.payer.get(page)).text
