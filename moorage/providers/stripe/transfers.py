"""Payees and transfers by Stripe Connect: express accounts, separate charges and transfers.

A transfer's group is our transfer's id, so that one whose answer was lost is found exactly.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from moorage.domains.payments.facets import PayeeAccount, PayeeRequest, ProviderTransfer, TransferRequest
from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.providers.stripe.amounts import from_stripe, to_stripe
from moorage.providers.stripe.client import Body, StripeFacet, read
from moorage.providers.stripe.translate import TRANSFER, id_of

_ACCOUNTS: Final = "/v1/accounts"
_TRANSFERS: Final = "/v1/transfers"
_PRACTITIONER: Final = "moorage_practitioner"
# Stripe's words for two refusals that the core knows by its own.
_REFUSALS: Final[Mapping[str, str]] = {
    "balance_insufficient": "insufficient_funds",
    "insufficient_capabilities_for_transfer": "payee_not_ready",
    "account_invalid": "payee_not_ready",
}


class StripeTransfers(StripeFacet):
    """TransferGateway."""

    async def create_payee(self, request: PayeeRequest, *, key: str) -> PayeeAccount:
        """An express account that may receive transfers once the payee has told Stripe what it wants to know."""
        parameters = {
            "type": "express",
            "country": request.country,
            "email": request.email,
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {_PRACTITIONER: str(request.practitioner_id)},
        }
        return read(_to_payee, await self._line.post(_ACCOUNTS, parameters, key=key))

    async def payee_link(self, payee: str, *, return_url: str, refresh_url: str) -> str:
        """Stripe's onboarding page; the address is good once, for some minutes."""
        parameters = {
            "account": payee,
            "return_url": return_url,
            "refresh_url": refresh_url,
            "type": "account_onboarding",
        }
        return read(lambda body: str(body["url"]), await self._line.post("/v1/account_links", parameters, key=None))

    async def fetch_payee(self, payee: str) -> PayeeAccount:
        """The present state. Raises ProviderDeclinedError `resource_missing`."""
        return read(_to_payee, await self._line.get(f"{_ACCOUNTS}/{quote(payee, safe='')}"))

    async def transfer(self, request: TransferRequest, *, key: str) -> ProviderTransfer:
        """Send. Raises ProviderDeclinedError `insufficient_funds`, `payee_not_ready`, or Stripe's own code."""
        parameters = {
            "amount": to_stripe(request.amount_minor, request.currency),
            "currency": request.currency.lower(),
            "destination": request.payee,
            "transfer_group": str(request.transfer_id),
            "metadata": {TRANSFER: str(request.transfer_id)},
            **({"description": request.description} if request.description else {}),
        }
        try:
            return read(_to_transfer, await self._line.post(_TRANSFERS, parameters, key=key))
        except ProviderDeclinedError as error:
            code = str(error.facts["failure_code"])
            raise ProviderDeclinedError(str(error), failure_code=_REFUSALS.get(code, code)) from error

    async def find_transfer(self, transfer_id: UUID) -> ProviderTransfer | None:
        """The transfer made for ours, if it was made."""
        async for body in self._line.pages(_TRANSFERS, {"transfer_group": str(transfer_id)}):
            return read(_to_transfer, body)
        return None

    async def reverse_transfer(self, reference: str, *, amount_minor: int, currency: str, key: str) -> ProviderTransfer:
        """Take back. Raises ProviderDeclinedError when more is asked than is left, or the payee has spent it."""
        path = f"{_TRANSFERS}/{quote(reference, safe='')}"
        await self._line.post(f"{path}/reversals", {"amount": to_stripe(amount_minor, currency)}, key=key)
        return read(_to_transfer, await self._line.get(path))


def _to_payee(body: Body | Mapping[str, Any]) -> PayeeAccount:
    active = (body.get("capabilities") or {}).get("transfers") == "active"
    return PayeeAccount(
        reference=body["id"],
        can_be_paid=bool(active and body.get("payouts_enabled")),
        details_submitted=bool(body.get("details_submitted")),
        missing=tuple((body.get("requirements") or {}).get("currently_due") or ()),
        raw=body,
    )


def _to_transfer(body: Mapping[str, Any]) -> ProviderTransfer:
    return ProviderTransfer(
        reference=body["id"],
        status="succeeded",
        amount_minor=from_stripe(body["amount"], body["currency"]),
        currency=body["currency"].upper(),
        reversed_minor=from_stripe(body.get("amount_reversed") or 0, body["currency"]),
        payee=id_of(body.get("destination")),
        raw=body,
    )
