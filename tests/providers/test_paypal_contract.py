"""PayPal keeps every provider's contract, where the payer approves first and we collect then."""

import asyncio
from datetime import datetime

import pytest

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.gateway_values import Intent, IntentRequest
from moorage.kernel.ids import uuid7
from tests.fakes.schemas import present
from tests.providers.contract import Provider, ProviderContract, created


def asked(amount_minor: int = 7_200, currency: str = "USD", **changes) -> IntentRequest:
    told = {"payment_id": uuid7(), "description": "Massage", "return_url": "http://127.0.0.1/back"}
    return IntentRequest(amount_minor=amount_minor, currency=currency, **{**told, **changes})


class TestPaypal(ProviderContract):
    @pytest.fixture
    def provider(self, paypal, paypal_fake):
        async def pays(reference: str, method: str, key: str) -> Intent:
            paypal_fake.pay(reference, method)
            present = await paypal.fetch(reference)
            return await paypal.capture(reference, amount_minor=present.amount_minor, currency="USD", key=key)

        async def last_webhook() -> bytes:
            return paypal_fake.deliveries.queue[-1]

        def signed(body: bytes, at: datetime) -> dict[str, str]:
            return paypal_fake.sign(body, at)

        yield Provider(
            paypal,
            asked,
            signed,
            last_webhook,
            "balance",
            "declined",
            pays=pays,
            opens_as="requires_action",
            declined_as=("instrument_declined", "requires_action"),  # the payer may choose another method
            finds=False,
            prepares=paypal.prepare_verification,
        )
        if present("paypal"):
            paypal_fake.check()

    async def test_a_cancelled_payment_takes_no_money(self, provider, paypal_fake):
        """Nobody but us collects: an order that we do not capture is as good as canceled."""
        reference = await created(provider)
        assert (await provider.gateway.cancel(reference, key="cancel")).status == "canceled"
        assert (await provider.gateway.cancel(reference, key="cancel again")).status == "canceled"
        paypal_fake.pay(reference)
        assert (await provider.gateway.cancel(reference, key="cancel late")).status == "canceled"
        assert [one async for one in provider.gateway.records()] == []

    async def test_paying_and_cancelling_at_once_has_one_winner(self, provider, paypal_fake):
        """Where money is reserved PayPal itself decides; of an order that is not, the core makes one call at a time."""
        gateway = provider.gateway
        for no in range(10):
            order = await gateway.create(asked(capture="manual"), key=f"create-{no}")
            paypal_fake.pay(order.reference)
            await gateway.authorize(order.reference, key=f"authorize-{no}")
            ends = await asyncio.gather(
                gateway.capture(order.reference, amount_minor=7_200, currency="USD", key=f"capture-{no}"),
                gateway.cancel(order.reference, key=f"cancel-{no}"),
            )
            assert len({end.status for end in ends}) == 1
            assert (await gateway.fetch(order.reference)).status == ends[0].status

    async def test_what_is_not_approved_cannot_be_captured(self, provider):
        reference = await created(provider)
        with pytest.raises(ProviderDeclinedError) as refusal:
            await provider.gateway.capture(reference, amount_minor=7_200, currency="USD", key="early")
        assert refusal.value.facts["failure_code"] == "order_not_approved"
