"""Reading Razorpay's own books: an order with the payments on it, what changed lately, and every movement of money."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.domains.payments.gateway_values import ProviderRecord
from moorage.kernel.clock import Clock
from moorage.providers.razorpay.client import Body, RazorpayClient, read
from moorage.providers.razorpay.events import of_dispute, of_payment, of_refund
from moorage.providers.razorpay.translate import (
    PAYMENT_NOTE,
    is_collected,
    link_as_order,
    moment,
    note,
    to_record,
    uuid_or_none,
)

_LATELY: Final = timedelta(minutes=15)
# A payment is listed by when it was made, and the bank may say for five days what became of it; refunds likewise. The
# whole of that is read once an hour, a little at every look.
_CHANGES_FOR: Final = timedelta(days=6)
_DEEP_EVERY: Final = timedelta(hours=1)
_NEWEST: Final = 100


class Books:
    """What Razorpay has written down of our account."""

    def __init__(self, client: RazorpayClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._deep_at: datetime | None = None

    async def order(self, order_id: str) -> tuple[Body, list[Body]]:
        """An order, or a payment link in the form of one, and the payments on it. Raises ProviderDeclinedError
        `resource_missing`.
        """
        if order_id.startswith("plink_"):
            link = read(link_as_order, await self._client.call("GET", f"/payment_links/{order_id}"))
            return link, await self._payments_on(link["order_id"]) if link.get("order_id") else []
        order = await self._client.call("GET", f"/orders/{order_id}")
        return order, await self._payments_on(order_id)

    async def payments(self, order_id: str) -> list[Body]:
        """The payments on an order or link. Raises ProviderDeclinedError `resource_missing`."""
        if order_id.startswith("plink_"):
            return (await self.order(order_id))[1]
        return await self._payments_on(order_id)

    async def find(self, payment_id: UUID) -> str | None:
        """The id of the link or order that was made with our id; of several orders the one that somebody has paid. A
        link's order carries our id as well, so links are asked for first.
        """
        with contextlib.suppress(ProviderDeclinedError):  # an account without links has none
            links = await self._client.call("GET", "/payment_links", query={"reference_id": str(payment_id)})
            for link in read(lambda told: list(told["payment_links"] or ()), links):
                if link.get("reference_id") == str(payment_id):
                    return str(link["id"])
        return await self.find_order(payment_id)

    async def find_order(self, payment_id: UUID) -> str | None:
        """As above, of orders alone."""
        told = await self._client.call("GET", "/orders", query={"receipt": str(payment_id), "count": 10})
        orders = [one for one in read(lambda page: list(page["items"]), told) if one.get("receipt") == str(payment_id)]
        best = max(orders, key=lambda one: (_PAID_FIRST.get(one["status"], 0), -one["created_at"]), default=None)
        return None if best is None else str(best["id"])

    async def changes(self, since: datetime) -> list[Body]:
        """Bodies of events for what was made since then, and now and then for what may have changed since; the oldest
        first. The same state of the same thing is the same event.
        """
        now = self._clock()
        if since > now:
            return []
        deep = self._deep_at is None or now - self._deep_at >= _DEEP_EVERY
        window = _window(since - (_CHANGES_FOR if deep else _LATELY))
        known = _Known(self._client)
        found = []
        payments = [one async for one in self._client.every("/payments", window)]
        for payment in reversed(payments):
            known.payments[payment["id"]] = payment
            kind = _kind_of(payment)
            if kind is not None and payment.get("order_id"):
                found.append(of_payment(kind, payment, await known.order(payment["order_id"])))
        refunds = [one async for one in self._client.every("/refunds", window)]
        for refund in reversed(refunds):
            payment = await known.payment(refund["payment_id"])
            found.append(of_refund(f"refund.{_REFUND_EVENTS[refund['status']]}", refund, payment))
        found += [of_dispute(dispute) for dispute in await self._disputes(whole=deep)]
        if deep:
            self._deep_at = now
        return sorted(found, key=lambda body: (body["created_at"], _ORDER.get(body["contains"][0], 0)))

    async def _disputes(self, *, whole: bool) -> list[Body]:
        """What is disputed, or the newest of it: each may be decided months after it was opened."""
        found: list[Body] = []
        with contextlib.suppress(ProviderDeclinedError):  # an account may not be let see them
            async for dispute in self._client.every("/disputes"):
                found.append(dispute)
                if not whole and len(found) == _NEWEST:
                    break
        return found

    async def records(self, since: datetime | None) -> AsyncIterator[ProviderRecord]:
        """Each kind oldest first, payments then refunds then disputes; None: ever. Razorpay lists by when a thing was
        made: what was made a little earlier is among it, since its money may have moved since.
        """
        window, known = {} if since is None else _window(since - _CHANGES_FOR), _Known(self._client)
        payments = [one async for one in self._client.every("/payments", window)]
        for payment in reversed(payments):
            known.payments[payment["id"]] = payment
            if is_collected(payment):
                yield read(to_record, "charge", payment, payment, await known.ours(payment))
        refunds = [one async for one in self._client.every("/refunds", window)]
        for refund in reversed(refunds):
            payment = await known.payment(refund["payment_id"])
            if is_collected(payment):  # what nobody captured goes back by itself, and never was our money
                ours = note(refund, PAYMENT_NOTE) or await known.ours(payment)
                yield read(to_record, "refund", refund, payment, ours)
        disputes = [one async for one in self._client.every("/disputes")]
        for dispute in sorted(disputes, key=lambda one: int(one["created_at"])):
            if since is None or moment(dispute["created_at"]) >= since:
                payment = await known.payment(dispute["payment_id"])
                yield read(to_record, "dispute", dispute, payment, await known.ours(payment))

    async def _payments_on(self, order_id: str) -> list[Body]:
        payments = await self._client.call("GET", f"/orders/{order_id}/payments")
        return read(lambda told: list(told["items"]), payments)


# Things made in the same second come in this order.
_ORDER: Final = {"refund": 1, "dispute": 2}
_PAID_FIRST: Final = {"paid": 2, "attempted": 1}
_REFUND_EVENTS: Final = {"pending": "created", "processed": "processed", "failed": "failed"}


class _Known:
    """Orders and payments that were read once."""

    def __init__(self, client: RazorpayClient) -> None:
        self._client = client
        self.payments: dict[str, Body] = {}
        self._orders: dict[str, Body] = {}

    async def payment(self, payment_id: str) -> Body:
        if payment_id not in self.payments:
            self.payments[payment_id] = await self._client.call("GET", f"/payments/{payment_id}")
        return self.payments[payment_id]

    async def order(self, order_id: str) -> Body:
        if order_id not in self._orders:
            self._orders[order_id] = await self._client.call("GET", f"/orders/{order_id}")
        return self._orders[order_id]

    async def ours(self, payment: Body) -> UUID | None:
        """Our id of a payment, which its order carries."""
        if not payment.get("order_id"):
            return None
        return uuid_or_none((await self.order(payment["order_id"])).get("receipt"))


def _kind_of(payment: Body) -> str | None:
    """The event that a payment's state was told by; None for one that nothing was told of."""
    if is_collected(payment):
        return "payment.captured"
    return {"authorized": "payment.authorized", "failed": "payment.failed"}.get(payment["status"])


def _window(since: datetime) -> dict[str, Any]:
    return {"from": max(0, int(since.timestamp()))}
