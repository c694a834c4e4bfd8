"""Settings to concrete payment gateways: the only place that knows which providers there are."""

from collections.abc import Mapping

from moorage.domains.payments.gateway import PaymentGateway
from moorage.kernel.db import Database
from moorage.wiring.settings import Settings


def gateways(settings: Settings, database: Database) -> Mapping[str, PaymentGateway]:
    """The providers that `settings` turn on, by the name that payments know them by."""
    del settings, database
    return {}
