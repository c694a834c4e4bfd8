"""From keys to an adapter: where PayPal is, and whose certificates are believed."""

from pathlib import Path

from moorage.providers.paypal.certificates import (
    LIVE_NAME,
    LIVE_ORIGINS,
    SANDBOX_NAME,
    SANDBOX_ORIGINS,
    Certificates,
)
from moorage.providers.paypal.gateway import PaypalGateway
from moorage.providers.paypal.http import LIVE, SANDBOX, Paypal
from moorage.providers.paypal.verification import ByCertificate, ByPaypal


def connect(
    *,
    client_id: str,
    client_secret: str,
    webhook_id: str,
    live: bool = False,
    base_url: str | None = None,
    ca_file: Path | None = None,
    asks_paypal: bool = False,
    timeout_s: float = 10.0,
    tolerance_s: int = 300,
) -> PaypalGateway:
    """The adapter with all it needs. `base_url` and `ca_file` are for another server than PayPal's own, which then
    hands out its certificates too; `asks_paypal`: signatures are checked there, one call for each event.
    """
    address = base_url or (LIVE if live else SANDBOX)
    paypal = Paypal(client_id=client_id, client_secret=client_secret, base_url=address, timeout_s=timeout_s)
    verification: ByCertificate | ByPaypal
    if asks_paypal:
        verification = ByPaypal(paypal, webhook_id=webhook_id, tolerance_s=tolerance_s)
    else:
        certificates = Certificates(
            origins=[base_url.rstrip("/")] if base_url else LIVE_ORIGINS if live else SANDBOX_ORIGINS,
            name=LIVE_NAME if live else SANDBOX_NAME,
            fetch=paypal.fetch_text,
            ca_file=ca_file,
        )
        verification = ByCertificate(certificates, webhook_id=webhook_id, tolerance_s=tolerance_s)
    return PaypalGateway(paypal, verification, webhook_id=webhook_id, client_id=client_id, live=live)
