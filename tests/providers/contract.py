"""What every payment provider's adapter has to do, whoever is behind it: siblings pass the same tests.

A provider's own test file subclasses `ProviderContract` and gives it a `provider`: the gateway, how to make payment
requests, which methods do what, and how events are fetched and bodies signed there.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from moorage.domains.payments.gateway import (
    InvalidSignatureError,
    PaymentGateway,
    ProviderDeclinedError,
    TimestampOutOfToleranceError,
)
from moorage.domains.payments.gateway_values import Intent, IntentRequest
from moorage.kernel.ids import uuid7


@dataclass
class Provider:
    """One provider under test. `sign(body, at)` makes the headers of a webhook; `succeeds`, `declines` are methods."""

    gateway: PaymentGateway
    request: Callable[..., IntentRequest]
    sign: Callable[[bytes, datetime], dict[str, str]]
    last_webhook: Callable[[], Awaitable[bytes]]
    succeeds: str
    declines: str
    signs_time: bool = True  # False: only that each event is taken in once guards against repeats
    # What the payer does to pay `reference` by a method, and we after it; None: we confirm the method.
    pays: Callable[[str, str, str], Awaitable[Intent]] | None = None
    opens_as: str = "pending"
    declined_as: tuple[str, str] = ("card_declined", "failed")  # the failure's code, and the payment's state after it
    finds: bool = True  # False: what was made for our payment is found again by its key alone
    prepares: Callable[[dict[str, str], bytes], Awaitable[None]] | None = None  # what comes before `verify`


class ProviderContract:
    """Inherited by each provider's tests, which define the fixture `provider`."""

    async def test_a_payment_is_made_once_however_often_it_is_asked_for(self, provider):
        asked = provider.request()
        first = await provider.gateway.create(asked, key="one")
        again = await provider.gateway.create(asked, key="one")
        found = await provider.gateway.find(asked.payment_id) if provider.finds else again
        assert first.reference == again.reference == found.reference
        opened = (provider.opens_as, asked.amount_minor, asked.currency)
        assert (first.status, first.amount_minor, first.currency) == opened

    async def test_what_was_never_made_is_not_found(self, provider):
        assert await provider.gateway.find(uuid7()) is None

    async def test_a_method_that_succeeds_collects_once(self, provider):
        reference = await created(provider)
        first = await pay(provider, reference, provider.succeeds, "two")
        again = await pay(provider, reference, provider.succeeds, "two")
        other = await pay(provider, reference, provider.succeeds, "three")
        assert [one.status for one in (first, again, other)] == ["succeeded"] * 3
        assert len([one async for one in provider.gateway.records() if one.kind == "charge"]) == 1

    async def test_twenty_confirmations_at_once_collect_once(self, provider):
        reference = await created(provider)
        answers = await asyncio.gather(
            *(pay(provider, reference, provider.succeeds, f"at-once-{no}") for no in range(20))
        )
        assert {answer.status for answer in answers} == {"succeeded"}
        assert len([one async for one in provider.gateway.records() if one.kind == "charge"]) == 1

    async def test_a_declined_method_says_so_and_takes_nothing(self, provider):
        reference = await created(provider)
        with pytest.raises(ProviderDeclinedError) as refusal:
            await pay(provider, reference, provider.declines, "declined")
        told = refusal.value.facts["failure_code"], (await provider.gateway.fetch(reference)).status
        assert told == provider.declined_as
        assert [one async for one in provider.gateway.records()] == []

    async def test_a_cancelled_payment_takes_no_money(self, provider):
        reference = await created(provider)
        assert (await provider.gateway.cancel(reference, key="cancel")).status == "canceled"
        assert (await provider.gateway.cancel(reference, key="cancel again")).status == "canceled"
        late = await pay(provider, reference, provider.succeeds, "late")
        assert late.status == "canceled"

    async def test_cancelling_what_is_paid_answers_that_it_is_paid(self, provider):
        reference = await paid(provider)
        assert (await provider.gateway.cancel(reference, key="too late")).status == "succeeded"

    async def test_paying_and_cancelling_at_once_has_one_winner(self, provider):
        for no in range(10):
            reference = await created(provider)
            ends = await asyncio.gather(
                pay(provider, reference, provider.succeeds, f"pay-{no}"),
                provider.gateway.cancel(reference, key=f"cancel-{no}"),
            )
            assert len({end.status for end in ends}) == 1
            assert (await provider.gateway.fetch(reference)).status == ends[0].status

    async def test_refunds_in_parts_never_exceed_the_charge(self, provider):
        reference = await paid(provider, 10_000)
        assert (await refunded(provider, reference, 7_000)).status == "succeeded"
        with pytest.raises(ProviderDeclinedError):
            await refunded(provider, reference, 3_001)
        assert (await provider.gateway.fetch(reference)).refunded_minor == 7_000

    async def test_refunds_at_once_never_exceed_the_charge(self, provider):
        reference = await paid(provider, 1_000)
        ends = await asyncio.gather(*(refunded(provider, reference, 100) for _ in range(15)), return_exceptions=True)
        assert sum(isinstance(end, ProviderDeclinedError) for end in ends) == 5
        assert (await provider.gateway.fetch(reference)).refunded_minor == 1_000

    async def test_a_refund_is_found_by_our_id(self, provider):
        reference = await paid(provider)
        refund_id = uuid7()
        made = await refunded(provider, reference, 100, refund_id)
        again = await refunded(provider, reference, 100, refund_id)
        found = await provider.gateway.find_refund(reference, refund_id)
        assert made.reference == again.reference == found.reference
        assert await provider.gateway.find_refund(reference, uuid7()) is None

    async def test_every_movement_of_money_is_on_record(self, provider):
        asked = provider.request(5_000)
        reference = (await provider.gateway.create(asked, key="recorded")).reference
        await pay(provider, reference, provider.succeeds, "recorded too")
        refund_id = uuid7()
        await refunded(provider, reference, 1_500, refund_id)
        records = [one async for one in provider.gateway.records()]
        assert [(one.kind, one.amount_minor, one.status) for one in records] == [
            ("charge", 5_000, "succeeded"),
            ("refund", 1_500, "succeeded"),
        ]
        assert {(one.payment_reference, one.payment_id) for one in records} == {(reference, asked.payment_id)}
        assert records[1].refund_id == refund_id

    async def test_what_happened_can_be_asked_for(self, provider):
        started = datetime.now(UTC)
        asked = provider.request(5_000)
        reference = (await provider.gateway.create(asked, key="told")).reference
        await pay(provider, reference, provider.succeeds, "told too")
        events = [event for event in await provider.gateway.events_since(started) if event.kind == "payment"]
        assert {(event.reference, event.payment_id) for event in events} == {(reference, asked.payment_id)}
        last = events[-1]
        assert (last.intent_status, last.amount_minor, last.currency) == ("succeeded", 5_000, asked.currency)
        assert await provider.gateway.events_since(started + timedelta(hours=1)) == []

    async def test_a_signed_event_is_believed(self, provider):
        body, now = await webhook(provider), datetime.now(UTC)
        event = provider.gateway.verify(await signed(provider, body, now), body, now=now)
        assert (event.kind, event.intent_status) == ("payment", "succeeded")
        assert provider.gateway.parse(body) == event

    async def test_one_changed_byte_is_refused(self, provider):
        body, now = await webhook(provider), datetime.now(UTC)
        headers = await signed(provider, body, now)
        for position in range(0, len(body), 7):
            forged = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
            with pytest.raises(InvalidSignatureError):
                provider.gateway.verify(headers, forged, now=now)

    async def test_an_unsigned_event_is_refused(self, provider):
        body = await webhook(provider)
        with pytest.raises(InvalidSignatureError):
            provider.gateway.verify({}, body, now=datetime.now(UTC))

    @pytest.mark.parametrize(("age_s", "believed"), [(299, True), (301, False), (-299, True), (-301, False)])
    async def test_an_event_is_believed_for_five_minutes_either_way(self, provider, age_s, believed):
        if not provider.signs_time:
            pytest.skip("this provider signs no time")
        body, now = await webhook(provider), datetime.now(UTC).replace(microsecond=0)
        headers = await signed(provider, body, now - timedelta(seconds=age_s))
        if believed:
            assert provider.gateway.verify(headers, body, now=now).event_id
        else:
            with pytest.raises(TimestampOutOfToleranceError):
                provider.gateway.verify(headers, body, now=now)


