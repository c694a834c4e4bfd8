"""Disputes: what PayPal says of one, and what we say to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from moorage.domains.payments.facets import DisputeState, Evidence
from moorage.domains.payments.gateway import NotSupportedByProviderError
from moorage.providers.paypal.amounts import minor_of
from moorage.providers.paypal.events import dispute_status
from moorage.providers.paypal.http import Paypal, read
from moorage.providers.paypal.lists import order_of_capture
from moorage.providers.paypal.translate import Body

# What is said goes into notes of the general kind: the others want documents or tracking numbers.
_TITLES: Final[Mapping[str, str]] = {
    "customer_name": "Customer",
    "customer_email": "Customer's email",
    "product_description": "What was sold",
    "service_date": "When it was delivered",
    "service_documentation": "How it was delivered",
    "cancellation_policy": "Cancellation policy",
    "refund_policy": "Refund policy",
    "note": "Note",
}
_NOTES_CHARS: Final = 2_000


class PaypalEvidence:
    """EvidenceGateway, over the connection of whoever inherits it."""

    _paypal: Paypal

    async def fetch_dispute(self, reference: str) -> DisputeState:
        """The present state. Raises ProviderDeclinedError `invalid_resource_id`."""
        body = await self._paypal.call("GET", _path(reference))
        capture = read(lambda told: str(told["disputed_transactions"][0]["seller_transaction_id"]), body)
        order, _ = await order_of_capture(self._paypal, capture)
        return read(lambda told: _to_dispute(told, order), body)

    async def submit_evidence(self, reference: str, evidence: Evidence, *, submit: bool, key: str) -> DisputeState:
        """Hand evidence in. Raises NotSupportedByProviderError for evidence that is only to be kept, and
        ProviderDeclinedError when the dispute is decided.
        """
        if not submit:
            raise NotSupportedByProviderError("PayPal takes evidence when it is handed in, and keeps none before.")
        said = {title: getattr(evidence, name) for name, title in _TITLES.items()}
        notes = "\n".join(f"{title}: {text}" for title, text in said.items() if text)
        form = {"evidences": [{"evidence_type": "OTHER", "notes": notes[:_NOTES_CHARS] or "See the transaction."}]}
        await self._paypal.call("POST", f"{_path(reference)}/provide-evidence", form=form, key=key)
        return await self.fetch_dispute(reference)

    async def accept_dispute(self, reference: str, *, key: str) -> DisputeState:
        """Give in: the buyer gets the money. Raises ProviderDeclinedError when it is decided."""
        form = {"note": "Refunded in full.", "accept_claim_type": "REFUND"}
        await self._paypal.call("POST", f"{_path(reference)}/accept-claim", form=form, key=key)
        return await self.fetch_dispute(reference)


def _to_dispute(body: Body, order: str) -> DisputeState:
    due = body.get("seller_response_due_date")
    status: Any = dispute_status(body)
    return DisputeState(
        reference=body["dispute_id"],
        payment_reference=order,
        status=status,
        reason=str(body.get("reason", "")).lower(),
        amount_minor=minor_of(body["dispute_amount"]),
        currency=body["dispute_amount"]["currency_code"],
        evidence_due_at=None if due is None else datetime.fromisoformat(due),
        raw=body,
    )


def _path(reference: str) -> str:
    return f"/v1/customer/disputes/{quote(reference, safe='')}"
