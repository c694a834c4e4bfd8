"""Disputes: what Square says of one, and what we say to it."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from square import AsyncSquare

from moorage.domains.payments.facets import DisputeState, Evidence
from moorage.providers.square.client import ONCE, answer
from moorage.providers.square.translate import DISPUTE_STATUSES, Body, moment, read

# The core's names of evidence, as Square sorts it; what is of one kind is said in one piece.
_KINDS: Final = {
    "CARDHOLDER_INFORMATION": ("customer_name", "customer_email"),
    "PRODUCT_OR_SERVICE_DESCRIPTION": ("product_description",),
    "SERVICE_RECEIVED_DOCUMENTATION": ("service_date", "service_documentation"),
    "CANCELLATION_OR_REFUND_DOCUMENTATION": ("cancellation_policy", "refund_policy"),
    "REBUTTAL_EXPLANATION": ("note",),
}
_TEXT_CHARS: Final = 500
_KEY_CHARS: Final = 45


class SquareEvidence:
    """EvidenceGateway, over the connection of whoever inherits it."""

    _square: AsyncSquare

    async def fetch_dispute(self, reference: str) -> DisputeState:
        """The present state. Raises ProviderDeclinedError `resource_missing`."""
        body = (await answer(self._square.disputes.get(reference, request_options=ONCE)))["dispute"]
        payment_id = read(lambda told: str(told["disputed_payment"]["payment_id"]), body)
        payment = (await answer(self._square.payments.get(payment_id, request_options=ONCE)))["payment"]
        return read(_to_dispute, body, payment)

    async def submit_evidence(self, reference: str, evidence: Evidence, *, submit: bool, key: str) -> DisputeState:
        """Keep evidence with the dispute, piece by piece: the same piece once, whatever was said before stays. `submit`
        hands in all that is kept. Raises ProviderDeclinedError when it was handed in, or is decided.
        """
        del key  # what a piece says is its key, so that it is the same as a draft and when it is handed in
        for kind, text in _pieces(evidence):
            told = self._square.disputes.create_evidence_text(
                reference,
                idempotency_key=hashlib.sha256(f"{reference}:{kind}:{text}".encode()).hexdigest()[:_KEY_CHARS],
                evidence_type=kind,
                evidence_text=text,
                request_options=ONCE,
            )
            await answer(told)
        if submit:
            await answer(self._square.disputes.submit_evidence(reference, request_options=ONCE))
        return await self.fetch_dispute(reference)

    async def accept_dispute(self, reference: str, *, key: str) -> DisputeState:
        """Give in. Raises ProviderDeclinedError when it is decided."""
        del key  # accepting twice is accepting
        await answer(self._square.disputes.accept(reference, request_options=ONCE))
        return await self.fetch_dispute(reference)


def _pieces(evidence: Evidence) -> Iterator[tuple[Any, str]]:
    """(kind, text) of at most 500 characters; what is longer goes on as evidence of the general kind."""
    for kind, names in _KINDS.items():
        said = "\n".join(text for text in (getattr(evidence, name) for name in names) if text)
        for at in range(0, len(said), _TEXT_CHARS):
            yield (kind if at == 0 else "GENERIC_EVIDENCE"), said[at : at + _TEXT_CHARS]


def _to_dispute(body: Body, payment: Body) -> DisputeState:
    due = body.get("due_at")
    return DisputeState(
        reference=body["id"],
        payment_reference=payment.get("order_id"),
        status=DISPUTE_STATUSES[body["state"]],
        reason=str(body.get("reason", "")).lower(),
        amount_minor=body["amount_money"]["amount"],
        currency=body["amount_money"]["currency"],
        evidence_due_at=moment(due) if due else None,
        raw=body,
    )
