"""What we say to a dispute goes to the provider that decides it; what it makes of that comes back as any event does."""

import hashlib
import json
from dataclasses import asdict
from typing import cast
from uuid import UUID

from moorage.domains.payments.facets import Evidence, EvidenceGateway
from moorage.domains.payments.gateway import NotSupportedByProviderError
from moorage.domains.payments.listed import DisputeRow, dispute
from moorage.journeys.house import House
from moorage.kernel.db import Actor
from moorage.kernel.errors import InvalidStateError, NotFoundError


async def answer_dispute(
    house: House, actor: Actor, dispute_id: UUID, evidence: Evidence, *, submit: bool
) -> DisputeRow:
    """Keep evidence with a dispute, and hand it in with `submit`. The same evidence again is the same call. Raises
    NotFoundError, InvalidStateError (decided), NotSupportedByProviderError, OutcomeUnknownError, ProviderDeclinedError.
    """
    row, gateway = await _undecided(house, actor, dispute_id)
    said = json.dumps({**asdict(evidence), "submit": submit}, sort_keys=True)
    key = f"evidence:{dispute_id}:{hashlib.sha256(said.encode()).hexdigest()[:32]}"
    await gateway.submit_evidence(row.provider_ref, evidence, submit=submit, key=key)
    return row


async def accept_dispute(house: House, actor: Actor, dispute_id: UUID) -> DisputeRow:
    """Give in, which cannot be taken back: the provider decides it as lost, and says so in an event. Raises
    NotFoundError, InvalidStateError (decided), NotSupportedByProviderError, OutcomeUnknownError, ProviderDeclinedError.
    """
    row, gateway = await _undecided(house, actor, dispute_id)
    await gateway.accept_dispute(row.provider_ref, key=f"accept:{dispute_id}")
    return row


async def _undecided(house: House, actor: Actor, dispute_id: UUID) -> tuple[DisputeRow, EvidenceGateway]:
    async with house.database.reading(actor) as db:
        row = await dispute(db, dispute_id)
    if row is None:
        raise NotFoundError("There is no such dispute.")
    if row.closed_at is not None:
        raise InvalidStateError(f"This dispute is {row.status}.")
    gateway = house.gateways.get(row.provider)
    if gateway is None or not gateway.capabilities.evidence:
        raise NotSupportedByProviderError("This provider is not answered from here: use its own page.")
    return row, cast("EvidenceGateway", gateway)