async def created(provider: Provider, amount_minor: int = 7_200) -> str:
    """A payment's reference at the provider."""
    return (await provider.gateway.create(provider.request(amount_minor), key=f"create-{uuid7()}")).reference


async def paid(provider: Provider, amount_minor: int = 7_200) -> str:
    """The same, paid."""
    reference = await created(provider, amount_minor)
    await pay(provider, reference, provider.succeeds, f"confirm-{uuid7()}")
    return reference


async def pay(provider: Provider, reference: str, method: str, key: str) -> Intent:
    """The payer pays by a method."""
    if provider.pays is not None:
        return await provider.pays(reference, method, key)
    return await provider.gateway.confirm(reference, payment_method=method, key=key)


async def signed(provider: Provider, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of a webhook sent at `at`, with all at hand that checking it takes."""
    headers = provider.sign(body, at)
    if provider.prepares is not None:
        await provider.prepares(headers, body)
    return headers


async def refunded(provider: Provider, reference: str, amount_minor: int, refund_id: UUID | None = None):
    """A refund of a payment in the request's currency."""
    mine = refund_id or uuid7()
    currency = provider.request().currency
    return await provider.gateway.refund(
        reference, refund_id=mine, amount_minor=amount_minor, currency=currency, key=f"refund-{mine}"
    )


async def webhook(provider: Provider) -> bytes:
    """The body of the event that a payment has succeeded."""
    await paid(provider)
    body = await provider.last_webhook()
    assert json.loads(body)
    return body
