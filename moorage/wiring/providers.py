"""Settings to concrete payment gateways: the only place that knows which providers there are."""

from collections.abc import Mapping

from pydantic import SecretStr

from moorage.domains.notifications.gateway import MailGateway
from moorage.domains.payments.gateway import PaymentGateway
from moorage.journeys.house import House
from moorage.kernel.db import Database
from moorage.kernel.origins import origin_of
from moorage.providers.manual import ManualGateway
from moorage.providers.sandbox.call import Terms
from moorage.providers.sandbox.core import Sandbox
from moorage.providers.sandbox.gateway import SandboxGateway
from moorage.providers.smtp import SmtpGateway, SmtpServer
from moorage.wiring.provider_settings import default_problems, default_provider, is_on, provider_problems
from moorage.wiring.secrets import refuse_problems, secret_of, secret_problems
from moorage.wiring.settings import Settings


def gateways(settings: Settings, database: Database) -> Mapping[str, PaymentGateway]:
    """The providers that `settings` turn on, by the name that payments know them by. Raises UnsafeSettingsError."""
    del database  # providers are reached over HTTP, the sandbox too
    found: dict[str, PaymentGateway] = {"manual": ManualGateway()}
    terms = sandbox_terms(settings)
    if terms is not None:
        found["sandbox"] = SandboxGateway(
            api_key=terms.api_key,
            webhook_secrets=terms.webhook_secrets,
            base_url=terms.public_url,
            timeout_s=settings.provider_timeout_s,
            tolerance_s=settings.webhook_tolerance_s,
        )
    refuse_problems([*provider_problems(settings), *default_problems(settings)])
    refuse_problems(hosting_problems(settings))
    return found | outside_gateways(settings)


def hosting_problems(settings: Settings) -> list[str]:
    """What is wrong with INVOICES_HOSTED_BY: it names what hosts no invoices. Half of a provider's keys is told of
    elsewhere.
    """
    host = settings.invoices_hosted_by.strip()
    if not host or provider_problems(settings):
        return []
    able = [name for name, gateway in outside_gateways(settings).items() if gateway.capabilities.invoices]
    if host in able:
        return []
    return [f"INVOICES_HOSTED_BY is {host!r}, which hosts no invoices here (able to: {', '.join(able) or 'none'})"]


def outside_gateways(settings: Settings) -> dict[str, PaymentGateway]:
    """The providers that others run and `settings` have keys for. Raises UnsafeSettingsError for half of the keys."""
    refuse_problems(provider_problems(settings))
    found: dict[str, PaymentGateway] = {}
    if is_on(settings, "stripe"):
        found["stripe"] = _stripe(settings)
    if is_on(settings, "paypal"):
        found["paypal"] = _paypal(settings)
    if is_on(settings, "square"):
        found["square"] = _square(settings)
    if is_on(settings, "razorpay"):
        found["razorpay"] = _razorpay(settings)
    return found


def _stripe(settings: Settings) -> PaymentGateway:
    from moorage.providers.stripe.gateway import StripeGateway  # noqa: PLC0415 - the SDK is large

    secrets = (
        settings.stripe_webhook_secret,
        settings.stripe_previous_webhook_secret,
        settings.stripe_connect_webhook_secret,
    )
    return StripeGateway(
        secret_key=_secret(settings.stripe_secret_key),
        publishable_key=settings.stripe_publishable_key,
        webhook_secrets=[_secret(secret) for secret in secrets if secret is not None],
        return_url=settings.public_url(),
        base_url=settings.stripe_base_url,
        automatic_tax=settings.stripe_automatic_tax,
        timeout_s=settings.provider_timeout_s,
        tolerance_s=settings.webhook_tolerance_s,
    )


def _paypal(settings: Settings) -> PaymentGateway:
    from moorage.providers.paypal.connect import connect  # noqa: PLC0415 - only where it is configured

    return connect(
        client_id=settings.paypal_client_id or "",
        client_secret=_secret(settings.paypal_client_secret),
        webhook_id=settings.paypal_webhook_id or "",
        live=settings.paypal_mode == "live",
        base_url=settings.paypal_base_url,
        ca_file=settings.paypal_ca_file,
        asks_paypal=settings.paypal_verifies_webhooks,
        timeout_s=settings.provider_timeout_s,
        tolerance_s=settings.webhook_tolerance_s,
    )


