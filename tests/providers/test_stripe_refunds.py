"""Giving back at Stripe, disputes, and the records of both."""

from datetime import UTC, datetime, timedelta

import pytest

from moorage.domains.payments.gateway import ProviderDeclinedError
from tests.support.stripe import paid, refunded

pytestmark = pytest.mark.usefixtures("kept_to_what_stripe_publishes")


async def test_case_16_a_refund_may_come_back_days_later(stripe_town):
    reference = await paid(stripe_town, card="4000000000005126")
    made = await refunded(stripe_town, reference, 4_000)
    assert made.status == "succeeded"
    stripe_town.fake.ripen()
    told = (await stripe_town.gateway.events_since(datetime.now(UTC) - timedelta(minutes=1)))[-1]
    assert (told.kind, told.refund_status, told.refund_reference) == ("refund", "failed", made.reference)
    assert (await stripe_town.gateway.fetch(reference)).refunded_minor == 0


async def test_case_16_a_refund_may_be_pending_first(stripe_town):
    made = await refunded(stripe_town, await paid(stripe_town, card="4000000000007726"), 4_000)
    assert made.status == "pending"


async def test_case_17_a_refund_in_the_dashboard_is_on_record(stripe_town):
    reference = await paid(stripe_town)
    stripe_town.fake.refund_in_dashboard(reference, 2_500)
    records = [one async for one in stripe_town.gateway.records()]
    assert [(one.kind, one.amount_minor, one.refund_id) for one in records] == [
        ("charge", 10_000, None),
        ("refund", 2_500, None),
    ]
    assert records[0].payment_id == records[1].payment_id is not None


async def test_case_22_a_disputed_charge_gives_nothing_back(stripe_town):
    reference = await paid(stripe_town, card="4000000000000259")
    with pytest.raises(ProviderDeclinedError) as refusal:
        await refunded(stripe_town, reference, 100)
    assert refusal.value.facts["failure_code"] == "charge_disputed"
    records = [one async for one in stripe_town.gateway.records()]
    assert [(one.kind, one.status, one.payment_reference) for one in records] == [
        ("charge", "succeeded", reference),
        ("dispute", "opened", reference),
    ]
    assert records[1].payment_id == records[0].payment_id


async def test_records_go_back_as_far_as_asked_and_through_every_page(stripe_town):
    for _ in range(3):
        await paid(stripe_town, 1_000)
    assert len([one async for one in stripe_town.gateway.records(datetime.now(UTC) - timedelta(hours=1))]) == 3
    assert [one async for one in stripe_town.gateway.records(datetime.now(UTC) + timedelta(hours=1))] == []
