"""Payments at the fake Stripe, and what passes held against what Stripe publishes."""

from collections.abc import Iterator

import pytest

from moorage.domains.payments.gateway_values import ProviderRefund
from moorage.kernel.ids import uuid7
from tests.fakes.schemas import present
from tests.fakes.stripe.fixtures import StripeTown
from tests.fakes.stripe.published import check_stripe


@pytest.fixture
def kept_to_what_stripe_publishes(stripe_town: StripeTown) -> Iterator[None]:
    """Afterwards every request, answer and event is held against what Stripe publishes, where that is at hand."""
    yield
    if present("stripe"):
        check_stripe(stripe_town.fake)


async def reserved(town: StripeTown, amount_minor: int = 10_000) -> str:
    """A payment reserved and not collected; its reference."""
    made = await town.gateway.create(town.request(amount_minor, capture="manual"), key=f"create-{uuid7()}")
    town.fake.pay(made.reference)
    return made.reference


async def paid(town: StripeTown, amount_minor: int = 10_000, card: str = "4242424242424242") -> str:
    """A payment collected; its reference."""
    made = await town.gateway.create(town.request(amount_minor), key=f"create-{uuid7()}")
    town.fake.pay(made.reference, card)
    return made.reference


async def refunded(town: StripeTown, reference: str, amount_minor: int) -> ProviderRefund:
    """A part of a payment given back, in GBP."""
    mine = uuid7()
    return await town.gateway.refund(
        reference, refund_id=mine, amount_minor=amount_minor, currency="GBP", key=f"refund-{mine}"
    )
