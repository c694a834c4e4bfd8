"""Subscriptions at Stripe: recurring prices, who pays them, and the invoice that Stripe makes for each period.

Stripe's objects moved within the API: an invoice's subscription, a subscription's period and an invoice's payments are
read where the newest version has them, and where older ones had them.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.gateway_values import Intent, IntentStatus
from moorage.domains.payments.recurring import (
    OVER,
    Plan,
    ProviderSubscription,
    SubscriptionItem,
    SubscriptionPeriod,
)
from moorage.domains.payments.states import SubscriptionStatus
from moorage.providers.stripe.amounts import from_stripe
from moorage.providers.stripe.client import StripeFacet, read, read_list
from moorage.providers.stripe.translate import (
    SUBSCRIPTION,
    id_of,
    invoice_intent,
    invoice_subscription,
    moment,
    to_intent,
    uuid_of,
)

Body = Mapping[str, Any]

_STATUSES: Final[Mapping[str, SubscriptionStatus]] = {
    "incomplete": "incomplete",
    "incomplete_expired": "expired",
    "trialing": "trialing",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "unpaid",
    "paused": "paused",
    "canceled": "canceled",
}
_INVOICES: Final[Mapping[str, IntentStatus]] = {"paid": "succeeded", "void": "canceled", "uncollectible": "failed"}
_SUBSCRIPTIONS: Final = "/v1/subscriptions"
_EXPANDED: Final = ["items.data.price.product"]


class StripeSubscriptions(StripeFacet):
    """SubscriptionGateway."""

    async def plans(self, references: Sequence[str]) -> Sequence[Plan]:
        """These prices as they are now. Raises ProviderDeclinedError `resource_missing`."""
        paths = [f"/v1/prices/{quote(reference, safe='')}" for reference in references]
        found = await asyncio.gather(*(self._line.get(path, {"expand": ["product"]}) for path in paths))
        return [read(_to_plan, body) for body in found]

    async def fetch_subscription(self, reference: str) -> ProviderSubscription:
        """The present state. Raises ProviderDeclinedError `resource_missing`."""
        return read(_to_subscription, await self._line.get(_path(reference), {"expand": _EXPANDED}))

    async def fetch_period(self, reference: str) -> SubscriptionPeriod | None:
        """The present state of an invoice (`in_…`), with its payment's. Raises ProviderDeclinedError
        `resource_missing`.
        """
        invoice = await self._line.get(f"/v1/invoices/{quote(reference, safe='')}", {"expand": ["payments"]})
        if read(invoice_subscription, invoice) is None:
            return None
        period = read(_to_period, invoice)
        intent_id = read(invoice_intent, invoice)
        if intent_id is None:  # Nothing was due, or it was paid without Stripe.
            return period
        path = f"/v1/payment_intents/{quote(intent_id, safe='')}"
        intent = read(to_intent, await self._line.get(path, {"expand": ["latest_charge"]}))
        return _with_payment(period, invoice, intent)

    async def period_paid_by(self, payment_reference: str) -> SubscriptionPeriod | None:
        """The period whose invoice this payment intent settles, if there is one."""
        if not payment_reference.startswith("pi_"):
            return None
        query = {"payment": {"type": "payment_intent", "payment_intent": payment_reference}, "limit": 1}
        for body in read_list(await self._line.get("/v1/invoice_payments", query)):
            return await self.fetch_period(read(lambda one: str(id_of(one["invoice"])), body))
        return None

    async def cancel_subscription(self, reference: str, *, at_period_end: bool, key: str) -> ProviderSubscription:
        """End it. One that is over is answered as it is."""
        try:
            if at_period_end:
                parameters = {"cancel_at_period_end": True, "expand": _EXPANDED}
                return read(_to_subscription, await self._line.post(_path(reference), parameters, key=key))
            return read(_to_subscription, await self._line.delete(_path(reference), {"expand": _EXPANDED}))
        except ProviderDeclinedError:
            present = await self.fetch_subscription(reference)
            if present.status in OVER:
                return present
            raise


def _to_plan(price: Body) -> Plan:
    recurring = price.get("recurring") or {}
    amount = price.get("unit_amount") if recurring.get("usage_type", "licensed") == "licensed" else None
    product = price["product"]
    behavior = price.get("tax_behavior")
    return Plan(
        reference=price["id"],
        name=product["name"],
        currency=price["currency"].upper(),
        amount_minor=None if amount is None else from_stripe(amount, price["currency"]),
        interval=recurring.get("interval"),
        interval_count=recurring.get("interval_count", 1),
        is_active=bool(price["active"] and product["active"]),
        tax_included=None if behavior in {None, "unspecified"} else behavior == "inclusive",
    )


def _to_subscription(body: Body) -> ProviderSubscription:
    items = body["items"]["data"]
    recurring = items[0]["price"]["recurring"]
    begins, ends = (
        # The newest API has the period with each item; one subscription's items are billed together here.
        moment(items[0].get(name) or body.get(name))
        for name in ("current_period_start", "current_period_end")
    )
    last = moment(body.get("cancel_at"))
    return ProviderSubscription(
        reference=body["id"],
        status=_STATUSES[body["status"]],
        currency=body["currency"].upper(),
        items=tuple(_to_item(item) for item in items),
        interval=recurring["interval"],
        interval_count=recurring["interval_count"],
        started_at=datetime.fromtimestamp(body.get("start_date") or body["created"], UTC),
        period_starts_at=begins,
        period_ends_at=ends,
        cancel_at_period_end=bool(body.get("cancel_at_period_end"))
        or (last is not None and ends is not None and last <= ends),
        canceled_at=moment(body.get("canceled_at")),
        ended_at=moment(body.get("ended_at")),
        customer=id_of(body.get("customer")),
        subscription_id=uuid_of(body.get("metadata"), SUBSCRIPTION),
        raw=body,
    )


def _to_item(item: Body) -> SubscriptionItem:
    price = item["price"]
    amount, product = price.get("unit_amount"), price.get("product")
    return SubscriptionItem(
        price["id"],
        str(product["name"]) if isinstance(product, Mapping) and "name" in product else price["id"],
        None if amount is None or "quantity" not in item else from_stripe(amount, price["currency"]),
        item.get("quantity", 1),
    )


def _to_period(invoice: Body) -> SubscriptionPeriod:
    """An invoice without a payment: of itself it says that nothing is to be collected by Stripe, or not yet."""
    currency = invoice["currency"]
    lines = [line for line in (invoice.get("lines") or {}).get("data") or () if line.get("period")]
    # Of what is billed, the stretch that lies ahead: an invoice's own period is the one that has passed.
    begins = min((line["period"]["start"] for line in lines), default=invoice["period_start"])
    ends = max((line["period"]["end"] for line in lines), default=invoice["period_end"])
    reference = invoice_subscription(invoice)
    if reference is None:
        raise KeyError("subscription")
    known = {"invoice": invoice["id"], "subscription": reference, "customer": id_of(invoice.get("customer"))}
    taxes = invoice.get("total_taxes")
    tax = invoice.get("tax") if taxes is None else sum(part["amount"] for part in taxes)
    return SubscriptionPeriod(
        reference=invoice["id"],
        subscription=reference,
        status=None,
        amount_minor=from_stripe(invoice["amount_due"], currency),
        currency=currency.upper(),
        starts_at=datetime.fromtimestamp(begins, UTC),
        ends_at=datetime.fromtimestamp(ends, UTC),
        is_first=invoice.get("billing_reason") == "subscription_create",
        name=str((lines[0].get("description") if lines else None) or "Subscription"),
        payer_email=invoice.get("customer_email"),
        tax_minor=from_stripe(tax, currency) if tax else None,
        ids={name: one for name, one in known.items() if one is not None},
        raw=invoice,
    )


def _with_payment(period: SubscriptionPeriod, invoice: Body, intent: Intent) -> SubscriptionPeriod:
    """What is paid is what was collected: an invoice may be called paid without Stripe's money. One that waits is as
    far as its payment is; one that nobody has tried to pay has nothing to tell.
    """
    status = _INVOICES.get(invoice["status"], intent.status)
    if invoice["status"] == "draft" or (status == "succeeded" and intent.status != "succeeded"):
        return period
    return replace(
        period,
        status=None if status == "pending" else status,
        amount_minor=intent.amount_minor if status == "succeeded" else period.amount_minor,
        payment_method=intent.payment_method,
        failure_code=intent.failure_code,
        ids={**intent.ids, **period.ids},
    )


def _path(reference: str) -> str:
    return f"{_SUBSCRIPTIONS}/{quote(reference, safe='')}"
