"""Where the sandbox may run, and with which secrets."""

import stat

import pytest
from pydantic import SecretStr

from moorage.providers.sandbox.gateway import SandboxGateway
from moorage.wiring.providers import gateways, sandbox_terms
from moorage.wiring.secrets import UnsafeSettingsError
from moorage.wiring.settings import Settings

SECRETS = {
    "sandbox_api_key": SecretStr("QmFyb3F1ZSBjYXRzIHBsYXkgY2hlc3M-1"),
    "sandbox_webhook_secret": SecretStr("V2hpdGUgb3dscyByZWFkIHBvZXRyeQ-22"),
}


def settings(tmp_path, **changes) -> Settings:
    return Settings(_env_file=None, moorage_home=tmp_path, **changes)


def test_production_refuses_to_take_payments_by_the_sandbox(tmp_path):
    with pytest.raises(UnsafeSettingsError, match="takes no real money"):
        gateways(settings(tmp_path, environment="production", **SECRETS), None)


def test_production_may_be_allowed_to_with_secrets_of_its_own(tmp_path):
    allowed = {"environment": "production", "sandbox_in_production": True}
    assert isinstance(gateways(settings(tmp_path, **allowed, **SECRETS), None)["sandbox"], SandboxGateway)
    with pytest.raises(UnsafeSettingsError, match="SANDBOX_WEBHOOK_SECRET"):
        gateways(settings(tmp_path, **allowed, sandbox_api_key=SECRETS["sandbox_api_key"]), None)


def test_in_production_with_another_provider_the_sandbox_is_off(tmp_path):
    assert sandbox_terms(settings(tmp_path, environment="production", payment_provider="stripe")) is None


def test_a_provider_that_is_not_set_up_is_refused(tmp_path):
    with pytest.raises(UnsafeSettingsError, match="'acme'"):
        gateways(settings(tmp_path, payment_provider="acme"), None)


def test_development_makes_its_secrets_once_and_keeps_them_to_itself(tmp_path):
    first, again = sandbox_terms(settings(tmp_path)), sandbox_terms(settings(tmp_path))
    assert first == again
    assert len({first.api_key, *first.webhook_secrets}) == 2
    for name in ("sandbox_api_key", "sandbox_webhook_secret"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_previous_webhook_secret_still_counts(tmp_path):
    rotating = settings(tmp_path, **SECRETS, sandbox_previous_webhook_secret=SecretStr("before"))
    assert sandbox_terms(rotating).webhook_secrets == (SECRETS["sandbox_webhook_secret"].get_secret_value(), "before")


def test_payers_go_back_to_this_installation_and_to_the_hosts_that_were_named(tmp_path):
    terms = sandbox_terms(settings(tmp_path, base_url="https://moorage.test", return_url_hosts=["Shop.test:8443"]))
    assert {"https://moorage.test", "https://shop.test:8443"} <= terms.return_origins
    production = sandbox_terms(
        settings(
            tmp_path,
            base_url="https://moorage.test",
            return_url_hosts=["shop.test"],
            environment="production",
            sandbox_in_production=True,
            **SECRETS,
        )
    )
    assert production.return_origins == {"https://moorage.test", "https://shop.test"}


def test_secrets_do_not_show_in_a_terms_text(tmp_path):
    terms = sandbox_terms(settings(tmp_path))
    assert terms.api_key not in repr(terms)
    assert terms.webhook_secrets[0] not in repr(terms)
