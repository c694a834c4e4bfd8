"""Razorpay keeps every provider's contract, where the payer pays in Checkout and we collect then."""

import asyncio
from datetime import datetime

import pytest

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.gateway_values import Intent
from tests.providers.contract import Provider, ProviderContract, created
from tests.support.razorpay import asked


class TestRazorpay(ProviderContract):
    @pytest.fixture
    def provider(self, razorpay_fake, razorpay):
        def signed(body: bytes, at: datetime) -> dict[str, str]:
            return dict(razorpay_fake.sign(body))

        async def last_webhook() -> bytes:
            return razorpay_fake.deliveries.queue[-1]

        async def pays(reference: str, method: str, key: str) -> Intent:
            if razorpay_fake.books.orders[reference]["status"] != "paid":
                razorpay_fake.pay(reference, method)
            present = await razorpay.fetch(reference)
            if present.failure_code:
                raise ProviderDeclinedError(failure_code=present.failure_code)
            return await razorpay.capture(reference, amount_minor=present.amount_minor, currency="INR", key=key)

        return Provider(
            razorpay,
            asked,
            signed,
            last_webhook,
            "success@razorpay",
            "failure@razorpay",
            signs_time=False,
            pays=pays,
            declined_as=("payment_failed", "pending"),  # not final: the bank may say otherwise late
        )

    async def test_a_cancelled_payment_takes_no_money(self, provider, razorpay_fake):
        """Nobody but us collects: an order that we do not capture is as good as canceled."""
        reference = await created(provider)
        assert (await provider.gateway.cancel(reference, key="cancel")).status == "canceled"
        razorpay_fake.pay(reference)
        assert (await provider.gateway.cancel(reference, key="cancel late")).status == "canceled"
        assert [one async for one in provider.gateway.records()] == []
        (payment_id,) = razorpay_fake.books.payments
        razorpay_fake.books.send_back(payment_id)
        assert (await provider.gateway.fetch(reference)).status == "canceled"

    async def test_paying_and_cancelling_at_once_has_one_winner(self, provider, razorpay_fake):
        """The core makes one of the two calls; whichever, what was collected is answered as it is."""
        for no in range(5):
            reference = await created(provider)
            ends = await asyncio.gather(
                provider.pays(reference, provider.succeeds, f"pay-{no}"),
                provider.gateway.cancel(reference, key=f"cancel-{no}"),
            )
            assert ends[0].status == "succeeded"
            assert (await provider.gateway.cancel(reference, key=f"again-{no}")).status == "succeeded"
