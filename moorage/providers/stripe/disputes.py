"""Disputes: what Stripe says of one, and what we say to it."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from moorage.domains.payments.facets import DisputeState, Evidence
from moorage.providers.stripe.amounts import from_stripe
from moorage.providers.stripe.client import StripeFacet, read
from moorage.providers.stripe.translate import dispute_status, id_of, moment

# The core's names of evidence as Stripe's fields that take text; files are not sent.
_FIELDS: Final[Mapping[str, str]] = {
    "customer_name": "customer_name",
    "customer_email": "customer_email_address",
    "product_description": "product_description",
    "service_date": "service_date",
    "service_documentation": "access_activity_log",
    "cancellation_policy": "cancellation_policy_disclosure",
    "refund_policy": "refund_policy_disclosure",
    "note": "uncategorized_text",
}
_MAX_CHARS: Final = 20_000


class StripeEvidence(StripeFacet):
    """EvidenceGateway."""

    async def fetch_dispute(self, reference: str) -> DisputeState:
        """The present state. Raises ProviderDeclinedError `resource_missing`."""
        return read(_to_dispute, await self._line.get(_path(reference)))

    async def submit_evidence(self, reference: str, evidence: Evidence, *, submit: bool, key: str) -> DisputeState:
        """Keep evidence with the dispute, or hand it in. Raises ProviderDeclinedError when it is decided."""
        told = {there: getattr(evidence, here) for here, there in _FIELDS.items()}
        texts = {name: str(text)[:_MAX_CHARS] for name, text in told.items() if text}
        return read(
            _to_dispute, await self._line.post(_path(reference), {"evidence": texts, "submit": submit}, key=key)
        )

    async def accept_dispute(self, reference: str, *, key: str) -> DisputeState:
        """Give in. Raises ProviderDeclinedError when it is decided."""
        return read(_to_dispute, await self._line.post(f"{_path(reference)}/close", {}, key=key))


def _to_dispute(body: Mapping[str, Any]) -> DisputeState:
    return DisputeState(
        reference=body["id"],
        payment_reference=id_of(body.get("payment_intent")),
        status=dispute_status(body),
        reason=body["reason"],
        amount_minor=from_stripe(body["amount"], body["currency"]),
        currency=body["currency"].upper(),
        evidence_due_at=moment((body.get("evidence_details") or {}).get("due_by")),
        raw=body,
    )


def _path(reference: str) -> str:
    return f"/v1/disputes/{quote(reference, safe='')}"
