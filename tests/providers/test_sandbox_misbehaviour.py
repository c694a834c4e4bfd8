"""The sandbox misbehaves on demand, and its books are whole each time."""

import asyncio

import pytest

from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.kernel.ids import uuid7
from moorage.providers.sandbox.gateway import SandboxGateway
from tests.support.sandbox import Town


async def charges(town: Town) -> list[str]:
    return [one.payment_reference async for one in town.gateway.records() if one.kind == "charge"]


async def test_a_timeout_after_charging_is_unknown_and_found_charged(town: Town):
    reference = await town.create()
    terms = town.sandbox.terms
    impatient = SandboxGateway(
        api_key=terms.api_key, webhook_secrets=terms.webhook_secrets, base_url=town.base_url, timeout_s=2.0
    )
    with pytest.raises(OutcomeUnknownError):
        await impatient.confirm(reference, payment_method="pm_timeout_after_charge", key="one")
    await impatient.aclose()
    assert (await town.gateway.fetch(reference)).status == "succeeded"
    again = await town.gateway.confirm(reference, payment_method="pm_timeout_after_charge", key="one")
    assert again.status == "succeeded"
    assert await charges(town) == [reference]


async def test_a_500_before_charging_takes_nothing_and_the_repeat_succeeds(town: Town):
    reference = await town.create()
    with pytest.raises(OutcomeUnknownError):
        await town.gateway.confirm(reference, payment_method="pm_500_before", key="one")
    assert (await town.gateway.fetch(reference)).status == "pending"
    assert await charges(town) == []
    again = await town.gateway.confirm(reference, payment_method="pm_500_before", key="one")
    assert again.status == "succeeded"
    assert await charges(town) == [reference]


async def test_a_500_after_charging_has_charged_once(town: Town):
    reference = await town.create()
    with pytest.raises(OutcomeUnknownError):
        await town.gateway.confirm(reference, payment_method="pm_500_after", key="one")
    assert (await town.gateway.fetch(reference)).status == "succeeded"
    again = await town.gateway.confirm(reference, payment_method="pm_500_after", key="one")
    assert again.status == "succeeded"
    assert await charges(town) == [reference]


async def test_the_answer_can_come_after_the_webhook(town: Town):
    await town.paid(method="pm_answer_after_webhook")
    assert [event["type"] for event in town.endpoint.events()] == ["charge.succeeded", "intent.succeeded"]


async def test_webhooks_can_come_twice(town: Town):
    await town.paid(method="pm_webhook_duplicate")
    await town.sandbox.deliver_due()
    ids = [event["id"] for event in town.endpoint.events()]
    assert (len(ids), len(set(ids))) == (4, 2)


async def test_webhooks_can_come_in_reverse(town: Town):
    await town.behave(out_of_order={"next_calls": 2, "seconds": 0, "operations": ["resolve"]})
    await town.paid(method="pm_webhook_out_of_order")
    for _ in range(3):
        await town.deliver_next()
    assert [event["type"] for event in town.endpoint.events()] == [
        "intent.succeeded",
        "charge.succeeded",
        "intent.processing",
    ]


async def test_webhooks_can_come_late(town: Town):
    await town.behave(late={"next_calls": 1, "seconds": 60, "operations": ["confirm"]})
    await town.paid()
    await town.sandbox.deliver_due()
    assert town.endpoint.events() == []
    await town.deliver_next()
    assert [event["type"] for event in town.endpoint.events()] == ["charge.succeeded"]


async def test_a_late_method_is_late(town: Town):
    await town.paid(method="pm_webhook_late")
    await town.sandbox.deliver_due()
    assert town.endpoint.events() == []


async def test_webhooks_can_never_come_and_are_found_by_asking(town: Town):
    reference = await town.paid(method="pm_webhook_never")
    await town.sandbox.deliver_due()
    assert town.endpoint.events() == []
    told = await town.gateway.events_since(town.sandbox.clock())
    assert [(event.event_type, event.reference) for event in told] == [
        ("charge.succeeded", reference),
        ("intent.succeeded", reference),
    ]


