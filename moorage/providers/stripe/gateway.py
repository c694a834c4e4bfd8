"""Stripe as a PaymentGateway, with its facets."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from moorage.domains.payments.gateway import (
    Capabilities,
    InvalidSignatureError,
    NotSupportedByProviderError,
    ProviderDeclinedError,
    TimestampOutOfToleranceError,
)
from moorage.domains.payments.gateway_values import (
    Intent,
    IntentRequest,
    ProviderEvent,
    ProviderFee,
    ProviderRecord,
    ProviderRefund,
)
from moorage.providers.stripe.amounts import to_stripe
from moorage.providers.stripe.client import StripeLine, read
from moorage.providers.stripe.customers import StripeCustomers
from moorage.providers.stripe.disputes import StripeEvidence
from moorage.providers.stripe.events import envelope, to_event
from moorage.providers.stripe.intents import StripeIntents
from moorage.providers.stripe.invoices import StripeInvoices
from moorage.providers.stripe.products import StripeProducts
from moorage.providers.stripe.signatures import HEADER, signed_at
from moorage.providers.stripe.subscriptions import StripeSubscriptions
from moorage.providers.stripe.transfers import StripeTransfers
from moorage.providers.stripe.translate import REFUND, to_fee, to_record, to_refund, to_transfer_record

# What a page with Stripe's Payment Element loads and talks to, by Stripe's own guide to content security policies.
_SCRIPT: Final = "https://js.stripe.com/v3/"
_PAGE_HOSTS: Final = (
    "https://js.stripe.com",
    "https://*.js.stripe.com",
    "https://api.stripe.com",
    "https://hooks.stripe.com",
)
# Stripe dates events in whole seconds, and shows one a little after its date.
_OVERLAP: Final = timedelta(seconds=60)
# Events of our own account name no account: one that names any is about another's money, and is parked.
_OWN_ACCOUNT: Final = "own"


class StripeGateway(
    StripeCustomers, StripeInvoices, StripeProducts, StripeSubscriptions, StripeEvidence, StripeTransfers
):
    """Stripe by its API. `webhook_secrets` are those in force, the newest first; `return_url` is where a payer comes
    back to whose bank wants to see them when a method was named to us.
    """

    name = "stripe"

    def __init__(
        self,
        *,
        secret_key: str,
        publishable_key: str | None,
        webhook_secrets: Sequence[str],
        return_url: str,
        base_url: str | None = None,
        automatic_tax: bool = False,
        timeout_s: float = 10.0,
        tolerance_s: int = 300,
    ) -> None:
        """Open nothing yet; connections are made when they are needed, and shared by all calls."""
        line = StripeLine(secret_key=secret_key, base_url=base_url, timeout_s=timeout_s)
        super().__init__(line)
        self._intents = StripeIntents(line, automatic_tax=automatic_tax)
        self._secrets = tuple(webhook_secrets)
        self._return_url = return_url
        self._tolerance_s = tolerance_s
        self.capabilities = Capabilities(
            redirect=True,
            client_secret=True,
            confirm_with_method=True,
            disputes=True,
            separate_capture=True,
            hosted_checkout=True,
            customers=True,
            portal=True,
            invoices=True,
            products=True,
            evidence=True,
            transfers=True,
            tax=automatic_tax,
            subscriptions=True,
            publishable_key=publishable_key,
            page_script="stripe" if publishable_key else None,
            page_source=f"{base_url.rstrip('/')}/v3/" if base_url else _SCRIPT,
            page_hosts=(base_url.rstrip("/"),) if base_url else _PAGE_HOSTS,
            label="Stripe",
            account=_OWN_ACCOUNT,
            live="_live_" in secret_key,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._line.aclose()

    def ahead(self, payment_id: UUID) -> tuple[str | None, str | None]:
        """Nothing can be told before Stripe has made it."""
        del payment_id
        return None, None

    async def create(self, request: IntentRequest, *, key: str) -> Intent:
        """Make the intent (`client_secret` is for Stripe's script on our page) or the session (`checkout_url`)."""
        return await self._intents.create(request, key=key)

    async def confirm(self, reference: str, *, payment_method: str, key: str) -> Intent:
        """Charge a method (`pm_…`). What was decided before is answered as it is. Raises ProviderDeclinedError with
        Stripe's decline code.
        """
        if not reference.startswith("pi_"):
            raise NotSupportedByProviderError("This payment is made on Stripe's own page.")
        return await self._intents.confirm(
            reference, payment_method=payment_method, return_url=self._return_url, key=key
        )

    def check_amount(self, amount_minor: int, currency: str) -> None:
        """Refuse what Stripe has no exact amount for."""
        to_stripe(amount_minor, currency)

    async def capture(self, reference: str, *, amount_minor: int, currency: str, key: str) -> Intent:
        """Collect all or a part of what was reserved, once; Stripe releases the rest."""
        return await self._intents.capture(reference, amount=to_stripe(amount_minor, currency), key=key)

    async def test_connection(self) -> str:
        """Ask for our own account. Raises as any call does."""
        return str((await self._line.ask("/v1/account"))["id"])

    async def cancel(self, reference: str, *, key: str) -> Intent:
        """Let nothing be collected any more; what is paid or under way is answered as it is."""
        if not reference.startswith("in_"):
            return await self._intents.cancel(reference, key=key)
        try:
            return await self.void_invoice(reference, key=key)
        except ProviderDeclinedError:
            present = await self.fetch(reference)
            if present.status in {"pending", "requires_action", "failed"}:
                raise
            return present

    async def fetch(self, reference: str) -> Intent:
        """The present state. Raises ProviderDeclinedError `resource_missing`, OutcomeUnknownError."""
        return await self._intents.fetch(reference)

    async def find(self, payment_id: UUID) -> Intent | None:
        """The intent, session or invoice made for our payment, if any was."""
        return await self._intents.find(payment_id) or await self.find_invoice(payment_id)

    async def refund(
        self, reference: str, *, refund_id: UUID, amount_minor: int, currency: str, key: str
    ) -> ProviderRefund:
        """Give back. Raises ProviderDeclinedError (`charge_already_refunded`, `charge_disputed`, …)."""
        parameters = {
            "payment_intent": await self._intents.payment_intent(reference),
            "amount": to_stripe(amount_minor, currency),
            "metadata": {REFUND: str(refund_id)},
        }
        refund: ProviderRefund = read(to_refund, await self._line.post("/v1/refunds", parameters, key=key))
        return refund

    async def find_refund(self, reference: str, refund_id: UUID) -> ProviderRefund | None:
        """The refund made for our refund, if it was made."""
        query = {"payment_intent": await self._intents.payment_intent(reference)}
        async for body in self._line.pages("/v1/refunds", query):
            if (body.get("metadata") or {}).get(REFUND) == str(refund_id):
                found: ProviderRefund = read(to_refund, body)
                return found
        return None

    async def fetch_fee(self, booking: str) -> ProviderFee:
        """Stripe's fee of a charge, by its balance transaction (`txn_…`); in the currency of our account there."""
        return read(to_fee, await self._line.get(f"/v1/balance_transactions/{quote(booking, safe='')}"))

    async def events_since(self, since: datetime) -> list[ProviderEvent]:
        """Every event since then and a minute before, oldest first. Stripe keeps them for 30 days."""
        query = {"created": {"gte": int((since - _OVERLAP).timestamp())}}
        found = [self._understood(body) async for body in self._line.pages("/v1/events", query)]
        return found[::-1]

    async def records(self, since: datetime | None = None) -> AsyncIterator[ProviderRecord]:
        """Every charge that collected, every refund, dispute and transfer since then."""
        created = {} if since is None else {"created": {"gte": int(since.timestamp())}}
        for path, expand in (
            ("/v1/charges", []),
            ("/v1/refunds", ["data.payment_intent", "data.charge"]),
            ("/v1/disputes", ["data.payment_intent"]),
        ):
            query = {**created, **({"expand": expand} if expand else {})}
            # Stripe lists the newest first; the core wants them in the order in which they happened.
            found = [read(to_record, body) async for body in self._line.pages(path, query) if _counts(body)]
            for one in reversed(found):
                yield one
        sent = [read(to_transfer_record, body) async for body in self._line.pages("/v1/transfers", created)]
        for one in reversed(sent):
            yield one

    def verify(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProviderEvent:
        """Check who signed these bytes, and when, then translate them. A genuine event that cannot be understood is
        taken as well: it is stored, and a person sees that it could not be processed.
        """
        header = headers.get(HEADER.lower()) or headers.get(HEADER)
        at_s = signed_at(self._secrets, header, body)
        if at_s is None:
            raise InvalidSignatureError
        if abs(now.timestamp() - at_s) > self._tolerance_s:
            raise TimestampOutOfToleranceError
        try:
            return self._understood(json.loads(body))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidSignatureError("The event cannot be read.") from error

    def parse(self, body: bytes) -> ProviderEvent:
        """Translate a body that was verified when it came in. Raises KeyError, TypeError or ValueError for one that
        cannot be understood.
        """
        return to_event(json.loads(body))

    @staticmethod
    def _understood(body: Mapping[str, Any]) -> ProviderEvent:
        try:
            return to_event(body)
        except (KeyError, ValueError, TypeError, AttributeError):
            return ProviderEvent(kind="other", **envelope(body))


def _counts(body: Mapping[str, Any]) -> bool:
    """A charge counts when it collected, a refund when it gives back what was collected, a dispute always."""
    if body["object"] == "charge":
        return bool(body["status"] == "succeeded" and body["captured"])
    charge = body.get("charge")
    if body["object"] == "refund" and isinstance(charge, Mapping) and body.get("balance_transaction") is None:
        return bool(charge["captured"] and charge["amount"] - charge["amount_captured"] != body["amount"])
    return True
