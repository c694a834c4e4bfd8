"""A kitchen that sells by the month, through Stripe."""

import pytest
from pydantic import SecretStr

from tests.fakes.schemas import present
from tests.fakes.stripe.fake import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET
from tests.fakes.stripe.published import check_stripe
from tests.support.subscribing import priced


@pytest.fixture
def settings(settings, stripe_town):
    return settings.model_copy(
        update={
            "stripe_secret_key": SecretStr(SECRET_KEY),
            "stripe_publishable_key": PUBLISHABLE_KEY,
            "stripe_webhook_secret": SecretStr(WEBHOOK_SECRET),
            "stripe_base_url": stripe_town.base_url,
            "payment_provider": "stripe",
            "provider_timeout_s": 20.0,
        }
    )


@pytest.fixture
async def kitchen(practice, stripe_fake):
    """A kitchen whose payments go through Stripe, where it sells a lunch by the month for 20.00."""
    stripe_fake.deliveries.url = f"{practice.town.base_url}/api/stripe/webhook"
    yield practice
    await practice.house.gateways["stripe"].aclose()
    if present("stripe"):
        check_stripe(stripe_fake)


@pytest.fixture
async def lunch(stripe_town) -> str:
    """The monthly price of a lunch."""
    return await priced(stripe_town, "Lunch", **{"recurring[interval]": "month"})
