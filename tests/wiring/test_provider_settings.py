"""Half a configuration stops the start, and one message says all that is wrong."""

import pytest
from pydantic import SecretStr

from moorage.wiring.production import production_problems
from moorage.wiring.provider_settings import REQUIRED, default_provider, is_on, provider_problems
from moorage.wiring.providers import gateways
from moorage.wiring.secrets import UnsafeSettingsError
from moorage.wiring.settings import Settings

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


def test_which_of_several_providers_is_taken_has_to_be_said(settings):
    several = {
        **STRIPE,
        "razorpay_key_id": "rzp_test_1",
        "razorpay_key_secret": SecretStr("s"),
        "razorpay_webhook_secret": SecretStr("w"),
    }
    with pytest.raises(UnsafeSettingsError, match="PAYMENT_PROVIDER is missing: stripe, razorpay are set up"):
        gateways(settings(**several), None)
    assert "razorpay" in gateways(settings(**several, payment_provider="razorpay"), None)


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


def test_production_names_a_missing_secret_key_with_the_rest(settings):
    found = production_problems(settings(environment="production", stripe_secret_key=SecretStr("sk_live_1")))
    for name in ("SECRET_KEY is missing", "PAYMENT_PROVIDER", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET"):
        assert any(name in problem for problem in found)
