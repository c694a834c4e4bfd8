"""The fake behind a real server, with our adapter at hand."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from moorage.providers.paypal.connect import connect
from moorage.providers.paypal.gateway import PaypalGateway
from tests.fakes.paypal.fake import PaypalFake
from tests.fakes.serving import serving

PATIENCE_S = 30.0
"""How long a test waits for an answer: a loaded machine is no finding."""


@pytest_asyncio.fixture
async def paypal_fake() -> AsyncIterator[PaypalFake]:
    """A PayPal of one's own, empty."""
    fake = PaypalFake()
    async with serving(fake.served) as base_url:
        fake.at(base_url)
        yield fake


@pytest_asyncio.fixture
async def paypal(paypal_fake: PaypalFake, tmp_path: Path, monkeypatch) -> AsyncIterator[PaypalGateway]:
    """Our adapter, speaking to the fake; "ever" is two reports ago, not three years of them."""
    monkeypatch.setattr("moorage.providers.paypal.reports._REACH", timedelta(days=40))
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(paypal_fake.signer.authority.pem)
    gateway = adapter(paypal_fake, ca_file=ca_file)
    yield gateway
    await gateway.aclose()


def adapter(
    fake: PaypalFake,
    *,
    ca_file: Path | None = None,
    asks_paypal: bool = False,
    client_secret: str | None = None,
    timeout_s: float = PATIENCE_S,
) -> PaypalGateway:
    """An adapter to `fake`; without `ca_file` it trusts the usual roots."""
    return connect(
        client_id=fake.client_id,
        client_secret=client_secret or fake.client_secret,
        webhook_id=fake.webhook_id,
        base_url=fake.base_url,
        ca_file=ca_file,
        asks_paypal=asks_paypal,
        timeout_s=timeout_s,
    )
