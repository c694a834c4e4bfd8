"""Half a configuration stops the start, and one message says all that is wrong."""

import re

import pytest
import typer
from pydantic import SecretStr

from moorage.wiring.env_example import PAGE
from moorage.wiring.production import refuse_settings, start_problems
from moorage.wiring.provider_settings import REQUIRED, default_provider, is_on, provider_problems
from moorage.wiring.providers import gateways
from moorage.wiring.secrets import UnsafeSettingsError
from moorage.wiring.serving import run_worker, serve
from moorage.wiring.settings import Settings
from moorage.wiring.terminal import settings_of

PROMISED = [
    "DATABASE_URL",
    "SECRET_KEY",
    "SUPABASE_URL",
    "SUPABASE_ANON_KEY",
    "STRIPE_SECRET_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "PAYPAL_CLIENT_ID",
    "PAYPAL_CLIENT_SECRET",
    "PAYPAL_MODE",
    "PAYPAL_WEBHOOK_ID",
    "ENVIRONMENT",
    "DEBUG",
    "OPENAI_API_KEY",
    "ALLOW_GUEST_PAYMENTS",
]
STRIPE = {
    "stripe_secret_key": SecretStr("sk_test_1"),
    "stripe_publishable_key": "pk_test_1",
    "stripe_webhook_secret": SecretStr("whsec_1"),
}


@pytest.fixture
def settings(tmp_path):
    def made(**changes):
        return Settings(_env_file=None, moorage_home=tmp_path, **changes)

    return made


def test_nothing_set_turns_nothing_on_and_is_no_problem(settings):
    assert provider_problems(settings()) == []
    assert not any(is_on(settings(), provider) for provider in REQUIRED)


def test_all_keys_turn_a_provider_on(settings):
    assert provider_problems(settings(**STRIPE)) == []
    assert is_on(settings(**STRIPE), "stripe")


def test_the_provider_whose_keys_are_set_is_taken_where_nobody_chooses(settings):
    assert default_provider(settings()) == "sandbox"
    assert default_provider(settings(**STRIPE)) == "stripe"
    assert default_provider(settings(**STRIPE, payment_provider="sandbox")) == "sandbox"


def test_the_first_of_several_providers_is_taken_unless_another_is_named(settings):
    several = {
        **STRIPE,
        "razorpay_key_id": "rzp_test_1",
        "razorpay_key_secret": SecretStr("s"),
        "razorpay_webhook_secret": SecretStr("w"),
    }
    assert default_provider(settings(**several)) == "stripe"
    assert start_problems(settings(**several)) == []
    assert default_provider(settings(**several, payment_provider="razorpay")) == "razorpay"
    assert start_problems(settings(**STRIPE, payment_provider="paypal")) == [
        "PAYMENT_PROVIDER is 'paypal', which is not set up here (set up: stripe)"
    ]


def test_halves_of_several_providers_are_named_in_one_message(settings):
    halves = settings(stripe_secret_key=SecretStr("sk_live_1"), paypal_client_id="AX", razorpay_key_id="rzp_test_1")
    with pytest.raises(UnsafeSettingsError) as refusal:
        gateways(halves, None)
    for name in ("STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID"):
        assert f"{name} is missing" in str(refusal.value)
    assert "RAZORPAY_KEY_SECRET" in str(refusal.value)
    assert "sk_live_1" not in str(refusal.value)


def test_blank_is_not_set(settings):
    assert provider_problems(settings(**{**STRIPE, "stripe_webhook_secret": SecretStr(" ")})) == [
        "STRIPE_WEBHOOK_SECRET is missing, and stripe needs it (STRIPE_SECRET_KEY is set)"
    ]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"stripe_secret_key": SecretStr("pk_test_1")}, "STRIPE_SECRET_KEY must begin with sk_"),
        ({"stripe_publishable_key": "sk_test_1"}, "STRIPE_PUBLISHABLE_KEY must begin with pk_"),
        ({"stripe_publishable_key": "pk_live_1"}, "both be live keys or both be test keys"),
        ({"stripe_base_url": "http://stripe.example"}, "STRIPE_BASE_URL must be https"),
    ],
)
def test_keys_in_each_others_place_are_noticed(settings, changes, named):
    (problem,) = provider_problems(settings(**{**STRIPE, **changes}))
    assert named in problem


@pytest.mark.parametrize(
    ("host", "keys", "able"),
    [("paypal", STRIPE, "stripe"), ("stripe", {}, "none"), ("manual", {}, "none"), ("Stripe", STRIPE, "stripe")],
)
def test_only_a_provider_that_hosts_invoices_is_named_as_their_host(settings, host, keys, able):
    (problem,) = start_problems(settings(invoices_hosted_by=host, **keys))
    assert problem == f"INVOICES_HOSTED_BY is '{host}', which hosts no invoices here (able to: {able})"
    assert start_problems(settings(invoices_hosted_by="stripe", **STRIPE)) == []


def test_one_message_names_all_that_stops_a_start(settings):
    wrong = settings(
        environment="production",
        secret_key=SecretStr("change-me-change-me-change-me-change-me"),
        previous_secret_key=SecretStr("short"),
        stripe_secret_key=SecretStr("sk_live_1"),
        supabase_url="http://project.example",
        external_jwks_url="https://keys.example",
    )
    with pytest.raises(UnsafeSettingsError) as refusal:
        refuse_settings(wrong)
    for problem in (
        "SECRET_KEY looks like an example",
        "PREVIOUS_SECRET_KEY is missing or shorter",
        "SUPABASE_URL has to be an https:// address",
        "EXTERNAL_JWKS_ISSUER is missing",
        "PAYMENT_PROVIDER is the sandbox",
        "STRIPE_PUBLISHABLE_KEY is missing",
        "STRIPE_WEBHOOK_SECRET is missing",
    ):
        assert problem in str(refusal.value)
    sandbox = settings(environment="production", sandbox_in_production=True, secret_key=SecretStr("short"))
    found = start_problems(sandbox)
    assert [one.partition(" ")[0] for one in found] == ["SECRET_KEY", "SANDBOX_WEBHOOK_SECRET", "SANDBOX_API_KEY"]


async def test_a_start_is_refused_before_anything_is_opened(settings):
    half = settings(paypal_client_id="AX", database_url=SecretStr("postgresql://nobody@127.0.0.1:1/nothing"))
    for start in (run_worker(half), serve(half, workers=1, tell=lambda _: None)):
        with pytest.raises(UnsafeSettingsError, match="PAYPAL_CLIENT_SECRET is missing"):
            await start


def test_settings_that_cannot_be_read_are_named_with_the_rest_and_without_their_values(monkeypatch, capsys):
    for name, value in (
        ("SMTP_PORT", "oops-a-secret"),
        ("ALLOW_GUEST_PAYMENTS", "perhaps"),
        ("RAZORPAY_KEY_ID", "rzp_test_1"),
    ):
        monkeypatch.setenv(name, value)
    with pytest.raises(typer.Exit) as end:
        settings_of()
    told = capsys.readouterr().err
    assert end.value.exit_code == 2
    for name in ("SMTP_PORT", "ALLOW_GUEST_PAYMENTS", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET"):
        assert name in told
    assert "oops-a-secret" not in told


def test_the_settings_of_the_practice_s_contract_are_taken(settings, monkeypatch):
    monkeypatch.setenv("DEBUG", "true")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-unused")
    assert settings().debug
    assert settings().openai_api_key.get_secret_value() == "sk-unused"
    page = PAGE.read_text()
    for name in PROMISED:
        assert re.search(rf"^#?{name}=", page, re.MULTILINE), name
