"""Our adapter's part that collects by the period: a SubscriptionGateway, with the sandbox behind it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from moorage.domains.payments.gateway_values import Intent, IntentRequest
from moorage.domains.payments.recurring import Plan, ProviderSubscription, SubscriptionItem, SubscriptionPeriod
from moorage.providers.sandbox.line import SandboxLine
from moorage.providers.sandbox.translate import read, to_intent

Body = Mapping[str, Any]


class SandboxSubscriptions(SandboxLine):
    """SubscriptionGateway. A billed period is an intent, and known by its id."""

    async def subscribe(self, request: IntentRequest, *, key: str) -> Intent:
        """Begin a subscription: the intent that pays its first period."""
        body = {
            "prices": [line.price for line in request.lines for _ in range(line.quantity)],
            "description": request.description,
            "return_url": request.return_url,
            "client_reference": str(request.subscription_id),
            "intent_reference": str(request.payment_id),
            "payer_email": request.payer_email,
        }
        return read(to_intent, await self.call("POST", "/subscriptions", body, key=key))

    async def plans(self, references: Sequence[str]) -> Sequence[Plan]:
        """These prices. Raises ProviderDeclinedError `resource_missing`."""
        found = [await self.call("GET", f"/prices/{quote(reference, safe='')}") for reference in references]
        return [read(_to_plan, body) for body in found]

    async def fetch_subscription(self, reference: str) -> ProviderSubscription:
        """The present state. Raises ProviderDeclinedError `resource_missing`."""
        return read(_to_subscription, await self.call("GET", f"/subscriptions/{reference}"))

    async def fetch_period(self, reference: str) -> SubscriptionPeriod | None:
        """The present state of the intent that bills a period. Raises ProviderDeclinedError `resource_missing`."""
        return read(_to_period, await self.call("GET", f"/intents/{reference}"))

    async def period_paid_by(self, payment_reference: str) -> SubscriptionPeriod | None:
        """The same: a period is its intent."""
        return await self.fetch_period(payment_reference)

    async def cancel_subscription(self, reference: str, *, at_period_end: bool, key: str) -> ProviderSubscription:
        """End it. One that is over is answered as it is."""
        body = {"at_period_end": at_period_end}
        return read(_to_subscription, await self.call("POST", f"/subscriptions/{reference}/cancel", body, key=key))


def _to_plan(body: Body) -> Plan:
    return Plan(body["id"], body["name"], body["currency"], body["amount_minor"], body["interval"])


def _to_subscription(body: Body) -> ProviderSubscription:
    return ProviderSubscription(
        reference=body["id"],
        status=body["status"],
        currency=body["currency"],
        items=tuple(
            SubscriptionItem(one["price"], one["name"], one["amount_minor"], one["quantity"]) for one in body["items"]
        ),
        interval=body["interval"],
        interval_count=1,
        started_at=datetime.fromisoformat(body["started_at"] or body["created_at"]),
        period_starts_at=_moment(body["period_starts_at"]),
        period_ends_at=_moment(body["period_ends_at"]),
        cancel_at_period_end=body["cancel_at_period_end"],
        canceled_at=_moment(body["canceled_at"]),
        ended_at=_moment(body["ended_at"]),
        subscription_id=None if body["client_reference"] is None else UUID(body["client_reference"]),
        raw=body,
    )


def _to_period(body: Body) -> SubscriptionPeriod | None:
    """A first period begins when it is paid; until then it is as old as its intent."""
    if body["subscription"] is None:
        return None
    intent = to_intent(body)
    starts_at = datetime.fromisoformat(body["period_starts_at"] or body["created_at"])
    return SubscriptionPeriod(
        reference=intent.reference,
        subscription=body["subscription"],
        status=None if intent.status == "pending" else intent.status,
        amount_minor=intent.amount_minor,
        currency=intent.currency,
        starts_at=starts_at,
        ends_at=_moment(body["period_ends_at"]) or starts_at,
        is_first=body["client_reference"] is not None,
        name=body["description"],
        payment_method=intent.payment_method,
        failure_code=intent.failure_code,
        payer_email=body["payer_email"],
        ids=intent.ids,
        raw=body,
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
