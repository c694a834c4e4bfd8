"""Which providers the settings turn on, and what is wrong with how they do it: all of it, to be said at once."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from moorage.wiring.settings import Settings

# A provider is on when all of these are set. A first part of a key tells keys of another kind in its place.
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "stripe": ("stripe_secret_key", "stripe_publishable_key", "stripe_webhook_secret"),
    "paypal": ("paypal_client_id", "paypal_client_secret", "paypal_webhook_id"),
    "square": (
        "square_access_token",
        "square_location_id",
        "square_application_id",
        "square_webhook_signature_key",
    ),
    "razorpay": ("razorpay_key_id", "razorpay_key_secret", "razorpay_webhook_secret"),
}
# Set without the others they mean that somebody wanted the provider.
_FURTHER: Final[Mapping[str, tuple[str, ...]]] = {
    "stripe": ("stripe_previous_webhook_secret", "stripe_connect_webhook_secret", "stripe_base_url"),
    "paypal": ("paypal_base_url",),
    "square": ("square_webhook_url", "square_merchant_id", "square_base_url"),
    "razorpay": ("razorpay_account_id", "razorpay_base_url"),
}
_BEGINNINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "stripe_secret_key": ("sk_", "rk_"),
    "stripe_publishable_key": ("pk_",),
    "razorpay_key_id": ("rzp_",),
}
_ALWAYS: Final = ("sandbox", "manual")  # need no keys; whether production may use the sandbox is asked elsewhere
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def is_on(settings: Settings, provider: str) -> bool:
    """Whether everything that `provider` needs is set."""
    return all(_text(settings, name) for name in REQUIRED[provider])


def default_provider(settings: Settings) -> str:
    """The provider that is taken where nobody names one: what PAYMENT_PROVIDER says, else the first of Stripe, PayPal,
    Square and Razorpay whose keys are set, else the sandbox.
    """
    return settings.payment_provider or next((one for one in REQUIRED if is_on(settings, one)), "sandbox")


def default_problems(settings: Settings) -> list[str]:
    """What is wrong with PAYMENT_PROVIDER: it names what is not set up, and what has no half a configuration that is
    told of elsewhere.
    """
    default = default_provider(settings)
    if default in _ALWAYS or (default in REQUIRED and (is_on(settings, default) or _problems(settings, default))):
        return []
    there = [one for one in REQUIRED if is_on(settings, one)]
    return [f"PAYMENT_PROVIDER is {default!r}, which is not set up here (set up: {', '.join(there) or 'none'})"]


def provider_problems(settings: Settings) -> list[str]:
    """Everything that is wrong with every provider's settings, one sentence each; empty when all is well."""
    return [problem for provider in REQUIRED for problem in _problems(settings, provider)]


def _problems(settings: Settings, provider: str) -> list[str]:
    names = REQUIRED[provider]
    there = [name for name in (*names, *_FURTHER[provider]) if _text(settings, name)]
    if not there:
        return []
    found = [
        f"{name.upper()} is missing, and {provider} needs it ({there[0].upper()} is set)"
        for name in names
        if not _text(settings, name)
    ]
    for name, beginnings in _BEGINNINGS.items():
        text = _text(settings, name)
        if name in there and not text.startswith(beginnings):
            found.append(f"{name.upper()} must begin with {' or '.join(beginnings)}: this is another kind of key")
    base_url = _text(settings, f"{provider}_base_url")
    if base_url and not _safe(base_url):
        found.append(f"{provider.upper()}_BASE_URL must be https, or http on this machine: keys are sent there")
    if provider == "paypal" and settings.paypal_ca_file is not None and not settings.paypal_ca_file.is_file():
        found.append("PAYPAL_CA_FILE names no file: no webhook could be believed")
    if provider == "stripe" and not found:
        found += _stripe_modes(settings)
    return found


def _stripe_modes(settings: Settings) -> list[str]:
    modes = {_text(settings, name).split("_")[1] for name in ("stripe_secret_key", "stripe_publishable_key")}
    if {"live", "test"} <= modes:
        return ["STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY must both be live keys or both be test keys"]
    return []


def _safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)


def _text(settings: Settings, name: str) -> str:
    """A setting's value; empty where it is not set, or only blank."""
    value: str | SecretStr | None = getattr(settings, name)
    return (value.get_secret_value() if isinstance(value, SecretStr) else value or "").strip()
