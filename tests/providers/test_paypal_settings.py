"""PayPal as the settings turn it on: whose server, whose certificates, and what cannot be."""

import pytest
from pydantic import SecretStr

from moorage.providers.paypal.certificates import LIVE_ORIGINS, SANDBOX_ORIGINS
from moorage.providers.paypal.http import LIVE, SANDBOX
from moorage.wiring.provider_settings import provider_problems
from moorage.wiring.providers import gateways
from moorage.wiring.settings import Settings


@pytest.fixture
def settings(tmp_path):
    keys = {"paypal_client_id": "AX", "paypal_client_secret": SecretStr("EX"), "paypal_webhook_id": "5WH"}

    def made(**changes):
        return Settings(_env_file=None, moorage_home=tmp_path, **{**keys, **changes})

    return made


@pytest.mark.parametrize(
    ("changes", "address", "origins", "live"),
    [
        ({}, SANDBOX, SANDBOX_ORIGINS, False),
        ({"paypal_mode": "live"}, LIVE, LIVE_ORIGINS, True),
        ({"paypal_base_url": "http://127.0.0.1:9002/"}, "http://127.0.0.1:9002", ("http://127.0.0.1:9002",), False),
    ],
)
async def test_the_mode_says_whose_server_and_certificates(settings, changes, address, origins, live):
    gateway = gateways(settings(**changes), None)["paypal"]
    assert (gateway._paypal.base_url, gateway.capabilities.live) == (address, live)
    assert gateway._verification._certificates._origins == frozenset(origins)
    assert gateway.capabilities.publishable_key == "AX"
    await gateway.aclose()


def test_without_its_keys_there_is_no_paypal(tmp_path):
    assert "paypal" not in gateways(Settings(_env_file=None, moorage_home=tmp_path), None)


def test_a_file_of_roots_has_to_be_there(settings, tmp_path):
    assert provider_problems(settings()) == []
    (problem,) = provider_problems(settings(paypal_ca_file=tmp_path / "none.pem"))
    assert problem.startswith("PAYPAL_CA_FILE")