def _square(settings: Settings) -> PaymentGateway:
    # Only where it is configured: its library takes memory.
    from moorage.providers.square.client import ADDRESSES  # noqa: PLC0415
    from moorage.providers.square.gateway import SquareGateway  # noqa: PLC0415

    return SquareGateway(
        access_token=_secret(settings.square_access_token),
        location_id=settings.square_location_id or "",
        application_id=settings.square_application_id,
        signature_key=_secret(settings.square_webhook_signature_key),
        webhook_url=settings.square_webhook_url or f"{settings.public_url()}/webhooks/square",
        base_url=settings.square_base_url or ADDRESSES[settings.square_mode],
        live=settings.square_mode == "live",
        merchant_id=settings.square_merchant_id,
        timeout_s=settings.provider_timeout_s,
    )


def _razorpay(settings: Settings) -> PaymentGateway:
    from moorage.providers.razorpay.client import ADDRESS  # noqa: PLC0415 - only where it is configured
    from moorage.providers.razorpay.gateway import RazorpayGateway  # noqa: PLC0415

    return RazorpayGateway(
        key_id=settings.razorpay_key_id or "",
        key_secret=_secret(settings.razorpay_key_secret),
        webhook_secrets=[_secret(settings.razorpay_webhook_secret)],
        account_id=settings.razorpay_account_id,
        base_url=settings.razorpay_base_url or ADDRESS,
        timeout_s=settings.provider_timeout_s,
    )


def _secret(value: SecretStr | None) -> str:
    return "" if value is None else value.get_secret_value()


async def close_gateways(house: House) -> None:
    """Close the connections to providers."""
    for gateway in house.gateways.values():
        close = getattr(gateway, "aclose", None)
        if close is not None:
            await close()


def sandbox(settings: Settings, house: House) -> Sandbox | None:
    """The sandbox provider itself, which this installation runs next to its own services; None where it is off."""
    terms = sandbox_terms(settings)
    return None if terms is None else Sandbox(house.database, terms, clock=house.clock, ids=house.ids)


def sandbox_problems(settings: Settings) -> list[str]:
    """What is wrong with how production uses the sandbox, one sentence each."""
    if settings.environment != "production":
        return []
    if settings.sandbox_in_production:
        names = ("sandbox_webhook_secret", "sandbox_api_key")
        return secret_problems(**{name: getattr(settings, name) for name in names})
    if default_provider(settings) != "sandbox":
        return []
    problem = (
        "PAYMENT_PROVIDER is the sandbox, which takes no real money: set another provider, or"
        " SANDBOX_IN_PRODUCTION=true if this installation is to stay a trial"
    )
    return [problem]


def sandbox_terms(settings: Settings) -> Terms | None:
    """What the sandbox knows of this installation, its merchant; None in production, unless explicitly allowed there.
    Raises UnsafeSettingsError where production would take its payments by it, or lacks its secrets.
    """
    refuse_problems(sandbox_problems(settings))
    if settings.environment == "production" and not settings.sandbox_in_production:
        return None
    public_url = settings.public_url()
    secrets = [secret_of(settings, "sandbox_webhook_secret")]
    if settings.sandbox_previous_webhook_secret is not None:
        secrets.append(settings.sandbox_previous_webhook_secret.get_secret_value())
    schemes = ("https",) if settings.environment == "production" else ("https", "http")
    others = [f"{scheme}://{host}/" for host in settings.return_url_hosts for scheme in schemes]
    origins = [origin_of(url) for url in (f"{public_url}/", *others)]
    return Terms(
        api_key=secret_of(settings, "sandbox_api_key"),
        public_url=public_url,
        merchant=settings.business_name,
        webhook_secrets=tuple(secrets),
        endpoints=(f"{public_url}/webhooks/sandbox",),
        return_origins=frozenset(origin for origin in origins if origin is not None),
        fee_bps=settings.sandbox_fee_bps,
        fee_fixed_minor=settings.sandbox_fee_fixed_minor,
    )


def mail_gateway(settings: Settings) -> MailGateway | None:
    """The SMTP server that `settings` name; None when they name none."""
    if settings.smtp_host is None:
        return None
    password = settings.smtp_password
    return SmtpGateway(
        SmtpServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            sender=settings.mail_from,
            username=settings.smtp_username,
            password=password.get_secret_value() if password else None,
            starttls=settings.smtp_starttls,
            timeout_s=settings.smtp_timeout_s,
        )
    )