@pytest.mark.parametrize(
    ("fault", "status"), [("error_before", "pending"), ("error_after", "succeeded"), ("timeout_after", "succeeded")]
)
async def test_the_next_call_can_be_made_to_fail_by_setting(town: Town, fault, status):
    reference = await town.create()
    await town.behave(**{fault: {"next_calls": 1, "seconds": 1, "operations": ["confirm"]}})
    with pytest.raises(OutcomeUnknownError):
        await town.gateway.confirm(reference, payment_method="pm_card_visa", key="one")
    assert (await town.gateway.fetch(reference)).status == status
    assert (await town.gateway.confirm(reference, payment_method="pm_card_visa", key="one")).status == "succeeded"


async def test_creating_and_refunding_can_fail_too_and_leave_one_of_each(town: Town):
    await town.behave(error_after={"next_calls": 3})
    asked = town.request()
    with pytest.raises(OutcomeUnknownError):
        await town.gateway.create(asked, key="one")
    made = await town.gateway.find(asked.payment_id)
    with pytest.raises(OutcomeUnknownError):
        await town.gateway.confirm(made.reference, payment_method="pm_card_visa", key="two")
    refund_id = uuid7()
    with pytest.raises(OutcomeUnknownError):
        await town.gateway.refund(made.reference, refund_id=refund_id, amount_minor=100, currency="GBP", key="three")
    assert (await town.gateway.find_refund(made.reference, refund_id)).status == "succeeded"
    await town.gateway.refund(made.reference, refund_id=refund_id, amount_minor=100, currency="GBP", key="other key")
    assert (await town.gateway.fetch(made.reference)).refunded_minor == 100


async def test_reading_can_be_made_to_fail(town: Town):
    reference = await town.create()
    await town.behave(error_before={"next_calls": 1, "operations": ["fetch"]})
    with pytest.raises(OutcomeUnknownError):
        await town.gateway.fetch(reference)
    assert (await town.gateway.fetch(reference)).status == "pending"


async def test_a_share_of_calls_can_be_made_to_fail(town: Town):
    await town.behave(decline={"percent": 100})
    reference = await town.create()
    declined = await town.api.post(f"/intents/{reference}/confirm", json={"payment_method": "pm_card_visa"})
    assert declined.status_code == 402
    await town.behave()
    assert (await town.api.get("/behaviour")).json() == {"faults": {}}
    assert (await town.api.post(f"/intents/{reference}/confirm", json={"payment_method": "pm_card_visa"})).is_success


async def test_under_chaos_every_payment_is_charged_once_or_not_at_all(town: Town):
    await town.behave(
        error_before={"percent": 25}, error_after={"percent": 25}, timeout_after={"percent": 5, "seconds": 1}
    )

    async def buy() -> str:
        asked = town.request(100)
        for attempt in range(40):
            try:
                made = await town.gateway.find(asked.payment_id) or await town.gateway.create(
                    asked, key="c" + str(asked.payment_id)
                )
                paid = await town.gateway.confirm(
                    made.reference, payment_method="pm_card_visa", key="p" + str(asked.payment_id)
                )
            except OutcomeUnknownError:
                continue
            assert attempt < 39
            return paid.reference
        raise AssertionError("never answered")

    bought = await asyncio.gather(*(buy() for _ in range(20)))
    assert sorted(await charges(town)) == sorted(bought)


@pytest.mark.parametrize(
    "faults",
    [
        {"explode": {"percent": 1}},
        {"late": {"percent": 101}},
        {"late": {"next_calls": -1}},
        {"late": {"seconds": 0.5}},
        {"late": {"operations": ["everything"]}},
        {"late": {"often": True}},
    ],
)
async def test_a_misbehaviour_that_does_not_exist_is_refused(town: Town, faults):
    refused = await town.api.post("/behaviour", json={"faults": faults})
    assert refused.status_code == 422, refused.text
    assert refused.json()["error"]["code"]
