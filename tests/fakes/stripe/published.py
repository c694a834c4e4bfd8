"""Everything that a fake heard and said, held against what Stripe publishes."""

from typing import Any, Final

from tests.fakes.schemas import validate_object
from tests.fakes.serving import Exchange
from tests.fakes.stripe.fake import StripeFake

# Published in 2023 and moved on since; for these today's own examples are the measure.
_MOVED_ON: Final = ("/v1/invoice", "/v1/customers", "/v1/account", "/v1/products", "/v1/subscriptions")
_MOVED_OBJECTS: Final = ("invoice", "customer", "subscription")
_OBJECTS: Final = ("payment_intent", "charge", "refund", "dispute", "transfer", "payout", "checkout.session")


def check_stripe(fake: StripeFake) -> int:
    """How many exchanges and events were checked. Raises SchemaBreakError."""
    checked = fake.served.check(unless=_moved_on, as_published=_without_moved)
    for event in fake.state.events:
        validate_object("stripe", "event", event)
        thing = event["data"]["object"]
        if thing["object"] in _OBJECTS:
            validate_object("stripe", thing["object"], thing)
    return checked + len(fake.state.events)


def _without_moved(told: Any) -> Any:
    return {name: _named(one) for name, one in told.items()}


def _named(part: Any) -> Any:
    """The ids of what has moved on and is written out within something else."""
    if isinstance(part, list):
        return [_named(one) for one in part]
    if not isinstance(part, dict):
        return part
    if part.get("object") == "event":  # tells of anything
        return part
    if part.get("object") in _MOVED_OBJECTS:
        return part["id"]
    return {name: _named(one) for name, one in part.items()}


def _moved_on(exchange: Exchange) -> bool:
    return exchange.path.startswith(_MOVED_ON)
