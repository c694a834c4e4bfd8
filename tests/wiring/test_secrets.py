"""Secrets: made where none is set, kept for nobody else's eyes, and never an example's in production."""

import stat

import pytest
from pydantic import SecretStr

from moorage.wiring.secrets import UnsafeSettingsError, kept_secret, secret_of


def test_development_makes_a_secret_once_and_keeps_it_to_its_user(settings):
    bare = settings.model_copy(update={"secret_key": None})
    first, second = secret_of(bare, "secret_key"), secret_of(bare, "secret_key")
    path = settings.moorage_home / "secret_key"
    assert first == second
    assert len(first) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_homes_have_two_secrets(tmp_path):
    assert kept_secret(tmp_path / "a", "secret_key") != kept_secret(tmp_path / "b", "secret_key")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "short",
        "changeme-changeme-changeme-changeme",
        "your-secret-key-goes-here-0123456789",
        "a" * 60,
        "x" * 40,
    ],
)
def test_production_refuses_a_missing_short_or_example_secret(settings, value):
    secret = None if value is None else SecretStr(value)
    production = settings.model_copy(update={"environment": "production", "secret_key": secret})
    with pytest.raises(UnsafeSettingsError, match="SECRET_KEY"):
        secret_of(production, "secret_key")


def test_production_takes_a_secret_of_its_own(settings):
    own = SecretStr("Zk3v9QwLr8TnXy2Bm5Hj7Pd4Sg6Fa1Uc0EiOoKqW")
    production = settings.model_copy(update={"environment": "production", "secret_key": own})
    assert secret_of(production, "secret_key") == own.get_secret_value()


def test_settings_never_show_their_secrets(settings):
    assert "signing-key-of-the-tests" not in repr(settings)
    assert "signing-key-of-the-tests" not in str(settings.model_dump())
