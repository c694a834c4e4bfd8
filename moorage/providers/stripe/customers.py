"""Customers at Stripe, and the portal on which they see their payments and keep their methods."""

from collections.abc import Mapping
from typing import Any

from moorage.domains.payments.facets import CustomerRequest, ProviderCustomer
from moorage.providers.stripe.client import StripeFacet, read
from moorage.providers.stripe.translate import USER, uuid_of


class StripeCustomers(StripeFacet):
    """CustomerGateway and PortalGateway."""

    async def create_customer(self, request: CustomerRequest, *, key: str) -> ProviderCustomer:
        """Make the customer, once per `key`."""
        told = {"email": request.email, "name": request.name}
        parameters: dict[str, Any] = {name: text for name, text in told.items() if text}
        if request.user_id is not None:
            parameters["metadata"] = {USER: str(request.user_id)}
        return read(_to_customer, await self._line.post("/v1/customers", parameters, key=key))

    async def open_portal(self, customer: str, *, return_url: str | None) -> str:
        """A portal session's address. Raises ProviderDeclinedError, also where no portal is set up at Stripe."""
        parameters = {"customer": customer, **({"return_url": return_url} if return_url else {})}
        # Every session is another: nothing is made twice by asking again.
        answer = await self._line.post("/v1/billing_portal/sessions", parameters, key=None)
        return read(lambda body: str(body["url"]), answer)


def _to_customer(body: Mapping[str, Any]) -> ProviderCustomer:
    return ProviderCustomer(body["id"], uuid_of(body.get("metadata"), USER), body.get("email"), body)
